//! The outputs that a configuration can name.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer};

use super::super::error::{DebugError, DebugErrorKind};
use super::super::format::FormatKind;
use super::super::output::{ConsoleOutput, DebugOutput, FileOutput, NullOutput};
use super::super::text::quoted;

/// An output as a configuration names it: `null`, `console` or `file:PATH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutputTarget {
    /// Nowhere.
    Null,
    /// Standard error.
    Console,
    /// The end of a file.
    File(PathBuf),
}

impl OutputTarget {
    /// What a target may be, for a person to read.
    pub(super) const ALLOWED: &'static str = "use null, console, file:PATH or a list of these";

    /// The same target, with a relative path taken from `directory`.
    pub(super) fn relative_to(self, directory: &Path) -> Self {
        match self {
            Self::File(path) => Self::File(directory.join(path)),
            other => other,
        }
    }

    /// Opens the output; without a format a file's ending tells it, and the console has text.
    pub(super) fn open(
        &self,
        format: Option<FormatKind>,
    ) -> Result<Arc<dyn DebugOutput>, DebugError> {
        match self {
            Self::Null => Ok(Arc::new(NullOutput)),
            Self::Console => Ok(Arc::new(ConsoleOutput::new(
                format.unwrap_or(FormatKind::Text),
            ))),
            Self::File(path) => {
                open_file(path, format.unwrap_or_else(|| FormatKind::of_file(path)))
            }
        }
    }
}

fn open_file(path: &Path, format: FormatKind) -> Result<Arc<dyn DebugOutput>, DebugError> {
    match FileOutput::open(path, format) {
        Ok(output) => Ok(Arc::new(output)),
        Err(error) => {
            let message = format!(
                "the output {} cannot be opened: {error}",
                quoted(&format!("file:{}", path.display()))
            );
            Err(DebugError::new(DebugErrorKind::Output, message)
                .help_with("the directory must exist and be writable")
                .caused_by(error))
        }
    }
}

impl FromStr for OutputTarget {
    type Err = DebugError;

    fn from_str(text: &str) -> Result<Self, DebugError> {
        match (text, text.strip_prefix("file:")) {
            ("null", _) => Ok(Self::Null),
            ("console", _) => Ok(Self::Console),
            (_, Some(path)) if !path.is_empty() => Ok(Self::File(PathBuf::from(path))),
            _ => Err(DebugError::new(
                DebugErrorKind::Value,
                format!("{} is not an output", quoted(text)),
            )
            .help_with(Self::ALLOWED)),
        }
    }
}

impl fmt::Display for OutputTarget {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => formatter.write_str("null"),
            Self::Console => formatter.write_str("console"),
            Self::File(path) => write!(formatter, "file:{}", path.display()),
        }
    }
}

impl<'de> Deserialize<'de> for OutputTarget {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse()
            .map_err(|error: DebugError| serde::de::Error::custom(error.message()))
    }
}
