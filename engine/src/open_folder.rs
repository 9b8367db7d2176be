//! A folder that is open: what lies in it is found without a way through the folders above it.

#[cfg(not(unix))]
#[path = "open_folder/not_unix.rs"]
mod system;
#[cfg(unix)]
#[path = "open_folder/unix.rs"]
mod system;

pub(crate) use system::{Entry, Identity, OpenFolder, Status};

/// What an entry is, as its folder says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Folder,
    /// A link to something that may not be there.
    Link,
    /// A file, a pipe, a device or the like.
    Other,
}
