//! The output to standard error, in colour on a terminal.

use std::ffi::OsStr;
use std::io::{self, IsTerminal as _, Write as _};

use super::super::entry::DebugEntry;
use super::super::format::{EntryFormat, FormatKind, TextFormat};
use super::DebugOutput;

/// Writes each entry as one line to standard error.
///
/// Text is in colour if standard error is a terminal and the variable `NO_COLOR` is unset or empty.
#[derive(Debug)]
pub struct ConsoleOutput {
    format: Box<dyn EntryFormat>,
}

impl ConsoleOutput {
    /// Standard error in this format.
    #[must_use]
    pub fn new(format: FormatKind) -> Self {
        let no_color = std::env::var_os("NO_COLOR");
        match format {
            FormatKind::Text
                if colour_is_welcome(io::stderr().is_terminal(), no_color.as_deref()) =>
            {
                Self::with_format(Box::new(TextFormat::coloured()))
            }
            format => Self::with_format(format.format()),
        }
    }

    /// Standard error in a format of one's own.
    #[must_use]
    pub fn with_format(format: Box<dyn EntryFormat>) -> Self {
        Self { format }
    }
}

impl Default for ConsoleOutput {
    fn default() -> Self {
        Self::new(FormatKind::Text)
    }
}

impl DebugOutput for ConsoleOutput {
    fn write(&self, entry: &DebugEntry) -> io::Result<()> {
        let mut line = self.format.line(entry);
        line.push('\n');
        // Standard error is locked for the whole line, so that lines of several threads do not mix.
        io::stderr().lock().write_all(line.as_bytes())
    }

    fn flush(&self) -> io::Result<()> {
        io::stderr().lock().flush()
    }

    fn name(&self) -> &str {
        "console"
    }
}

fn colour_is_welcome(terminal: bool, no_color: Option<&OsStr>) -> bool {
    terminal && no_color.is_none_or(OsStr::is_empty)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_needs_a_terminal_and_nobody_who_objects() {
        assert!(colour_is_welcome(true, None));
        assert!(colour_is_welcome(true, Some(OsStr::new(""))));
        assert!(!colour_is_welcome(true, Some(OsStr::new("1"))));
        assert!(!colour_is_welcome(false, None));
    }
}
