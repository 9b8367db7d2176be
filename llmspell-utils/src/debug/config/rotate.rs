//! The `[debug.rotate]` table: when files are put aside, and how many are kept.

use std::time::Duration;

use super::super::error::DebugError;
use super::super::output::Rotation;
use super::document::Setting;

const KEYS: [&str; 3] = ["size", "age", "keep"];

/// Reads the table; what it does not name keeps its default.
pub(super) fn rotation(setting: &Setting<'_>) -> Result<Rotation, DebugError> {
    let table = setting.table(&KEYS)?;
    let mut rotation = Rotation::default();
    if let Some(setting) = table.setting("size") {
        rotation.size = setting.size()?;
    }
    if let Some(setting) = table.setting("age") {
        rotation.age = Some(age(&setting)?);
    }
    if let Some(setting) = table.setting("keep") {
        rotation.keep = keep(&setting)?;
    }
    Ok(rotation)
}

fn age(setting: &Setting<'_>) -> Result<Duration, DebugError> {
    let allowed = "a number above 0 and its unit, in quotes, such as `1d` or `6h`";
    let text: String = setting.read(allowed)?;
    match humantime::parse_duration(&text) {
        Ok(age) if !age.is_zero() => Ok(age),
        _ => Err(setting.not_allowed(allowed)),
    }
}

fn keep(setting: &Setting<'_>) -> Result<u32, DebugError> {
    let allowed = format!("a whole number from 0 to {}", Rotation::MOST_KEPT);
    match setting.read(&allowed)? {
        keep @ 0..=Rotation::MOST_KEPT => Ok(keep),
        _ => Err(setting.not_allowed(allowed)),
    }
}
