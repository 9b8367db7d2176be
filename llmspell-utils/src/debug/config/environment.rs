//! Settings from environment variables.

use super::super::error::{DebugError, DebugErrorKind};
use super::super::level::{DebugLevel, LevelError};
use super::super::text::quoted;
use super::settings::DebugConfig;

const DIRECTIVE: &str = "LLMSPELL_DEBUG";
const LEVEL: &str = "LLMSPELL_DEBUG_LEVEL";
const ENABLED: &str = "LLMSPELL_DEBUG_ENABLED";

/// The settings, changed by the variables that `lookup` finds.
pub(super) fn applied(
    config: &DebugConfig,
    lookup: impl Fn(&str) -> Option<String>,
) -> Result<DebugConfig, DebugError> {
    let mut config = config.clone();
    let value = |name| {
        lookup(name)
            .map(|value| value.trim().to_owned())
            .filter(|value| !value.is_empty())
    };
    if let Some(directive) = value(DIRECTIVE) {
        config
            .apply_directive(&directive)
            .map_err(|error| DebugError::from_filter(DIRECTIVE, &error))?;
    }
    if let Some(text) = value(LEVEL) {
        config.level = level(&text)?;
    }
    if let Some(text) = value(ENABLED) {
        config.enabled = enabled(&text)?;
    }
    Ok(config)
}

fn level(text: &str) -> Result<DebugLevel, DebugError> {
    text.parse()
        .map_err(|_| not_allowed(LEVEL, text, LevelError::ALLOWED))
}

fn enabled(text: &str) -> Result<bool, DebugError> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "on" | "yes" => Ok(true),
        "false" | "0" | "off" | "no" => Ok(false),
        _ => Err(not_allowed(
            ENABLED,
            text,
            "true, 1, on, yes, false, 0, off or no",
        )),
    }
}

fn not_allowed(name: &str, value: &str, allowed: &str) -> DebugError {
    DebugError::new(
        DebugErrorKind::Value,
        format!("{name} cannot be {}", quoted(value)),
    )
    .help_with(format!("use {allowed}"))
}
