//! Why the audit log could not be written or read.

use std::io;
use std::path::Path;

use crate::error::Place;

/// What kind of fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuditErrorKind {
    /// The settings name a file where no log may lie.
    Path,
    /// The file is not of the user's own, or others may write to it.
    Owner,
    /// The disk does not take or give what it should.
    Disk,
    /// Somebody else held the log for too long.
    Locked,
    /// The file is there and is no audit log.
    NoLog,
    /// There is no file.
    Missing,
}

impl AuditErrorKind {
    /// The stable code of this kind.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Path => "audit_path",
            Self::Owner => "audit_owner",
            Self::Disk => "audit_disk",
            Self::Locked => "audit_locked",
            Self::NoLog => "audit_no_log",
            Self::Missing => "audit_missing",
        }
    }
}

/// Why the audit log could not be written or read.
///
/// `Display` prints the message alone; the place and the help stand beside it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct AuditError {
    /// What kind of fault it is.
    pub kind: AuditErrorKind,
    /// One sentence without a full stop.
    pub message: String,
    /// Which file it is about.
    pub place: Option<Place>,
    /// What to do next.
    pub help: String,
}

impl AuditError {
    pub(super) fn new(
        kind: AuditErrorKind,
        file: &Path,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            message: message.into(),
            place: Some(Place::file(file.display().to_string())),
            help: help.into(),
        }
    }

    pub(super) fn path(file: &Path, message: impl Into<String>) -> Self {
        Self::new(
            AuditErrorKind::Path,
            file,
            message,
            "name a file inside the project, such as `.cupcake/audit/decisions.jsonl`, with no link on the way",
        )
    }

    pub(super) fn disk(file: &Path, what: &str, error: &io::Error) -> Self {
        Self::new(
            AuditErrorKind::Disk,
            file,
            format!("the audit log cannot be {what}: {error}"),
            "make room on the disk, and make the file and its folder writable for yourself",
        )
    }
}
