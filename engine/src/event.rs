//! One hook event, read once and checked before any engine sees it.

mod error;
mod guard;
mod json;
mod limits;
mod reader;

use std::sync::{Arc, LazyLock};

use crate::harness;
use crate::value::{self, Value};

pub use error::{EventError, EventErrorKind};
pub(crate) use json::read_json;
pub use limits::EventLimits;

use error::{depth_error, guard_error, reader_error, shape_error};

static EVENT_KEYS: LazyLock<[Value; 2]> =
    LazyLock::new(|| [Value::from(SNAKE_NAME), Value::from(CAMEL_NAME)]);
static TOOL_KEY: LazyLock<Value> = LazyLock::new(|| Value::from("tool_name"));
const SNAKE_NAME: &str = "hook_event_name";
const CAMEL_NAME: &str = "hookEventName";

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

    /// The whole event, with the names that policies look for beside those that some agent programs have instead:
    /// `hook_event_name` beside `hookEventName`, `tool_name` and `tool_input` beside OpenCode's `tool` and `args`.
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

    fn named(mut value: Value) -> Result<Self, EventError> {
        let name = Self::name_of(&value)?;
        let [snake, _] = &*EVENT_KEYS;
        if value
            .as_object()
            .is_ok_and(|fields| fields.get(snake).is_none())
        {
            harness::add_snake_case(&mut value);
        }
        harness::add_tool(&mut value, &name);
        let fields = value.as_object().ok();
        let tool = match fields.and_then(|fields| fields.get(&TOOL_KEY)) {
            None | Some(Value::Null) => None,
            Some(tool) => Some(named_text(tool, "tool_name")?),
        };
        Ok(Self { value, name, tool })
    }

    fn name_of(value: &Value) -> Result<Arc<str>, EventError> {
        let Value::Object(fields) = value else {
            return Err(EventError::new(
                EventErrorKind::Shape,
                format!("the event is {}, not an object", value::described(value)),
                "pass one JSON object, as the agent program sends it to its hooks",
            ));
        };
        let [snake, camel] = &*EVENT_KEYS;
        match (fields.get(snake), fields.get(camel)) {
            (None, None) => Err(EventError::new(
                EventErrorKind::Name,
                format!("the event has neither `{SNAKE_NAME}` nor `{CAMEL_NAME}`"),
                format!("add the event's name, such as \"{SNAKE_NAME}\": \"PreToolUse\""),
            )),
            (Some(name), None) => named_text(name, SNAKE_NAME),
            (None, Some(name)) => named_text(name, CAMEL_NAME),
            (Some(one), Some(other)) if one == other => named_text(one, SNAKE_NAME),
            (Some(_), Some(_)) => Err(EventError::new(
                EventErrorKind::Name,
                format!("`{SNAKE_NAME}` and `{CAMEL_NAME}` differ"),
                format!("keep `{SNAKE_NAME}` only"),
            )),
        }
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
