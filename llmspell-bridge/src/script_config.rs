//! The `[script]` table of `llmspell.toml`: limits of scripts and where their events lie.

use std::path::{Path, PathBuf};
use std::time::Duration;

use llmspell_utils::debug::{DebugError, Document, Setting};

use crate::sandbox::SandboxLimits;

/// The largest size that is taken for meant: 1 TiB. What is larger is a slip of the pen.
const LARGEST: usize = 1 << 40;

const KEYS: [&str; 4] = ["timeout", "memory", "stack", "events"];

/// What a project says about the scripts that run in it.
///
/// ```
/// use std::path::Path;
/// use std::time::Duration;
/// use llmspell_bridge::ScriptConfig;
///
/// let text = "[script]\ntimeout = '250ms'\nevents = 'events'\n";
/// let config = ScriptConfig::from_toml(text, Path::new("shop/llmspell.toml"))?;
/// assert_eq!(config.limits.timeout, Some(Duration::from_millis(250)));
/// assert_eq!(config.events.as_deref(), Some(Path::new("shop/events")));
/// # Ok::<(), llmspell_utils::debug::DebugError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScriptConfig {
    /// Memory, stack and time of scripts.
    pub limits: SandboxLimits,
    /// A folder or file of events for `Cupcake.events()`.
    pub events: Option<PathBuf>,
}

impl ScriptConfig {
    /// The defaults, changed by the `[script]` table of a TOML text. `file` is where the text comes
    /// from, for errors and for relative paths in it.
    ///
    /// # Errors
    ///
    /// A text that is not TOML, an unknown key, a value that its key does not allow: each with its line
    /// and column.
    pub fn from_toml(text: &str, file: &Path) -> Result<Self, DebugError> {
        let document = Document::parse(text, file)?;
        let mut config = Self::default();
        let Some(table) = document.table("script", &KEYS)? else {
            return Ok(config);
        };
        if let Some(setting) = table.setting("timeout") {
            config.limits.timeout = Some(read(&setting, parse_duration)?);
        }
        if let Some(setting) = table.setting("memory") {
            config.limits.memory = read(&setting, parse_size)?;
        }
        if let Some(setting) = table.setting("stack") {
            config.limits.stack = read(&setting, parse_size)?;
        }
        if let Some(setting) = table.setting("events") {
            let events: PathBuf = setting.read("the path of a folder or a file")?;
            config.events = Some(file.parent().unwrap_or(Path::new("")).join(events));
        }
        Ok(config)
    }
}

/// A setting whose text has a grammar of its own.
fn read<T>(setting: &Setting<'_>, parse: fn(&str) -> Result<T, String>) -> Result<T, DebugError> {
    let text: String = setting.read("a number and its unit, in quotes")?;
    parse(&text).map_err(|_| setting.not_allowed("a number above 0 and its unit, in quotes"))
}

/// Reads a duration with its unit, such as `250ms` or `2s`.
///
/// # Errors
/// What is wrong with the text.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(duration) if duration.is_zero() => {
            Err("a duration must be longer than nothing".to_owned())
        }
        Ok(duration) => Ok(duration),
        Err(_) => Err(format!(
            "`{text}` is no duration; write a number and its unit, such as `250ms` or `2s`"
        )),
    }
}

/// Reads a size with its unit, such as `64MiB` or `512KiB`.
///
/// # Errors
/// What is wrong with the text.
pub fn parse_size(text: &str) -> Result<usize, String> {
    let size = text.parse::<bytesize::ByteSize>().map_err(|_| {
        format!("`{text}` is no size; write a number and its unit, such as `64MiB` or `512KiB`")
    })?;
    match usize::try_from(size.as_u64()) {
        Ok(0) => Err("a size must be larger than nothing".to_owned()),
        Ok(size) if size <= LARGEST => Ok(size),
        _ => Err(format!("`{text}` is more than any machine has")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_has_a_unit_and_bounds() {
        assert_eq!(parse_size("64MiB"), Ok(64 << 20));
        assert_eq!(parse_size("512 KiB"), Ok(512 << 10));
        assert_eq!(parse_size("1TiB"), Ok(1 << 40));
        for text in ["", "much", "-1MiB", "0", "2TiB", "99999999999999999999GiB"] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_duration_has_a_unit_and_is_longer_than_nothing() {
        assert_eq!(parse_duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(parse_duration("1m 30s"), Ok(Duration::from_secs(90)));
        for text in ["", "soon", "0s", "-1s", "99999999999999999999s"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }
}
