//! What is said of a log that was verified.

use serde::Serialize;

/// What was found in a log.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct AuditReport {
    /// Records that are whole and in their place, up to the first fault.
    pub records: u64,
    /// The files that were read, the oldest first.
    pub files: Vec<String>,
    /// The number of the first record that is kept; older ones were put aside and removed.
    pub first: Option<u64>,
    /// The number of the last record.
    pub last: Option<u64>,
    /// The digest of the last record: kept elsewhere, it shows later whether records were cut off.
    pub last_hash: Option<String>,
    /// How many records came after the one that was expected, if one was and it is there.
    pub since_expected: Option<u64>,
    /// Where a writer was stopped in the middle of a record, and a later record says so; the first thousand.
    pub torn: Vec<AuditTear>,
    /// The first thing that is wrong.
    pub fault: Option<AuditFault>,
}

impl AuditReport {
    /// Whether nothing is wrong.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.fault.is_none()
    }
}

/// A line that is torn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditTear {
    /// The name of the file.
    pub file: String,
    /// The line, counted from 1.
    pub line: u64,
    /// What is left of it, in bytes.
    pub bytes: u64,
}

/// What is wrong with a log, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditFault {
    /// The name of the file.
    pub file: String,
    /// The line, counted from 1; none where a whole file is meant.
    pub line: Option<u64>,
    /// One sentence without a full stop.
    pub message: String,
}
