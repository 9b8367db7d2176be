//! Reading a file that somebody else may have put there.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// Reads a regular UTF-8 file of at most `most` bytes; a pipe or a device would never end.
///
/// # Errors
///
/// Why it cannot be read, as the end of a sentence that begins with the file.
///
/// ```
/// use std::path::Path;
/// use llmspell_utils::read_text;
///
/// let error = read_text(Path::new("/dev/zero"), 1024);
/// assert_eq!(error.unwrap_err(), "is not a regular file");
/// ```
pub fn read_text(path: &Path, most: usize) -> Result<String, String> {
    String::from_utf8(read_bytes(path, most)?).map_err(|_| "is not UTF-8 text".to_owned())
}

/// Reads a regular file of at most so many bytes.
///
/// # Errors
///
/// When the file cannot be read, is larger, or is something else than a file: the error says which, and goes on after
/// the name of the file.
pub fn read_bytes(path: &Path, most: usize) -> Result<Vec<u8>, String> {
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => "cannot be read: there is no such file".to_owned(),
        kind => format!("cannot be read: {kind}"),
    };
    let metadata = path.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        return Err("is not a regular file".to_owned());
    }
    // The file may grow meanwhile, so its length is a hint and the limit is what holds.
    let expected = usize::try_from(metadata.len()).unwrap_or(most).min(most);
    let mut bytes = Vec::with_capacity(expected.saturating_add(1));
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    File::open(path)
        .and_then(|file| file.take(limit).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    if bytes.len() > most {
        return Err(format!("is larger than {most} bytes"));
    }
    Ok(bytes)
}
