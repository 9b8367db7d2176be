//! What can be wrong with a debug configuration.

use std::fmt;
use std::io;
use std::sync::Arc;

use super::entry::Place;
use super::filter::FilterError;

/// What kind of fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DebugErrorKind {
    /// A configuration file could not be read.
    Read,
    /// A configuration file is not TOML.
    Syntax,
    /// A key that nobody knows.
    UnknownKey,
    /// A value that a key or a variable does not allow.
    Value,
    /// A filter rule or a directive that is refused.
    Filter,
    /// An output that could not be opened.
    Output,
}

impl DebugErrorKind {
    /// The stable name, for programs to read.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Syntax => "syntax",
            Self::UnknownKey => "unknown_key",
            Self::Value => "value",
            Self::Filter => "filter",
            Self::Output => "output",
        }
    }
}

/// A fault in a debug configuration: what, where, and what to do.
///
/// It is displayed on one line: the place, the message, and the help in brackets.
#[derive(Debug, Clone)]
pub struct DebugError {
    kind: DebugErrorKind,
    message: String,
    place: Option<Place>,
    help: Option<String>,
    source: Option<Arc<io::Error>>,
}

impl DebugError {
    pub(crate) fn new(kind: DebugErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            place: None,
            help: None,
            source: None,
        }
    }

    pub(crate) fn at(mut self, place: Option<Place>) -> Self {
        self.place = place;
        self
    }

    pub(crate) fn help_with(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn caused_by(mut self, source: io::Error) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// A refused filter, with the key or the variable that it stands in.
    pub(crate) fn from_filter(owner: &str, error: &FilterError) -> Self {
        let message = format!("{owner}: {}", error.message());
        let place = error
            .position()
            .map(|position| format!("at character {position}"));
        let help = [place.as_deref(), error.help()]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join("; ");
        let this = Self::new(DebugErrorKind::Filter, message);
        if help.is_empty() {
            this
        } else {
            this.help_with(help)
        }
    }

    /// What kind of fault it is.
    #[must_use]
    pub const fn kind(&self) -> DebugErrorKind {
        self.kind
    }

    /// What is wrong, in one sentence.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Where it is, if it is in a file.
    #[must_use]
    pub const fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }

    /// What to do next.
    #[must_use]
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }
}

impl fmt::Display for DebugError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(formatter, "{place}: ")?;
        }
        formatter.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(formatter, " ({help})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for DebugError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source
            .as_ref()
            .map(|source| source as &(dyn std::error::Error + 'static))
    }
}
