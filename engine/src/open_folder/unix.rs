//! Where an open folder is a number for the kernel.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

use rustix::fd::{BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, Dev, Dir, DirEntry, FileType, Mode, OFlags, Stat, openat, statat};
use rustix::io::retry_on_intr;
use rustix::path::Arg;

use super::Kind;

/// A folder that is open.
#[derive(Debug)]
pub(crate) struct OpenFolder(Dir);

/// What a folder says of one of its entries.
#[derive(Debug)]
pub(crate) struct Entry(DirEntry);

/// What the disk says of something, where links are followed.
#[derive(Debug)]
pub(crate) struct Status(Stat);

/// What no other file or folder has at the same time.
pub(crate) type Identity = (Dev, u64);

impl OpenFolder {
    /// The folder at a path.
    pub(crate) fn at(path: &Path) -> io::Result<Self> {
        open(CWD, path, OFlags::DIRECTORY).and_then(|opened| Ok(Self(Dir::new(opened)?)))
    }

    /// A folder in this one, by its relative path.
    pub(crate) fn inside(&self, path: &Path) -> io::Result<Self> {
        let opened = open(self.0.fd()?, path, OFlags::DIRECTORY)?;
        Ok(Self(Dir::new(opened)?))
    }

    /// At most so many entries, in no order; the folder and the one above it are none.
    pub(crate) fn entries(&mut self, most: usize) -> io::Result<Vec<Entry>> {
        let is_own = |entry: &DirEntry| !matches!(entry.file_name().to_bytes(), b"." | b"..");
        let entries = self.0.by_ref().map(|entry| entry.map_err(io::Error::from));
        entries
            .filter(|entry| entry.as_ref().map_or(true, is_own))
            .take(most)
            .map(|entry| entry.map(Entry))
            .collect()
    }

    /// What an entry is; the disk is asked only where the folder does not say.
    pub(crate) fn kind(&self, entry: &Entry) -> io::Result<Kind> {
        let kind = match entry.0.file_type() {
            FileType::Unknown => {
                let name = entry.0.file_name();
                let fd = self.0.fd()?;
                let status = retry_on_intr(|| statat(fd, name, AtFlags::SYMLINK_NOFOLLOW))?;
                FileType::from_raw_mode(status.st_mode)
            }
            known => known,
        };
        Ok(match kind {
            FileType::Directory => Kind::Folder,
            FileType::Symlink => Kind::Link,
            _ => Kind::Other,
        })
    }

    /// What the disk says of an entry.
    pub(crate) fn status(&self, entry: &Entry) -> io::Result<Status> {
        look(self.0.fd()?, entry.0.file_name())
    }

    /// What the disk says of what lies at a relative path; `.` is the folder itself.
    pub(crate) fn status_of(&self, path: &Path) -> io::Result<Status> {
        look(self.0.fd()?, path)
    }

    /// Opens an entry to read it, and does not wait for whoever writes into a pipe.
    pub(crate) fn file(&self, entry: &Entry) -> io::Result<File> {
        open(self.0.fd()?, entry.0.file_name(), OFlags::empty()).map(File::from)
    }
}

fn look(folder: BorrowedFd<'_>, path: impl Arg + Copy) -> io::Result<Status> {
    let status = retry_on_intr(|| statat(folder, path, AtFlags::empty()))?;
    Ok(Status(status))
}

fn open(folder: BorrowedFd<'_>, path: impl Arg + Copy, flags: OFlags) -> io::Result<OwnedFd> {
    let flags = flags | OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    Ok(retry_on_intr(|| {
        openat(folder, path, flags, Mode::empty())
    })?)
}

impl Entry {
    /// The name, if it is text.
    pub(crate) fn name(&self) -> Option<&str> {
        self.0.file_name().to_str().ok()
    }

    /// The name as people read it.
    pub(crate) fn shown(&self) -> Cow<'_, str> {
        self.0.file_name().to_string_lossy()
    }

    /// The name as paths have it.
    pub(crate) fn file_name(&self) -> &OsStr {
        OsStr::from_bytes(self.order())
    }

    /// What entries are sorted by.
    pub(crate) fn order(&self) -> &[u8] {
        self.0.file_name().to_bytes()
    }
}

impl Status {
    /// What the disk says of what lies at a path.
    pub(crate) fn at(path: &Path) -> io::Result<Self> {
        look(CWD, path)
    }

    pub(crate) fn is_folder(&self) -> bool {
        FileType::from_raw_mode(self.0.st_mode) == FileType::Directory
    }

    pub(crate) fn identity(&self) -> Identity {
        (self.0.st_dev, self.0.st_ino)
    }

    /// Adds everything that changes when a file is written, replaced or made readable for others, and says when it
    /// changed last.
    pub(crate) fn stamp(&self, seen: &mut Vec<u8>) -> Option<SystemTime> {
        let Self(status) = self;
        seen.extend_from_slice(&status.st_dev.to_le_bytes());
        seen.extend_from_slice(&status.st_ino.to_le_bytes());
        seen.extend_from_slice(&status.st_size.to_le_bytes());
        seen.extend_from_slice(&status.st_mode.to_le_bytes());
        seen.extend_from_slice(&status.st_mtime.to_le_bytes());
        seen.extend_from_slice(&status.st_mtime_nsec.to_le_bytes());
        seen.extend_from_slice(&status.st_ctime.to_le_bytes());
        seen.extend_from_slice(&status.st_ctime_nsec.to_le_bytes());
        let seconds = u64::try_from(status.st_ctime).unwrap_or_default();
        let nanoseconds = u32::try_from(status.st_ctime_nsec).unwrap_or_default();
        Some(SystemTime::UNIX_EPOCH + Duration::new(seconds, nanoseconds))
    }
}
