//! What several tests need: managers whose clock stands still, and outputs that misbehave.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use llmspell_utils::debug::{
    DebugEntry, DebugLevel, DebugManager, DebugOutput, ManualClock, Timestamp,
};
use parking_lot::{Condvar, Mutex};

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

/// An output that writes nothing until it is let, and keeps what it wrote.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    open: Mutex<bool>,
    opened: Condvar,
    pub(crate) entered: AtomicUsize,
    pub(crate) messages: Mutex<Vec<String>>,
}

impl Gate {
    pub(crate) fn open(&self) {
        *self.open.lock() = true;
        self.opened.notify_all();
    }
}

impl DebugOutput for Gate {
    fn write(&self, entry: &DebugEntry) -> io::Result<()> {
        self.entered.fetch_add(1, Ordering::SeqCst);
        self.opened.wait_while(&mut self.open.lock(), |open| !*open);
        self.messages.lock().push(entry.message.clone());
        Ok(())
    }

    fn name(&self) -> &str {
        "gate"
    }
}

/// An output that fails as it is told to, and keeps what it wrote.
#[derive(Debug, Default)]
pub(crate) struct Moody {
    pub(crate) mood: Mutex<Option<io::ErrorKind>>,
    pub(crate) refused: AtomicUsize,
    pub(crate) messages: Mutex<Vec<String>>,
}

impl Moody {
    pub(crate) fn failing(kind: io::ErrorKind) -> Self {
        Self {
            mood: Mutex::new(Some(kind)),
            ..Self::default()
        }
    }

    pub(crate) fn set(&self, mood: Option<io::ErrorKind>) {
        *self.mood.lock() = mood;
    }

    pub(crate) fn written(&self) -> Vec<String> {
        self.messages.lock().clone()
    }
}

impl DebugOutput for Moody {
    fn write(&self, entry: &DebugEntry) -> io::Result<()> {
        if let Some(kind) = *self.mood.lock() {
            self.refused.fetch_add(1, Ordering::SeqCst);
            return Err(kind.into());
        }
        self.messages.lock().push(entry.message.clone());
        Ok(())
    }

    fn name(&self) -> &str {
        "moody"
    }
}

/// Waits until something holds; a minute is too long on any machine.
pub(crate) fn eventually(what: &str, holds: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < until, "never: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Which messages of a manager are about outputs.
pub(crate) fn reports(manager: &DebugManager) -> Vec<String> {
    let mut messages = messages(manager);
    messages.retain(|message| message.starts_with("output `"));
    messages
}
