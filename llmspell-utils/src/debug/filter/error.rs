//! Why a filter rule or a directive is refused.

use std::fmt;

/// What kind of fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FilterErrorKind {
    /// There is no pattern, or nothing stands between two commas.
    Empty,
    /// A pattern or a directive is longer than is allowed.
    TooLong,
    /// There are more rules than are allowed.
    TooManyRules,
    /// The pattern does not follow the syntax of its kind.
    Syntax,
    /// A regular expression would take too much memory.
    TooLarge,
    /// A directive names a value that is neither `on` nor a level.
    Value,
    /// A directive says the global level twice.
    SecondLevel,
}

impl FilterErrorKind {
    /// The stable name, for programs to read.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLong => "too_long",
            Self::TooManyRules => "too_many_rules",
            Self::Syntax => "syntax",
            Self::TooLarge => "too_large",
            Self::Value => "value",
            Self::SecondLevel => "second_level",
        }
    }
}

/// A filter rule or a directive that is refused: what is wrong, at which character, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterError {
    kind: FilterErrorKind,
    message: String,
    position: Option<usize>,
    help: Option<&'static str>,
}

impl FilterError {
    pub(crate) fn new(kind: FilterErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            position: None,
            help: None,
        }
    }

    /// Points at the byte `offset` of `text`.
    pub(crate) fn at_offset(mut self, text: &str, offset: usize) -> Self {
        let before = text.get(..text.floor_char_boundary(offset)).unwrap_or(text);
        self.position = Some(before.chars().count() + 1);
        self
    }

    /// Moves the position by so many characters, because the pattern stands inside a longer text.
    pub(crate) fn moved_by(mut self, characters: usize) -> Self {
        self.position = Some(self.position.unwrap_or(1) + characters);
        self
    }

    pub(crate) const fn help_with(mut self, help: &'static str) -> Self {
        self.help = Some(help);
        self
    }

    /// What kind of fault it is.
    #[must_use]
    pub const fn kind(&self) -> FilterErrorKind {
        self.kind
    }

    /// What is wrong, in one sentence.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The character it is about, counted from 1.
    #[must_use]
    pub const fn position(&self) -> Option<usize> {
        self.position
    }

    /// What to do next.
    #[must_use]
    pub const fn help(&self) -> Option<&str> {
        self.help
    }
}

impl fmt::Display for FilterError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)?;
        if let Some(position) = self.position {
            write!(formatter, " at character {position}")?;
        }
        match self.help {
            Some(help) => write!(formatter, " ({help})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for FilterError {}
