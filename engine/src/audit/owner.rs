//! Whose a file is, as far as the system knows.

use std::fs::{Metadata, OpenOptions};

#[cfg(unix)]
pub(super) use unix::{is_same, only_for_owner, refused};

#[cfg(not(unix))]
pub(super) use other::{is_same, only_for_owner, refused};

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};

    use super::{Metadata, OpenOptions};

    /// Writing, for the group and for others.
    const WRITABLE: u32 = 0o022;

    /// Why a file is not to be written to, if so.
    pub(in crate::audit) fn refused(metadata: &Metadata) -> Option<&'static str> {
        if metadata.uid() != rustix::process::geteuid().as_raw() {
            return Some("the audit log belongs to somebody else");
        }
        if metadata.mode() & WRITABLE != 0 {
            return Some("others than its owner may write to the audit log");
        }
        (metadata.nlink() > 1).then_some("the audit log has another name beside its own")
    }

    pub(in crate::audit) fn is_same(one: &Metadata, other: &Metadata) -> bool {
        (one.dev(), one.ino()) == (other.dev(), other.ino())
    }

    /// A file that is made is its owner's alone.
    pub(in crate::audit) fn only_for_owner(options: &mut OpenOptions) -> &mut OpenOptions {
        options.mode(0o600)
    }
}

#[cfg(not(unix))]
mod other {
    use super::{Metadata, OpenOptions};

    pub(in crate::audit) fn refused(_: &Metadata) -> Option<&'static str> {
        None
    }

    pub(in crate::audit) fn is_same(_: &Metadata, _: &Metadata) -> bool {
        true
    }

    pub(in crate::audit) fn only_for_owner(options: &mut OpenOptions) -> &mut OpenOptions {
        options
    }
}
