//! How an entry looks: one line of text for people, or one line of JSON for programs.

pub(super) mod json;
mod text;

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::entry::DebugEntry;
use super::error::{DebugError, DebugErrorKind};
use super::text::quoted;

pub use json::JsonFormat;
pub(crate) use json::push_json;
pub use text::TextFormat;

/// Turns entries into lines.
pub trait EntryFormat: fmt::Debug + Send + Sync {
    /// Appends the entry to `line`, without a line break anywhere.
    fn format(&self, entry: &DebugEntry, line: &mut String);

    /// The entry as a line of its own.
    fn line(&self, entry: &DebugEntry) -> String {
        let mut line = String::with_capacity(128);
        self.format(entry, &mut line);
        line
    }
}

/// The formats that a configuration can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FormatKind {
    /// For people.
    Text,
    /// For programs: one JSON object a line.
    Json,
}

impl FormatKind {
    /// The format without colour.
    #[must_use]
    pub fn format(self) -> Box<dyn EntryFormat> {
        match self {
            Self::Text => Box::new(TextFormat::new()),
            Self::Json => Box::new(JsonFormat::new()),
        }
    }

    /// JSON for a file whose name ends in `.json`, `.jsonl` or `.ndjson`, else text.
    #[must_use]
    pub fn of_file(path: &Path) -> Self {
        let ending = path
            .extension()
            .and_then(|ending| ending.to_str())
            .unwrap_or_default();
        let is_json = ["json", "jsonl", "ndjson"]
            .iter()
            .any(|json| json.eq_ignore_ascii_case(ending));
        if is_json { Self::Json } else { Self::Text }
    }
}

impl FromStr for FormatKind {
    type Err = DebugError;

    fn from_str(text: &str) -> Result<Self, DebugError> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(DebugError::new(
                DebugErrorKind::Value,
                format!("{} is not a format", quoted(text)),
            )
            .help_with("use text or json")),
        }
    }
}
