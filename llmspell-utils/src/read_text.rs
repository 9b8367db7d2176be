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
    read_open_text(open(path), most)
}

/// The same of a file that was opened, in a way that does not wait for whoever writes into a pipe.
///
/// # Errors
///
/// As of [`read_text`], and when it could not be opened.
pub fn read_open_text(opened: io::Result<File>, most: usize) -> Result<String, String> {
    let bytes = read_open_bytes(opened, most)?;
    String::from_utf8(bytes).map_err(|_| "is not UTF-8 text".to_owned())
}

/// Reads a regular file of at most so many bytes.
///
/// # Errors
///
/// When the file cannot be read, is larger, or is something else than a file: the error says which, and goes on after
/// the name of the file.
pub fn read_bytes(path: &Path, most: usize) -> Result<Vec<u8>, String> {
    read_open_bytes(open(path), most)
}

/// The same of a file that was opened, in a way that does not wait for whoever writes into a pipe.
///
/// # Errors
///
/// As of [`read_bytes`], and when it could not be opened.
pub fn read_open_bytes(opened: io::Result<File>, most: usize) -> Result<Vec<u8>, String> {
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => "cannot be read: there is no such file".to_owned(),
        kind => format!("cannot be read: {kind}"),
    };
    let mut file = opened.map_err(unreadable)?;
    let Some(length) = length(&file).map_err(unreadable)? else {
        return Err("is not a regular file".to_owned());
    };
    // The file may grow meanwhile, so its length is a hint and the limit is what holds.
    let expected = usize::try_from(length).unwrap_or(most).min(most);
    let mut bytes = vec![0; expected.saturating_add(1)];
    let read = fill(&mut file, &mut bytes).map_err(unreadable)?;
    bytes.truncate(read);
    if read > expected {
        let limit = u64::try_from(most - expected).unwrap_or(u64::MAX);
        let rest = file.take(limit).read_to_end(&mut bytes);
        rest.map_err(unreadable)?;
    }
    if bytes.len() > most {
        return Err(format!("is larger than {most} bytes"));
    }
    Ok(bytes)
}

/// Opens a file, and does not wait for whoever writes into a pipe.
#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    File::options().read(true).custom_flags(flags).open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// The length of a regular file; none of anything else.
#[cfg(unix)]
fn length(file: &File) -> io::Result<Option<u64>> {
    // The standard library asks for more, which takes longer.
    let status = rustix::fs::fstat(file)?;
    let is_file = rustix::fs::FileType::from_raw_mode(status.st_mode).is_file();
    Ok(is_file.then(|| u64::try_from(status.st_size).unwrap_or_default()))
}

#[cfg(not(unix))]
fn length(file: &File) -> io::Result<Option<u64>> {
    let metadata = file.metadata()?;
    Ok(metadata.is_file().then(|| metadata.len()))
}

/// Reads until the buffer is full or the file ends: for a file, one call and no more.
fn fill(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        let wanted = rest.len();
        match file.read(rest) {
            Ok(0) => break,
            Ok(read) => {
                filled += read;
                // Less than was wanted is the end of a file; the last byte is only there to see that it has grown.
                if read < wanted && filled + 1 == buffer.len() {
                    break;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_the_limit_is_read_and_one_byte_more_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for (length, most, expected) in [
            (0, 0, Ok(0)),
            (0, 9, Ok(0)),
            (9, 9, Ok(9)),
            (8, 9, Ok(8)),
            (10, 9, Err("is larger than 9 bytes")),
            (100_000, 9, Err("is larger than 9 bytes")),
        ] {
            std::fs::write(&path, vec![b'x'; length]).unwrap();
            let read = read_bytes(&path, most).map(|bytes| bytes.len());
            assert_eq!(read, expected.map_err(str::to_owned), "{length} of {most}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_says_that_it_is_empty_is_read_to_its_end_and_a_pipe_is_not_waited_for() {
        let status = read_bytes(Path::new("/proc/self/status"), 1 << 20);
        assert!(status.unwrap_or_default().starts_with(b"Name:"));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.unwrap().success());
        assert_eq!(
            read_bytes(&path, 9),
            Err("is not a regular file".to_owned())
        );
    }
}
