//! The lines of one file of a log, one after the other.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Take};
use std::path::Path;

use super::error::{AuditError, AuditErrorKind};
use super::tail;

/// The lines of a file; each has its break, but for the last that may lack it.
#[derive(Debug)]
pub(super) struct Lines {
    reader: Take<BufReader<File>>,
    /// How many were read.
    pub(super) number: u64,
}

impl Lines {
    /// Those of the first so many bytes.
    pub(super) fn of(file: File, length: u64) -> Self {
        Self {
            reader: BufReader::with_capacity(64 * 1024, file).take(length),
            number: 0,
        }
    }

    /// The next line; none at the end.
    ///
    /// # Errors
    ///
    /// When the disk refuses, or a line is longer than any record.
    pub(super) fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        let count = (&mut self.reader)
            .take(tail::MOST)
            .read_until(b'\n', &mut line)?;
        if count as u64 == tail::MOST && !line.ends_with(b"\n") {
            let message = "a line is longer than any record";
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        self.number += u64::from(count > 0);
        Ok((count > 0).then_some(line))
    }
}

/// A file of a log to look at, whosever it is.
pub(super) fn opened(path: &Path) -> Result<(File, u64), AuditError> {
    let unread = |error: &io::Error| match error.kind() {
        io::ErrorKind::NotFound => AuditError::new(
            AuditErrorKind::Missing,
            path,
            "there is no such audit log",
            "name the file, or set `[audit] file` in `llmspell.toml` and let a decision be made",
        ),
        _ => AuditError::disk(path, "read", error),
    };
    let metadata = path.metadata().map_err(|error| unread(&error))?;
    if !metadata.is_file() {
        return Err(AuditError::new(
            AuditErrorKind::NoLog,
            path,
            "the audit log is not a regular file",
            "name the file of the log",
        ));
    }
    let file = File::open(path).map_err(|error| unread(&error))?;
    let length = file.metadata().map_err(|error| unread(&error))?.len();
    Ok((file, length))
}
