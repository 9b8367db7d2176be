//! Where the lines go that a script prints.

use std::io::{self, ErrorKind, Write};

use llmspell_utils::debug::DebugLevel;
use parking_lot::Mutex;

use crate::debug_bridge::DebugBridge;

/// Takes the lines of `print` and `console.*`.
///
/// `print` and `console.log` come at level `Info`, `console.debug`, `console.warn` and
/// `console.error` at theirs. A line has no line break at its end.
pub trait ScriptOutput: Send + Sync {
    /// Takes one line.
    fn line(&self, level: DebugLevel, text: &str);
}

/// Standard output for what a script says, standard error for its warnings and errors.
#[derive(Debug, Default)]
pub struct StandardStreams {
    failed: Mutex<Option<io::Error>>,
}

impl StandardStreams {
    /// Writes out what is still held back.
    ///
    /// # Errors
    /// The first fault of all lines; a reader that went away is none.
    pub fn finish(&self) -> io::Result<()> {
        self.note(io::stdout().lock().flush());
        match self.failed.lock().take() {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    fn note(&self, written: io::Result<()>) {
        if let Err(error) = written
            && error.kind() != ErrorKind::BrokenPipe
        {
            self.failed.lock().get_or_insert(error);
        }
    }
}

impl ScriptOutput for StandardStreams {
    fn line(&self, level: DebugLevel, text: &str) {
        self.note(match level {
            DebugLevel::Error | DebugLevel::Warn => writeln!(io::stderr().lock(), "{text}"),
            _ => writeln!(io::stdout().lock(), "{text}"),
        });
    }
}

/// Debug entries of the module `script`, so that filters and outputs apply to what scripts print.
#[derive(Debug, Clone)]
pub struct DebugEntries(pub DebugBridge);

impl ScriptOutput for DebugEntries {
    fn line(&self, level: DebugLevel, text: &str) {
        self.0.manager().log(level, Some("script"), text);
    }
}

/// Keeps the lines in memory, up to a number of bytes, counting what a line takes beside its text; what comes after that is counted, not kept.
#[derive(Debug)]
pub struct KeptLines {
    kept: Mutex<Kept>,
    most: usize,
}

#[derive(Debug, Default)]
struct Kept {
    lines: Vec<String>,
    bytes: usize,
    lost: usize,
}

impl KeptLines {
    /// Keeps up to `most` bytes.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self {
            kept: Mutex::new(Kept::default()),
            most,
        }
    }

    /// The lines so far.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.kept.lock().lines.clone()
    }

    /// How many lines were not kept.
    #[must_use]
    pub fn lost(&self) -> usize {
        self.kept.lock().lost
    }
}

impl ScriptOutput for KeptLines {
    fn line(&self, _level: DebugLevel, text: &str) {
        let mut kept = self.kept.lock();
        let bytes = text.len() + size_of::<String>();
        if kept.bytes.saturating_add(bytes) > self.most {
            kept.lost += 1;
            return;
        }
        kept.bytes += bytes;
        kept.lines.push(text.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_lines_are_charged_for_too() {
        let kept = KeptLines::new(10 * size_of::<String>());
        for _ in 0..1000 {
            kept.line(DebugLevel::Info, "");
        }
        assert_eq!((kept.lines().len(), kept.lost()), (10, 990));
    }
}
