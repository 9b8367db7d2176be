//! The `[script]` table of `llmspell.toml`: limits of scripts and where their events lie.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use crate::sandbox::SandboxLimits;

/// What a project says about the scripts that run in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScriptConfig {
    /// Memory, stack and time of scripts.
    pub limits: SandboxLimits,
    /// A folder or file of events for `Cupcake.events()`, relative to the project.
    pub events: Option<PathBuf>,
}

/// The keys as they are written.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Keys {
    timeout: Option<String>,
    memory: Option<String>,
    stack: Option<String>,
    events: Option<PathBuf>,
}

impl ScriptConfig {
    /// The names of all keys, for the error about an unknown one.
    pub const KEYS: [&'static str; 4] = ["timeout", "memory", "stack", "events"];

    /// Reads the table.
    ///
    /// # Errors
    /// The key that is wrong, and what it must be.
    pub fn from_table(table: toml::Table) -> Result<Self, (String, String)> {
        let keys: Keys = table.try_into().map_err(|error: toml::de::Error| ("script".to_owned(), error.message().to_owned()))?;
        let mut config = Self { events: keys.events, ..Self::default() };
        if let Some(timeout) = keys.timeout {
            config.limits.timeout = Some(parse_duration(&timeout).map_err(|error| ("timeout".to_owned(), error))?);
        }
        if let Some(memory) = keys.memory {
            config.limits.memory = parse_size(&memory).map_err(|error| ("memory".to_owned(), error))?;
        }
        if let Some(stack) = keys.stack {
            config.limits.stack = parse_size(&stack).map_err(|error| ("stack".to_owned(), error))?;
        }
        Ok(config)
    }
}

/// Reads a duration with its unit, such as `250ms` or `2s`.
///
/// # Errors
/// What is wrong with the text.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(duration) if duration.is_zero() => Err("a duration must be longer than nothing".to_owned()),
        Ok(duration) => Ok(duration),
        Err(_) => Err(format!("`{text}` is no duration; write a number and its unit, such as `250ms` or `2s`")),
    }
}

/// Reads a size with its unit, such as `64MiB` or `512KiB`.
///
/// # Errors
/// What is wrong with the text.
pub fn parse_size(text: &str) -> Result<usize, String> {
    match text.parse::<bytesize::ByteSize>() {
        Ok(size) if size.as_u64() == 0 => Err("a size must be larger than nothing".to_owned()),
        Ok(size) => usize::try_from(size.as_u64()).map_err(|_| format!("`{text}` is more than this machine can address")),
        Err(_) => Err(format!("`{text}` is no size; write a number and its unit, such as `64MiB` or `512KiB`")),
    }
}
