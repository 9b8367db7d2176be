//! Whether a log is as it was written, and what is in it.

mod report;
mod walk;

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::time::Duration;

use serde_json::Value as Json;

use super::error::{AuditError, AuditErrorKind};
use super::lines::{Lines, opened};
use super::lock::Lock;
use super::volumes::{name_of, numbered, numbers};
use walk::Walk;

pub use report::{AuditFault, AuditReport, AuditTear};

/// How long is waited for programs that write.
const PATIENCE: Duration = Duration::from_secs(2);
/// The most records that are shown at once.
const MOST_SHOWN: usize = 100_000;

/// Verifies a log with all its files, the oldest first.
///
/// `expected` is the digest of a record that was the last one once: it must still be there. Without it nobody can see
/// that the newest records, or all of them, were cut off at the end of a line.
///
/// # Errors
///
/// When there is no log, or it cannot be read. What is wrong with the records is in the report.
pub fn verify_audit_log(file: &Path, expected: Option<&str>) -> Result<AuditReport, AuditError> {
    // Only the current file changes its name, so that nobody needs to wait while the others are read.
    let lock = Lock::to_read(file, PATIENCE)?;
    let numbers = aside(file)?;
    let current = match opened(file) {
        Err(error) if error.kind == AuditErrorKind::Missing && !numbers.is_empty() => None,
        current => Some(current?),
    };
    drop(lock);
    let mut walk = Walk::new(expected);
    for number in &numbers {
        let path = numbered(file, *number);
        let (opened, length) = opened(&path)?;
        let mut lines = Lines::of(opened, length);
        if !walk.file(&name_of(&path), Some(*number), &mut lines) {
            return Ok(walk.finish());
        }
    }
    match current {
        Some((opened, length)) if length > 0 => {
            walk.file(&name_of(file), None, &mut Lines::of(opened, length));
        }
        _ => walk.no_current(&name_of(file)),
    }
    Ok(walk.finish())
}

/// The newest records of a log, so many at most, the oldest of them first. A line that is no record is a text.
///
/// # Errors
///
/// When there is no log, or it cannot be read.
pub fn read_audit_log(file: &Path, last: usize) -> Result<Vec<Json>, AuditError> {
    let last = last.min(MOST_SHOWN);
    let mut numbers = aside(file)?;
    let mut found = VecDeque::new();
    let mut path = file.to_owned();
    loop {
        match opened(&path) {
            Ok((file, length)) => {
                let lines = newest(Lines::of(file, length), last - found.len());
                let lines = lines.map_err(|error| AuditError::disk(&path, "read", &error))?;
                for line in lines.into_iter().rev() {
                    found.push_front(line);
                }
            }
            Err(error) if error.kind == AuditErrorKind::Missing && !numbers.is_empty() => {}
            Err(error) => return Err(error),
        }
        match numbers.pop() {
            Some(number) if found.len() < last => path = numbered(file, number),
            _ => break,
        }
    }
    Ok(found.iter().map(|line| shown(line)).collect())
}

fn newest(mut lines: Lines, most: usize) -> io::Result<VecDeque<Vec<u8>>> {
    let mut kept = VecDeque::new();
    while let Some(line) = lines.next()? {
        kept.push_back(line);
        if kept.len() > most {
            kept.pop_front();
        }
    }
    Ok(kept)
}

fn shown(line: &[u8]) -> Json {
    serde_json::from_slice(line)
        .unwrap_or_else(|_| Json::String(String::from_utf8_lossy(line).trim_end().to_owned()))
}

fn aside(file: &Path) -> Result<Vec<u32>, AuditError> {
    let file = match file.parent() {
        Some(folder) if folder.as_os_str().is_empty() => Path::new(".").join(file),
        _ => file.to_owned(),
    };
    match numbers(&file) {
        // Whoever names a folder that is not there hears of the file.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        numbers => numbers.map_err(|error| AuditError::disk(&file, "read", &error)),
    }
}
