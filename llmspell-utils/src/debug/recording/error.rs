//! What can be wrong with a recording.

use std::fmt;
use std::io;
use std::sync::Arc;

/// What kind of fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RecordingErrorKind {
    /// The file cannot be read or written.
    Io,
    /// The file is no recording, or its first bytes are damaged.
    NotARecording,
    /// The recording was written in a later version of the format.
    Version,
    /// The last record was not written to its end; everything before it was read.
    Torn,
    /// Bytes in the middle are not what was written; reading goes on with the next segment.
    Damaged,
    /// A record is larger than a reader takes.
    TooLarge,
}

impl RecordingErrorKind {
    /// The stable name, for programs to read.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Io => "io",
            Self::NotARecording => "not_a_recording",
            Self::Version => "version",
            Self::Torn => "torn",
            Self::Damaged => "damaged",
            Self::TooLarge => "too_large",
        }
    }
}

/// A fault in a recording: what, and which bytes of the file it is about.
#[derive(Debug, Clone)]
pub struct RecordingError {
    kind: RecordingErrorKind,
    message: String,
    offset: u64,
    bytes: u64,
    source: Option<Arc<io::Error>>,
}

impl RecordingError {
    pub(super) fn new(kind: RecordingErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            offset: 0,
            bytes: 0,
            source: None,
        }
    }

    pub(super) const fn at(mut self, offset: u64, bytes: u64) -> Self {
        self.offset = offset;
        self.bytes = bytes;
        self
    }

    pub(super) fn io(what: &str, error: io::Error) -> Self {
        let mut this = Self::new(RecordingErrorKind::Io, format!("{what}: {error}"));
        this.source = Some(Arc::new(error));
        this
    }

    /// What kind of fault it is.
    #[must_use]
    pub const fn kind(&self) -> RecordingErrorKind {
        self.kind
    }

    /// What is wrong, in one sentence.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Where the bytes begin that could not be used, counted from the beginning of the file.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// How many bytes could not be used; 0 where it is not about bytes.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl fmt::Display for RecordingError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)?;
        if self.bytes > 0 {
            write!(formatter, " ({} bytes at {})", self.bytes, self.offset)?;
        }
        Ok(())
    }
}

impl std::error::Error for RecordingError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source
            .as_ref()
            .map(|source| source as &(dyn std::error::Error + 'static))
    }
}
