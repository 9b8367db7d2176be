//! The output that hands each entry to several others.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::super::entry::DebugEntry;
use super::gap::Gap;
use super::{DebugOutput, OutputTrouble};

/// Hands each entry to every one of its outputs, also when one of them fails.
///
/// Each of them has its own count of losses, a word about them when it works again, and one report. An entry that two
/// of them lose is lost twice.
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
#[derive(Debug)]
pub struct FanOut {
    members: Vec<Member>,
    name: String,
}

#[derive(Debug)]
struct Member {
    output: Arc<dyn DebugOutput>,
    gap: Gap,
    reported: AtomicBool,
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
        let members = outputs.into_iter().map(Member::new).collect();
        Self { members, name }
    }

    /// Does something with every output, and puts what failed into one error.
    fn for_each(&self, act: impl Fn(&Member) -> io::Result<()>) -> io::Result<()> {
        let mut failures = Failures::default();
        for member in &self.members {
            if let Err(error) = act(member) {
                failures.add(member, &error);
            }
        }
        failures.outcome()
    }
}

impl Member {
    fn new(output: Arc<dyn DebugOutput>) -> Self {
        Self {
            output,
            gap: Gap::default(),
            reported: AtomicBool::new(false),
        }
    }

    /// Whether somebody heard before why this output fails.
    fn is_known(&self, error: &io::Error) -> bool {
        match OutputTrouble::of(error) {
            Some(trouble) => trouble.is_known(),
            None => self.reported.swap(true, Ordering::Relaxed),
        }
    }
}

/// What failed in one call; nothing is built as long as nothing did.
#[derive(Debug, Default)]
struct Failures {
    lost: u64,
    new: Vec<String>,
    known: Vec<String>,
}

impl Failures {
    #[cold]
    fn add(&mut self, member: &Member, error: &io::Error) {
        self.lost += OutputTrouble::of(error).map_or(1, OutputTrouble::lost);
        let message = format!("{}: {error}", member.output.name());
        if member.is_known(error) {
            self.known.push(message);
        } else {
            self.new.push(message);
        }
    }

    fn outcome(self) -> io::Result<()> {
        let known = self.new.is_empty();
        let messages = if known { self.known } else { self.new };
        if messages.is_empty() {
            return Ok(());
        }
        Err(OutputTrouble::new(self.lost, messages.join("; "))
            .known(known)
            .into())
    }
}

impl DebugOutput for FanOut {
    fn write(&self, entry: &DebugEntry) -> io::Result<()> {
        self.for_each(|member| member.gap.write(member.output.as_ref(), entry))
    }

    fn flush(&self) -> io::Result<()> {
        self.for_each(|member| member.output.flush())
    }

    /// Closes those that nobody else holds.
    fn close(&mut self) -> io::Result<()> {
        let mut failures = Failures::default();
        for member in &mut self.members {
            let closed = Arc::get_mut(&mut member.output).map(|output| output.close());
            if let Some(Err(error)) = closed {
                failures.add(member, &error);
            }
        }
        failures.outcome()
    }

    fn name(&self) -> &str {
        &self.name
    }
}
