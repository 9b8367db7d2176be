//! The names of a log's files: the current one, and those that were put aside, with their numbers behind.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Names of a folder that are looked at; more are in none where a log lies.
const MAX_ENTRIES: usize = 100_000;

/// The file that was put aside as the log's so-manieth.
pub(super) fn numbered(log: &Path, volume: u32) -> PathBuf {
    let mut name = log.as_os_str().to_owned();
    name.push(format!(".{volume}"));
    name.into()
}

/// The file whose lock whoever writes holds.
pub(super) fn lock_of(log: &Path) -> PathBuf {
    let mut name = log.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

/// The name alone, as records and reports show it.
pub(super) fn name_of(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// The numbers of the files that were put aside, the oldest first.
pub(super) fn numbers(log: &Path) -> io::Result<Vec<u32>> {
    let name = name_of(log);
    let folder = log.parent().unwrap_or(Path::new("."));
    let mut numbers = Vec::new();
    for entry in fs::read_dir(folder)?.take(MAX_ENTRIES) {
        let found = entry?.file_name();
        let number: Option<u32> = found
            .to_str()
            .and_then(|found| found.strip_prefix(&name)?.strip_prefix('.'))
            .filter(|digits| !digits.starts_with(['0', '+']))
            .and_then(|digits| digits.parse().ok());
        numbers.extend(number);
    }
    numbers.sort_unstable();
    Ok(numbers)
}
