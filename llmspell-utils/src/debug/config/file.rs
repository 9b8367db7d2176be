//! Settings from the `[debug]` table of a TOML file.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use super::super::error::{DebugError, DebugErrorKind};
use super::super::filter::{FilterAction, FilterRule, PatternKind, RuleSet};
use super::super::format::FormatKind;
use super::super::level::{DebugLevel, LevelError};
use super::super::redact::{RedactConfig, Redactor};
use super::super::slow::SlowThresholds;
use super::super::text::quoted;
use super::document::{Document, Setting, Table};
use super::rotate;
use super::settings::DebugConfig;
use super::target::OutputTarget;

/// The longest configuration file, in bytes.
const FILE_BYTES: u64 = 1024 * 1024;

const DEBUG_KEYS: [&str; 9] = [
    "level",
    "enabled",
    "capture_limit",
    "output",
    "format",
    "rotate",
    "filters",
    "slow",
    "redact",
];
const REDACT_KEYS: [&str; 3] = ["enabled", "patterns", "keys"];
const FILTER_KEYS: [&str; 4] = ["pattern", "enabled", "level", "type"];
const SLOW_KEYS: [&str; 3] = ["script", "evaluation", "signal"];

/// The text of a configuration file.
pub(super) fn read(file: &Path) -> Result<String, DebugError> {
    let failed = |error| {
        let message = format!(
            "the configuration file {} cannot be read: {error}",
            quoted(&file.display().to_string())
        );
        DebugError::new(DebugErrorKind::Read, message).caused_by(error)
    };
    let mut text = String::new();
    let length = File::open(file)
        .and_then(|open| open.take(FILE_BYTES + 1).read_to_string(&mut text))
        .map_err(failed)?;
    if length as u64 > FILE_BYTES {
        let name = quoted(&file.display().to_string());
        return Err(DebugError::new(
            DebugErrorKind::Read,
            format!("the configuration file {name} is longer than 1 MiB"),
        ));
    }
    Ok(text)
}

/// The settings, changed by what the `[debug]` table of the text names.
pub(super) fn applied(
    config: &DebugConfig,
    text: &str,
    file: &Path,
) -> Result<DebugConfig, DebugError> {
    let mut config = config.clone();
    let document = Document::parse(text, file)?;
    let Some(table) = document.table("debug", &DEBUG_KEYS)? else {
        return Ok(config);
    };
    if let Some(setting) = table.setting("level") {
        config.level = level(&setting)?;
    }
    if let Some(setting) = table.setting("enabled") {
        config.enabled = setting.boolean()?;
    }
    if let Some(setting) = table.setting("capture_limit") {
        config.capture_limit = setting.read("a whole number from 0")?;
    }
    if let Some(setting) = table.setting("output") {
        config.output = outputs(&setting, file.parent().unwrap_or(Path::new("")))?;
    }
    if let Some(setting) = table.setting("format") {
        config.format = Some(setting.read::<FormatKind>("text or json")?);
    }
    if let Some(setting) = table.setting("rotate") {
        config.rotate = Some(rotate::rotation(&setting)?);
    }
    if let Some(setting) = table.setting("filters") {
        config.filters = filters(&setting)?;
    }
    if let Some(setting) = table.setting("slow") {
        config.slow = slow(&setting, config.slow)?;
    }
    if let Some(setting) = table.setting("redact") {
        config.redact = redact(&setting.table(&REDACT_KEYS)?)?;
    }
    Ok(config)
}

fn redact(table: &Table<'_>) -> Result<RedactConfig, DebugError> {
    let mut config = RedactConfig::default();
    if let Some(setting) = table.setting("enabled") {
        config.enabled = setting.boolean()?;
    }
    // One after the other, so that an error names the line of the text that is refused.
    let mut redactor = Redactor::builtin();
    for (key, patterns) in [("patterns", true), ("keys", false)] {
        let Some(setting) = table.setting(key) else {
            continue;
        };
        let Some(items) = setting.items() else {
            return Err(setting.not_allowed("a list of texts"));
        };
        for item in items {
            let text: String = item.read("a text")?;
            let mut one = RedactConfig::default();
            let (one_list, list) = if patterns {
                (&mut one.patterns, &mut config.patterns)
            } else {
                (&mut one.keys, &mut config.keys)
            };
            one_list.push(text.clone());
            list.push(text);
            redactor = redactor.with(&one).map_err(|error| {
                DebugError::from_filter(&item.name(), &error).at(Some(item.place()))
            })?;
        }
    }
    Ok(config)
}

fn level(setting: &Setting<'_>) -> Result<DebugLevel, DebugError> {
    setting.read(LevelError::ALLOWED)
}

fn outputs(setting: &Setting<'_>, directory: &Path) -> Result<Vec<OutputTarget>, DebugError> {
    let targets: Vec<OutputTarget> = match setting.items() {
        Some(items) => items
            .map(|item| item.read(OutputTarget::ALLOWED))
            .collect::<Result<_, _>>()?,
        None => vec![setting.read(OutputTarget::ALLOWED)?],
    };
    Ok(targets
        .into_iter()
        .map(|target| target.relative_to(directory))
        .collect())
}

/// One threshold for all operations, or a table with those that change.
fn slow(setting: &Setting<'_>, known: SlowThresholds) -> Result<SlowThresholds, DebugError> {
    if !setting.is_table() {
        return threshold(setting).map(SlowThresholds::all);
    }
    let table = setting.table(&SLOW_KEYS)?;
    let read = |key, known| table.setting(key).map_or(Ok(known), |one| threshold(&one));
    Ok(SlowThresholds {
        script: read("script", known.script)?,
        evaluation: read("evaluation", known.evaluation)?,
        signal: read("signal", known.signal)?,
    })
}

/// A duration with its unit, or `off`.
fn threshold(setting: &Setting<'_>) -> Result<Option<Duration>, DebugError> {
    let allowed = "a duration above 0 with its unit, such as \"50ms\", or \"off\"";
    let text: String = setting.read(allowed)?;
    if text == "off" {
        return Ok(None);
    }
    match humantime::parse_duration(&text) {
        Ok(duration) if !duration.is_zero() => Ok(Some(duration)),
        _ => Err(setting.not_allowed(allowed)),
    }
}

fn filters(setting: &Setting<'_>) -> Result<Vec<FilterRule>, DebugError> {
    let Some(items) = setting.items() else {
        return Err(setting.not_allowed("a list: write `[[debug.filters]]`"));
    };
    let mut rules = RuleSet::default();
    for item in items {
        add_filter(&mut rules, &item.table(&FILTER_KEYS)?)?;
    }
    Ok(rules.summary().rules)
}

fn add_filter(rules: &mut RuleSet, table: &Table<'_>) -> Result<(), DebugError> {
    let pattern = table.required("pattern")?;
    let text: String = pattern.read("a text")?;
    let action = action(table)?;
    let rule = match table.setting("type") {
        Some(kind) => FilterRule::new(
            text,
            kind.read::<PatternKind>("exact, hierarchical, wildcard or regex")?,
            action,
        ),
        None => FilterRule::classified(text, action),
    };
    rules
        .add(rule)
        .map_err(|error| DebugError::from_filter(&pattern.name(), &error).at(Some(pattern.place())))
}

/// `enabled` or `level`; a filter that says neither switches on.
fn action(table: &Table<'_>) -> Result<FilterAction, DebugError> {
    match (table.setting("enabled"), table.setting("level")) {
        (None, None) => Ok(FilterAction::On),
        (Some(enabled), None) => enabled.boolean().map(FilterAction::from_enabled),
        (None, Some(setting)) => level(&setting).map(FilterAction::from_level),
        (Some(_), Some(setting)) => Err(setting
            .error(
                DebugErrorKind::Value,
                "a filter has `enabled` or `level`, not both".to_owned(),
            )
            .help_with("a level switches the module on down to that level")),
    }
}
