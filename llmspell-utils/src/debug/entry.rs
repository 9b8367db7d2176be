//! One debug message and everything that is known about it.

use std::fmt;
use std::sync::Arc;
use std::thread;

use serde::Serialize;
use serde_json::Value;

use super::clock::Timestamp;
use super::level::DebugLevel;

/// One debug message and everything that is known about it.
///
/// ```
/// use llmspell_utils::debug::{DebugEntry, DebugLevel, Place, Timestamp};
///
/// let entry = DebugEntry::new(Timestamp::from_nanoseconds(0), DebugLevel::Warn, "two rules spoke")
///     .with_module("policy.shell")
///     .with_data(serde_json::json!({ "rules": 2 }))
///     .with_place(Place::new("guard.lua", 12));
/// assert_eq!(entry.module.as_deref(), Some("policy.shell"));
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DebugEntry {
    /// When it was logged, by the manager's clock.
    pub time: Timestamp,
    /// How severe it is.
    pub level: DebugLevel,
    /// Who speaks, in dotted parts such as `policy.shell`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub module: Option<Arc<str>>,
    /// What is said.
    pub message: String,
    /// What belongs to the message, for programs to read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
    /// Where in a script or a policy it was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// The thread's name, or its number if it has none.
    pub thread: Arc<str>,
    /// What ties the entries of one piece of work together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation: Option<Arc<str>>,
}

impl DebugEntry {
    /// An entry of the current thread.
    #[must_use]
    pub fn new(time: Timestamp, level: DebugLevel, message: impl Into<String>) -> Self {
        Self {
            time,
            level,
            module: None,
            message: message.into(),
            data: None,
            place: None,
            thread: current_thread(),
            correlation: None,
        }
    }

    /// Says who speaks.
    #[must_use]
    pub fn with_module(mut self, module: impl Into<Arc<str>>) -> Self {
        self.module = Some(module.into());
        self
    }

    /// Adds what programs may read.
    #[must_use]
    pub fn with_data(mut self, data: Value) -> Self {
        self.data = Some(data);
        self
    }

    /// Says where in a script it was said.
    #[must_use]
    pub fn with_place(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// Ties the entry to a piece of work.
    #[must_use]
    pub fn with_correlation(mut self, correlation: impl Into<Arc<str>>) -> Self {
        self.correlation = Some(correlation.into());
        self
    }

    /// Names another thread than the current one.
    #[must_use]
    pub fn with_thread(mut self, thread: impl Into<Arc<str>>) -> Self {
        self.thread = thread.into();
        self
    }

    /// About how many bytes of memory the entry holds.
    #[must_use]
    pub fn size(&self) -> usize {
        size_of::<Self>()
            + self.message.capacity()
            + self.module.as_deref().map_or(0, str::len)
            + self.correlation.as_deref().map_or(0, str::len)
            + self.place.as_ref().map_or(0, |place| place.file.len())
            + self.data.as_ref().map_or(0, value_size)
    }
}

/// About how many bytes a JSON value holds beside itself.
pub(crate) fn value_size(value: &Value) -> usize {
    // A list of what is still to be seen instead of recursion: data may be nested deeper than a stack is.
    let mut remaining = vec![value];
    let mut size = 0_usize;
    while let Some(value) = remaining.pop() {
        size = size.saturating_add(own_size(value));
        match value {
            Value::Array(items) => remaining.extend(items),
            Value::Object(members) => remaining.extend(members.values()),
            _ => {}
        }
    }
    size
}

fn own_size(value: &Value) -> usize {
    match value {
        Value::String(text) => text.capacity(),
        Value::Array(items) => items.capacity().saturating_mul(size_of::<Value>()),
        Value::Object(members) => members
            .keys()
            .map(|key| key.capacity() + size_of::<String>() + size_of::<Value>())
            .sum(),
        _ => 0,
    }
}

/// Where something is in a script, a policy or a configuration file.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Place {
    /// The file's name as the user knows it.
    pub file: Arc<str>,
    /// The line, counted from 1.
    pub line: u32,
    /// The column in characters, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
}

impl Place {
    /// A line of a file.
    #[must_use]
    pub fn new(file: impl Into<Arc<str>>, line: u32) -> Self {
        Self {
            file: file.into(),
            line,
            column: None,
        }
    }

    /// The same line, at a column.
    #[must_use]
    pub fn with_column(mut self, column: u32) -> Self {
        self.column = Some(column);
        self
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.file, self.line)?;
        match self.column {
            Some(column) => write!(formatter, ":{column}"),
            None => Ok(()),
        }
    }
}

thread_local! {
    static THREAD: Arc<str> = name_of_thread();
}

fn name_of_thread() -> Arc<str> {
    let thread = thread::current();
    match thread.name() {
        Some(name) => Arc::from(name),
        None => Arc::from(format!("{:?}", thread.id())),
    }
}

/// The current thread's name or number; a thread that is ending may no longer know it.
fn current_thread() -> Arc<str> {
    THREAD
        .try_with(Arc::clone)
        .unwrap_or_else(|_| name_of_thread())
}
