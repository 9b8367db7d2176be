//! Why a text or a value is no event.

use super::EventLimits;
use super::guard::Fault;
use super::reader;

/// What kind of fault an event has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventErrorKind {
    /// The text is longer than allowed, or the value holds too many values.
    Size,
    /// The text is not UTF-8.
    Encoding,
    /// The text is not JSON, or more than one document.
    Syntax,
    /// Objects and arrays are nested deeper than allowed.
    Depth,
    /// An object has a key twice.
    DuplicateKey,
    /// A number is longer or larger than allowed.
    Number,
    /// The event is not an object, or a value inside is not JSON.
    Shape,
    /// The event does not say which event it is.
    Name,
}

impl EventErrorKind {
    /// The stable code of this kind.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Size => "size",
            Self::Encoding => "encoding",
            Self::Syntax => "syntax",
            Self::Depth => "depth",
            Self::DuplicateKey => "duplicate_key",
            Self::Number => "number",
            Self::Shape => "shape",
            Self::Name => "name",
        }
    }
}

/// Why a text or a value is no event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EventError {
    /// What kind of fault it is.
    pub kind: EventErrorKind,
    /// One sentence without a full stop.
    pub message: String,
    /// The line of the text, starting at 1; none for an event that came as a value.
    pub line: Option<u32>,
    /// The column in bytes, starting at 1.
    pub column: Option<u32>,
    /// What to do next.
    pub help: String,
}

pub(super) fn shape_error(message: &str) -> EventError {
    EventError::new(
        EventErrorKind::Shape,
        message,
        "build the event of objects with string keys, arrays, strings, numbers, booleans and null",
    )
}

pub(super) fn depth_error(limits: &EventLimits) -> EventError {
    EventError::new(
        EventErrorKind::Depth,
        format!("the event is nested more than {} deep", limits.depth),
        "flatten the event, or raise the limit of depth",
    )
}

pub(super) fn guard_error(fault: &Fault, text: &[u8], limits: &EventLimits) -> EventError {
    let error = match fault.kind {
        EventErrorKind::Size => {
            // The line is not counted: the text may be of any length.
            return EventError::new(
                EventErrorKind::Size,
                format!(
                    "the event has {} bytes, more than the {} allowed",
                    text.len(),
                    limits.bytes
                ),
                "send a smaller event, or raise the limit of bytes",
            )
            .at(1, 1);
        }
        EventErrorKind::Encoding => EventError::new(
            EventErrorKind::Encoding,
            "the event is not UTF-8",
            "encode the event as UTF-8",
        ),
        EventErrorKind::Depth => depth_error(limits),
        _ => EventError::new(
            EventErrorKind::Number,
            format!(
                "the event has a number of more than {} digits or an exponent over {}",
                limits.number_digits, limits.number_exponent
            ),
            "send long numbers as strings",
        ),
    };
    error.at_offset(text, fault.offset)
}

pub(super) fn reader_error(error: &serde_json::Error, text: &str) -> EventError {
    let full = error.to_string();
    let message = full
        .rsplit_once(" at line ")
        .map_or(full.as_str(), |(message, _)| message);
    let fault = if let Some(key) = message.strip_prefix(reader::DUPLICATE) {
        EventError::new(
            EventErrorKind::DuplicateKey,
            format!(
                "the key `{}` stands twice in one object",
                key.trim_matches('"')
            ),
            "keep one of the two, so that the policy and the tool cannot read different values",
        )
    } else if message == "number out of range" {
        EventError::new(
            EventErrorKind::Number,
            "the event has a number that is out of range",
            "send large numbers as strings",
        )
    } else if text.trim_start().is_empty() {
        EventError::new(
            EventErrorKind::Syntax,
            "the event is empty",
            "pass one JSON object",
        )
    } else if text.starts_with('\u{feff}') {
        EventError::new(
            EventErrorKind::Syntax,
            "the event begins with a byte order mark, which JSON must not have",
            "write it as UTF-8 without a byte order mark",
        )
    } else if message == "trailing characters" {
        EventError::new(
            EventErrorKind::Syntax,
            "something follows the event",
            "pass exactly one JSON document",
        )
    } else {
        EventError::new(
            EventErrorKind::Syntax,
            format!("the event is not JSON: {message}"),
            "check the text with a JSON tool",
        )
    };
    fault.at(error.line(), error.column())
}

impl EventError {
    pub(super) fn new(
        kind: EventErrorKind,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            message: message.into(),
            line: None,
            column: None,
            help: help.into(),
        }
    }

    fn at(self, line: usize, column: usize) -> Self {
        Self {
            line: u32::try_from(line).ok(),
            column: u32::try_from(column.max(1)).ok(),
            ..self
        }
    }

    pub(super) fn at_offset(self, text: &[u8], offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let column = before
            .iter()
            .rev()
            .take_while(|byte| **byte != b'\n')
            .count()
            + 1;
        self.at(line, column)
    }
}
