//! The output to a file, one line an entry.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use parking_lot::Mutex;

use super::super::entry::DebugEntry;
use super::super::format::{EntryFormat, FormatKind};
use super::DebugOutput;

/// Appends each entry as one line to a file.
///
/// An entry is in the operating system's hands when `write` returns: a crash of the program loses none.
#[derive(Debug)]
pub struct FileOutput {
    file: Mutex<File>,
    format: Box<dyn EntryFormat>,
    name: String,
}

impl FileOutput {
    /// Opens a file for appending, or creates it.
    ///
    /// # Errors
    ///
    /// What the operating system says, for instance that the directory does not exist.
    pub fn open(path: &Path, format: FormatKind) -> io::Result<Self> {
        Self::with_format(path, format.format())
    }

    /// Opens a file for appending, or creates it, with a format of one's own.
    ///
    /// # Errors
    ///
    /// What the operating system says, for instance that the directory does not exist.
    pub fn with_format(path: &Path, format: Box<dyn EntryFormat>) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Self {
            file: Mutex::new(file),
            format,
            name: format!("file:{}", path.display()),
        })
    }
}

impl DebugOutput for FileOutput {
    fn write(&self, entry: &DebugEntry) -> io::Result<()> {
        let mut line = self.format.line(entry);
        line.push('\n');
        self.file.lock().write_all(line.as_bytes())
    }

    fn flush(&self) -> io::Result<()> {
        self.file.lock().flush()
    }

    fn name(&self) -> &str {
        &self.name
    }
}
