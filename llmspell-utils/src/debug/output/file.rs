//! The output to a file, one line an entry.

use std::io;
use std::path::Path;

use parking_lot::Mutex;

use super::super::entry::DebugEntry;
use super::super::format::{EntryFormat, FormatKind};
use super::DebugOutput;
use super::line_file::LineFile;

/// Appends each entry as one line to a file.
///
/// An entry is in the operating system's hands when `write` returns: a crash of the program loses none. A file that
/// somebody moves away, replaces or removes is opened anew with the next entry.
#[derive(Debug)]
pub struct FileOutput {
    file: Mutex<LineFile>,
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
        Ok(Self {
            file: Mutex::new(LineFile::open(path)?),
            format,
            name: format!("file:{}", path.display()),
        })
    }
}

impl DebugOutput for FileOutput {
    fn write(&self, entry: &DebugEntry) -> io::Result<()> {
        let line = self.format.line(entry);
        let mut file = self.file.lock();
        file.follow()?;
        file.write_line(line)
    }

    fn flush(&self) -> io::Result<()> {
        self.file.lock().flush()
    }

    fn name(&self) -> &str {
        &self.name
    }
}
