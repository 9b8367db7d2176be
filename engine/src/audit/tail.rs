//! The end of a log's file: its last record, and what lies torn behind it.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use super::chain::{BEGINNING, Link, Torn, link, verified};
use super::error::{AuditError, AuditErrorKind};

/// Bytes that are read where a file ends as it should: what binds a record is shorter.
const USUAL: u64 = 512;
/// Bytes in which a record is looked for behind which the file is torn.
pub(super) const MOST: u64 = 16 * 1024 * 1024;

/// What a file ends with.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tail {
    /// Its last record; none if there is only what is torn.
    pub(super) last: Option<Link>,
    pub(super) torn: Option<Torn>,
    /// Whether the last line has no break.
    pub(super) is_open: bool,
}

/// Reads the end of a file of so many bytes, of which there is at least one.
pub(super) fn read(file: &mut File, path: &Path, length: u64) -> Result<Tail, AuditError> {
    let unread = |error: io::Error| AuditError::disk(path, "read", &error);
    let usual = last_bytes(file, length, USUAL).map_err(unread)?;
    if let Some(last) = whole(&usual) {
        return Ok(Tail {
            last: Some(last),
            torn: None,
            is_open: false,
        });
    }
    let more = last_bytes(file, length, MOST).map_err(unread)?;
    torn(&more, length <= MOST).ok_or_else(|| {
        AuditError::new(
            AuditErrorKind::NoLog,
            path,
            "the file does not end with a record of an audit log",
            "look at what is in it, move it away, and let the next decision begin another",
        )
    })
}

fn last_bytes(file: &mut File, length: u64, most: u64) -> io::Result<Vec<u8>> {
    let count = length.min(most);
    file.seek(SeekFrom::Start(length - count))?;
    let mut bytes = Vec::new();
    file.take(count).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The last record, if the file ends with it and a break.
fn whole(bytes: &[u8]) -> Option<Link> {
    let text = String::from_utf8_lossy(bytes.strip_suffix(b"\n")?);
    link(&text)
}

/// The last record that is whole, and what stands behind it. `is_all` says that the bytes are all of the file.
fn torn(bytes: &[u8], is_all: bool) -> Option<Tail> {
    let is_open = !bytes.ends_with(b"\n");
    let mut end = bytes.len();
    loop {
        let before = bytes.get(..end)?;
        let line = before.strip_suffix(b"\n").unwrap_or(before);
        let start = line
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |place| place + 1);
        if let Some(last) = verified(line.get(start..)?) {
            return Some(Tail {
                last: Some(last),
                torn: Some(Torn::of(bytes.get(end..)?)),
                is_open,
            });
        }
        if start == 0 {
            break;
        }
        end = start;
    }
    let is_log = bytes.starts_with(BEGINNING) || BEGINNING.starts_with(bytes);
    (is_all && is_log).then(|| Tail {
        last: None,
        torn: Some(Torn::of(bytes)),
        is_open,
    })
}
