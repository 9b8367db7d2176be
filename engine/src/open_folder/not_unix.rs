//! Where a folder is found by its path each time.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::fs::{self, DirEntry, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::Kind;

/// A folder.
#[derive(Debug)]
pub(crate) struct OpenFolder(PathBuf);

/// What a folder says of one of its entries.
#[derive(Debug)]
pub(crate) struct Entry {
    entry: DirEntry,
    name: OsString,
}

/// What the disk says of something, where links are followed.
#[derive(Debug)]
pub(crate) struct Status {
    metadata: Metadata,
    path: PathBuf,
}

/// What no other file or folder has at the same time.
pub(crate) type Identity = PathBuf;

impl OpenFolder {
    /// The folder at a path.
    pub(crate) fn at(path: &Path) -> io::Result<Self> {
        fs::read_dir(path).map(|_| Self(path.to_owned()))
    }

    /// A folder in this one, by its relative path.
    pub(crate) fn inside(&self, path: &Path) -> io::Result<Self> {
        Self::at(&self.0.join(path))
    }

    /// At most so many entries, in no order.
    pub(crate) fn entries(&mut self, most: usize) -> io::Result<Vec<Entry>> {
        let entries = fs::read_dir(&self.0)?.take(most);
        let named = |entry: DirEntry| Entry {
            name: entry.file_name(),
            entry,
        };
        entries.map(|entry| entry.map(named)).collect()
    }

    /// What an entry is.
    pub(crate) fn kind(&self, entry: &Entry) -> io::Result<Kind> {
        let kind = entry.entry.file_type()?;
        Ok(if kind.is_dir() {
            Kind::Folder
        } else if kind.is_symlink() {
            Kind::Link
        } else {
            Kind::Other
        })
    }

    /// What the disk says of an entry.
    pub(crate) fn status(&self, entry: &Entry) -> io::Result<Status> {
        Status::at(&self.0.join(&entry.name))
    }

    /// What the disk says of what lies at a relative path; `.` is the folder itself.
    pub(crate) fn status_of(&self, path: &Path) -> io::Result<Status> {
        Status::at(&self.0.join(path))
    }

    /// Opens an entry to read it.
    pub(crate) fn file(&self, entry: &Entry) -> io::Result<File> {
        File::open(self.0.join(&entry.name))
    }
}

impl Entry {
    /// The name, if it is text.
    pub(crate) fn name(&self) -> Option<&str> {
        self.name.to_str()
    }

    /// The name as people read it.
    pub(crate) fn shown(&self) -> Cow<'_, str> {
        self.name.to_string_lossy()
    }

    /// The name as paths have it.
    pub(crate) fn file_name(&self) -> &OsStr {
        &self.name
    }

    /// What entries are sorted by.
    pub(crate) fn order(&self) -> &[u8] {
        self.name.as_encoded_bytes()
    }
}

impl Status {
    /// What the disk says of what lies at a path.
    pub(crate) fn at(path: &Path) -> io::Result<Self> {
        Ok(Self {
            metadata: path.metadata()?,
            path: path.canonicalize()?,
        })
    }

    pub(crate) fn is_folder(&self) -> bool {
        self.metadata.is_dir()
    }

    pub(crate) fn identity(&self) -> Identity {
        self.path.clone()
    }

    /// Nothing else than Unix says when a file was changed so that whoever changed it cannot say otherwise.
    pub(crate) fn stamp(&self, _seen: &mut Vec<u8>) -> Option<SystemTime> {
        None
    }
}
