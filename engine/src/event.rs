//! One hook event, read once and checked before any engine sees it.

use std::sync::Arc;

use crate::value::Value;

/// How large an event may be.
///
/// ```
/// use llmspell_engine::EventLimits;
///
/// let limits = EventLimits { bytes: 64 * 1024, ..EventLimits::default() };
/// assert_eq!(limits.depth, 128);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventLimits {
    /// Bytes of JSON text.
    pub bytes: usize,
    /// Objects and arrays inside each other, the outermost counted.
    pub depth: usize,
    /// Digits of one number, those of the exponent counted.
    pub number_digits: usize,
    /// The largest exponent of a number, either sign.
    pub number_exponent: u32,
    /// Values in all, for an event that comes as a value and not as text.
    pub values: usize,
}

impl Default for EventLimits {
    fn default() -> Self {
        Self {
            bytes: 8 * 1024 * 1024,
            depth: 128,
            number_digits: 64,
            number_exponent: 308,
            values: 1_000_000,
        }
    }
}

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

/// One hook event: a JSON object that names itself in `hook_event_name` or `hookEventName`.
///
/// ```
/// use llmspell_engine::{Event, EventLimits};
///
/// let text = br#"{"hook_event_name": "PreToolUse", "tool_name": "Bash"}"#;
/// let event = Event::parse(text, &EventLimits::default())?;
/// assert_eq!((event.name(), event.tool()), ("PreToolUse", Some("Bash")));
/// # Ok::<(), llmspell_engine::EventError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Event {
    value: Value,
    name: Arc<str>,
    tool: Option<Arc<str>>,
}

impl Event {
    /// Reads an event from JSON text.
    ///
    /// # Errors
    ///
    /// When the text is over a limit, not exactly one JSON object, has a key twice, or does not name its event.
    pub fn parse(text: &[u8], limits: &EventLimits) -> Result<Self, EventError> {
        let _ = limits;
        let value: Value = serde_json::from_slice(text).map_err(|error| EventError {
            kind: EventErrorKind::Syntax,
            message: error.to_string(),
            line: None,
            column: None,
            help: String::new(),
        })?;
        Self::from_value(value, limits)
    }

    /// Takes an event that is a value already.
    ///
    /// # Errors
    ///
    /// When the value is over a limit, not an object with string keys, or does not name its event.
    pub fn from_value(value: Value, limits: &EventLimits) -> Result<Self, EventError> {
        let _ = limits;
        let text = |key: &str| match &value[key] {
            Value::String(text) => Some(Arc::clone(text)),
            _ => None,
        };
        let name = text("hook_event_name")
            .or_else(|| text("hookEventName"))
            .ok_or_else(|| EventError {
                kind: EventErrorKind::Name,
                message: "the event has no `hook_event_name`".to_owned(),
                line: None,
                column: None,
                help: String::new(),
            })?;
        let tool = text("tool_name");
        Ok(Self { value, name, tool })
    }

    /// What the event calls itself.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The tool that the event is about, if any.
    #[must_use]
    pub fn tool(&self) -> Option<&str> {
        self.tool.as_deref()
    }

    /// The whole event.
    #[must_use]
    pub const fn value(&self) -> &Value {
        &self.value
    }
}
