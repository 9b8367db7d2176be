//! Files and directories that only their owner may read, written whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

#[cfg(not(unix))]
use other as mode;
#[cfg(unix)]
use unix as mode;

/// Makes a directory, and those above it, that only its owner may enter.
///
/// One that is there already is left as it is.
///
/// # Errors
///
/// When it cannot be made.
pub fn create_private_directory(path: &Path) -> io::Result<()> {
    mode::directory(path)
}

/// Writes a file that only its owner may read: whoever reads it finds the old content or the new, never a part.
///
/// # Errors
///
/// When it cannot be written; the old content is still there then.
///
/// ```
/// # let directory = tempfile::tempdir().unwrap();
/// let path = directory.path().join("key");
/// llmspell_utils::write_private(&path, b"secret")?;
/// assert_eq!(std::fs::read(&path)?, b"secret");
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let beside = beside(path);
    let written = mode::file(&beside).and_then(|mut file: File| {
        file.write_all(content)?;
        file.sync_all()
    });
    let moved = written.and_then(|()| fs::rename(&beside, path));
    if moved.is_err() {
        // What cannot be moved is of no use; the error that is told is the first.
        let _ = fs::remove_file(&beside);
    }
    moved
}

/// A name in the same directory that nobody else uses.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}", uuid::Uuid::new_v4().simple()));
    path.with_file_name(name)
}

#[cfg(unix)]
mod unix {
    use std::fs::{DirBuilder, File, OpenOptions};
    use std::io;
    use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
    use std::path::Path;

    pub(super) fn directory(path: &Path) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(path)
    }

    pub(super) fn file(path: &Path) -> io::Result<File> {
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
    }
}

#[cfg(not(unix))]
mod other {
    use std::fs::{DirBuilder, File, OpenOptions};
    use std::io;
    use std::path::Path;

    pub(super) fn directory(path: &Path) -> io::Result<()> {
        DirBuilder::new().recursive(true).create(path)
    }

    pub(super) fn file(path: &Path) -> io::Result<File> {
        OpenOptions::new().write(true).create_new(true).open(path)
    }
}
