//! A file that is only ever appended to, in whole lines.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::system::{is_named_pipe, is_same_file};

/// A file that is only ever appended to, in whole lines.
///
/// A line that could be written only in part is ended before the next one begins.
#[derive(Debug)]
pub(super) struct LineFile {
    path: PathBuf,
    file: File,
    /// As it was when it was opened.
    metadata: Metadata,
    /// How long the file is, as far as we wrote to it.
    bytes: u64,
    /// Whether the file ends in the middle of a line.
    torn: bool,
}

impl LineFile {
    /// Opens a file at its end, or creates it.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        if is_named_pipe(path) {
            let message = "it is a named pipe, and nobody may wait for its reader";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let metadata = file.metadata()?;
        let bytes = metadata.len();
        let torn = bytes > 0 && !ends_with_line_break(path);
        Ok(Self {
            path: path.to_owned(),
            file,
            metadata,
            bytes,
            torn,
        })
    }

    /// Appends a line and its end.
    pub(super) fn write_line(&mut self, mut line: String) -> io::Result<()> {
        line.push('\n');
        if self.torn {
            line.insert(0, '\n');
        }
        let before = self.bytes;
        let outcome = self.write_all(line.as_bytes());
        self.torn = outcome.is_err() && ends_torn(self.torn, self.bytes - before);
        outcome
    }

    /// As `write_all` of the library, counting what arrives.
    fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.file.write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    self.bytes += count as u64;
                    bytes = bytes.get(count..).unwrap_or_default();
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Opens the file anew if its name is no longer its own, and says whether that was so: otherwise entries would go to
    /// a file that nobody looks at.
    pub(super) fn follow(&mut self) -> io::Result<bool> {
        let is_there = match fs::metadata(&self.path) {
            Ok(metadata) => is_same_file(&metadata, &self.metadata),
            Err(error) => error.kind() != io::ErrorKind::NotFound,
        };
        if !is_there {
            *self = Self::open(&self.path)?;
        }
        Ok(!is_there)
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }

    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// When the file was begun that was found when it was opened, as far as the system knows.
    pub(super) fn began(&self) -> Option<SystemTime> {
        let metadata = &self.metadata;
        (metadata.len() > 0).then_some(())?;
        metadata.created().or_else(|_| metadata.modified()).ok()
    }
}

/// Whether a file ends in the middle of a line after so many bytes of another line have arrived, but not all.
const fn ends_torn(was_torn: bool, arrived: u64) -> bool {
    match (was_torn, arrived) {
        (_, 0) => was_torn,
        // The end of the torn line comes first.
        (true, 1) => false,
        _ => true,
    }
}

/// Whether the last byte is a line break; a file that cannot be read is believed to end well.
fn ends_with_line_break(path: &Path) -> bool {
    let last = || -> io::Result<u8> {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::End(-1))?;
        let mut last = [0];
        file.read_exact(&mut last)?;
        Ok(last[0])
    };
    last().map_or(true, |last| last == b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_arrives_in_part_tears_the_file() {
        assert!(!ends_torn(false, 0), "nothing has changed");
        assert!(ends_torn(false, 1));
        assert!(ends_torn(true, 0), "nothing has changed");
        assert!(
            !ends_torn(true, 1),
            "only the end of the torn line has arrived"
        );
        assert!(ends_torn(true, 2));
    }
}
