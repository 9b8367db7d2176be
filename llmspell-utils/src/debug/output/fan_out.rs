//! The output that hands each entry to several others.

use std::io;
use std::sync::Arc;

use super::super::entry::DebugEntry;
use super::DebugOutput;

/// Hands each entry to every one of its outputs, also when one of them fails.
///
/// ```
/// use std::sync::Arc;
/// use llmspell_utils::debug::{BufferOutput, DebugLevel, DebugManager, FanOut};
///
/// let (one, two) = (Arc::new(BufferOutput::default()), Arc::new(BufferOutput::default()));
/// let manager = DebugManager::new();
/// manager.set_output(Arc::new(FanOut::new(vec![one.clone(), two.clone()])));
/// manager.log(DebugLevel::Info, None, "for both");
/// assert_eq!((one.len(), two.len()), (1, 1));
/// ```
#[derive(Debug, Clone)]
pub struct FanOut {
    outputs: Vec<Arc<dyn DebugOutput>>,
    name: String,
}

impl FanOut {
    /// An output that hands on to these, in this order.
    #[must_use]
    pub fn new(outputs: Vec<Arc<dyn DebugOutput>>) -> Self {
        let name = outputs
            .iter()
            .map(|output| output.name())
            .collect::<Vec<_>>()
            .join("+");
        Self { outputs, name }
    }

    /// Does something with every output and returns the first failure, with the name of who failed.
    fn for_each(&self, act: impl Fn(&dyn DebugOutput) -> io::Result<()>) -> io::Result<()> {
        let mut outcome = Ok(());
        for output in &self.outputs {
            let failure = act(output.as_ref()).map_err(|error| {
                io::Error::new(error.kind(), format!("{}: {error}", output.name()))
            });
            outcome = outcome.and(failure);
        }
        outcome
    }
}

impl DebugOutput for FanOut {
    fn write(&self, entry: &DebugEntry) -> io::Result<()> {
        self.for_each(|output| output.write(entry))
    }

    fn flush(&self) -> io::Result<()> {
        self.for_each(|output| output.flush())
    }

    fn name(&self) -> &str {
        &self.name
    }
}
