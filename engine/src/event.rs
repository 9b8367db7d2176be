//! One hook event, read once and checked before any engine sees it.

mod guard;
mod reader;

use std::sync::{Arc, LazyLock};

use crate::value::{self, Value};

use guard::Fault;

static EVENT_KEYS: LazyLock<[Value; 2]> =
    LazyLock::new(|| [Value::from(SNAKE_NAME), Value::from(CAMEL_NAME)]);
static TOOL_KEY: LazyLock<Value> = LazyLock::new(|| Value::from("tool_name"));
const SNAKE_NAME: &str = "hook_event_name";
const CAMEL_NAME: &str = "hookEventName";

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
///
/// let error = Event::parse(br#"{"a": 1, "a": 2}"#, &EventLimits::default()).unwrap_err();
/// assert_eq!(error.message, "the key `a` stands twice in one object");
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
        let checked =
            guard::guarded(text, limits).map_err(|fault| guard_error(&fault, text, limits))?;
        let value = reader::read(checked).map_err(|error| reader_error(&error, checked))?;
        Self::named(value).map_err(|error| {
            let blanks = checked.bytes().take_while(u8::is_ascii_whitespace).count();
            error.at_offset(text, blanks)
        })
    }

    /// Takes an event that is a value already, as a script's table or object converted to one.
    ///
    /// Every value inside is visited once to count values and depth.
    ///
    /// # Errors
    ///
    /// When the value is over a limit, not an object with string keys throughout, or does not name its event.
    pub fn from_value(value: Value, limits: &EventLimits) -> Result<Self, EventError> {
        let mut left = limits.values;
        check_value(&value, limits.depth, &mut left, limits)?;
        Self::named(value)
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

    pub(crate) const fn shared_name(&self) -> &Arc<str> {
        &self.name
    }

    pub(crate) const fn shared_tool(&self) -> Option<&Arc<str>> {
        self.tool.as_ref()
    }

    fn named(value: Value) -> Result<Self, EventError> {
        let Value::Object(fields) = &value else {
            return Err(EventError::new(
                EventErrorKind::Shape,
                format!("the event is {}, not an object", value::described(&value)),
                "pass one JSON object, as the agent program sends it to its hooks",
            ));
        };
        let [snake, camel] = &*EVENT_KEYS;
        let name = match (fields.get(snake), fields.get(camel)) {
            (None, None) => {
                return Err(EventError::new(
                    EventErrorKind::Name,
                    format!("the event has neither `{SNAKE_NAME}` nor `{CAMEL_NAME}`"),
                    format!("add the event's name, such as \"{SNAKE_NAME}\": \"PreToolUse\""),
                ));
            }
            (Some(name), None) => named_text(name, SNAKE_NAME)?,
            (None, Some(name)) => named_text(name, CAMEL_NAME)?,
            (Some(one), Some(other)) if one == other => named_text(one, SNAKE_NAME)?,
            (Some(_), Some(_)) => {
                return Err(EventError::new(
                    EventErrorKind::Name,
                    format!("`{SNAKE_NAME}` and `{CAMEL_NAME}` differ"),
                    format!("keep `{SNAKE_NAME}` only"),
                ));
            }
        };
        let tool = match fields.get(&TOOL_KEY) {
            None | Some(Value::Null) => None,
            Some(tool) => Some(named_text(tool, "tool_name")?),
        };
        Ok(Self { value, name, tool })
    }
}

fn named_text(name: &Value, key: &str) -> Result<Arc<str>, EventError> {
    match value::text(name) {
        Some(text) if !text.is_empty() => Ok(Arc::clone(text)),
        Some(_) => Err(EventError::new(
            EventErrorKind::Name,
            format!("`{key}` is empty"),
            format!("give `{key}` a name"),
        )),
        None => Err(EventError::new(
            EventErrorKind::Name,
            format!("`{key}` is {}, not a string", value::described(name)),
            format!("give `{key}` a name in quotes"),
        )),
    }
}

fn check_value(
    value: &Value,
    depth: usize,
    left: &mut usize,
    limits: &EventLimits,
) -> Result<(), EventError> {
    *left = left.checked_sub(1).ok_or_else(|| {
        EventError::new(
            EventErrorKind::Size,
            format!("the event holds more than {} values", limits.values),
            "send a smaller event, or raise the limit of values",
        )
    })?;
    match value {
        Value::Array(_) | Value::Object(_) if depth == 0 => Err(depth_error(limits)),
        Value::Array(values) => values
            .iter()
            .try_for_each(|value| check_value(value, depth - 1, left, limits)),
        Value::Object(fields) => fields.iter().try_for_each(|(key, value)| match key {
            Value::String(_) => check_value(value, depth - 1, left, limits),
            _ => Err(shape_error(&format!(
                "the event has {} as a key",
                value::described(key)
            ))),
        }),
        Value::Set(_) | Value::Undefined => Err(shape_error(&format!(
            "the event holds {}, which is not JSON",
            value::described(value)
        ))),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
    }
}

fn shape_error(message: &str) -> EventError {
    EventError::new(
        EventErrorKind::Shape,
        message,
        "build the event of objects with string keys, arrays, strings, numbers, booleans and null",
    )
}

fn depth_error(limits: &EventLimits) -> EventError {
    EventError::new(
        EventErrorKind::Depth,
        format!("the event is nested more than {} deep", limits.depth),
        "flatten the event, or raise the limit of depth",
    )
}

fn guard_error(fault: &Fault, text: &[u8], limits: &EventLimits) -> EventError {
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

fn reader_error(error: &serde_json::Error, text: &str) -> EventError {
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
    fn new(kind: EventErrorKind, message: impl Into<String>, help: impl Into<String>) -> Self {
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

    fn at_offset(self, text: &[u8], offset: usize) -> Self {
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
