//! What several tests need: managers whose clock stands still, and outputs that misbehave.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use llmspell_utils::debug::{
    DebugEntry, DebugLevel, DebugManager, DebugOutput, ManualClock, Timestamp,
};

/// 2023-11-14T22:13:20Z.
pub(crate) fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(Timestamp::from_nanoseconds(
        1_700_000_000_000_000_000,
    )))
}

/// A manager whose clock stands still.
pub(crate) fn manager() -> DebugManager {
    DebugManager::with_clock(clock())
}

/// The messages that a manager has captured.
pub(crate) fn messages(manager: &DebugManager) -> Vec<String> {
    manager
        .captured(None)
        .into_iter()
        .map(|entry| entry.message)
        .collect()
}

/// Which of the modules may speak at info, in the order given.
pub(crate) fn speaking<'a>(manager: &DebugManager, modules: &[&'a str]) -> Vec<&'a str> {
    modules
        .iter()
        .copied()
        .filter(|module| manager.wants(DebugLevel::Info, Some(module)))
        .collect()
}

/// An output that refuses every entry.
#[derive(Debug)]
pub(crate) struct Refusing;

impl DebugOutput for Refusing {
    fn write(&self, _entry: &DebugEntry) -> io::Result<()> {
        Err(io::Error::other("the disk is full"))
    }

    fn flush(&self) -> io::Result<()> {
        Err(io::Error::other("the disk is full"))
    }

    fn name(&self) -> &str {
        "refusing"
    }
}

/// An output that logs to its own manager whenever it writes.
#[derive(Debug, Default)]
pub(crate) struct Talkative {
    pub(crate) manager: OnceLock<Arc<DebugManager>>,
    pub(crate) written: AtomicUsize,
}

impl DebugOutput for Talkative {
    fn write(&self, _entry: &DebugEntry) -> io::Result<()> {
        self.written.fetch_add(1, Ordering::Relaxed);
        if let Some(manager) = self.manager.get() {
            manager.log(DebugLevel::Info, None, "from inside");
        }
        Ok(())
    }

    fn name(&self) -> &str {
        "talkative"
    }
}
