//! What scripts print, on standard output and standard error.

use std::io::{self, ErrorKind, Write};

use llmspell_bridge::ScriptOutput;
use llmspell_utils::debug::DebugLevel;
use parking_lot::Mutex;

/// The two streams of the program, and the first line that could not be written.
#[derive(Debug, Default)]
pub(crate) struct Terminal {
    failed: Mutex<Option<io::Error>>,
}

impl Terminal {
    /// Writes out what is still held back.
    ///
    /// # Errors
    /// The first fault of all lines; a reader that went away is none.
    pub(crate) fn finish(&self) -> io::Result<()> {
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

impl ScriptOutput for Terminal {
    fn line(&self, level: DebugLevel, text: &str) {
        self.note(match level {
            DebugLevel::Error | DebugLevel::Warn => writeln!(io::stderr().lock(), "{text}"),
            _ => writeln!(io::stdout().lock(), "{text}"),
        });
    }
}
