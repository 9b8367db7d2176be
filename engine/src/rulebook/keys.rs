//! The keys of a rulebook, each of them known.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use yaml_serde::Mapping;

/// The longest that a signal may be given.
pub(crate) const MAX_TIMEOUT_SECONDS: u64 = 3_600;

/// The keys of the document.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping")]
pub(super) struct Keys {
    pub(super) signals: Option<Named<SignalKeys>>,
    pub(super) builtins: Option<Mapping>,
    pub(super) watchdog: Option<Switch<WatchdogKeys>>,
    pub(super) telemetry: Option<TelemetryKeys>,
}

/// A signal: the command that gathers it, and how long that may take.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping")]
pub(super) struct SignalKeys {
    #[serde(deserialize_with = "command")]
    pub(super) command: String,
    #[serde(default = "default_timeout", deserialize_with = "timeout")]
    pub(super) timeout_seconds: u64,
}

/// A judge that sends events to others. Its keys are read so that a rulebook may have them while it is off.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping")]
pub(super) struct WatchdogKeys {
    #[serde(default)]
    pub(super) enabled: bool,
    #[serde(rename = "backend")]
    _backend: Option<String>,
    #[serde(rename = "timeout_seconds")]
    _timeout_seconds: Option<u64>,
    #[serde(rename = "on_error")]
    _on_error: Option<OnError>,
    #[serde(rename = "dry_run")]
    _dry_run: Option<bool>,
    #[serde(rename = "openrouter")]
    _openrouter: Option<OpenrouterKeys>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum OnError {
    Allow,
    Deny,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping")]
struct OpenrouterKeys {
    #[serde(rename = "model")]
    _model: Option<String>,
    #[serde(rename = "api_key_env")]
    _api_key_env: Option<String>,
    #[serde(rename = "timeout_seconds")]
    _timeout_seconds: Option<u64>,
    #[serde(rename = "system_prompt")]
    _system_prompt: Option<String>,
}

/// Files about every event, which this engine does not write.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping")]
pub(super) struct TelemetryKeys {
    #[serde(default)]
    pub(super) enabled: bool,
    #[serde(rename = "format")]
    _format: Option<TelemetryFormat>,
    #[serde(rename = "destination")]
    _destination: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum TelemetryFormat {
    Json,
    Text,
}

/// `true`, `false`, or a mapping that says more.
#[derive(Debug)]
pub(super) enum Switch<T> {
    Plain(bool),
    Keys(T),
}

/// Values by names, none of which stands twice.
#[derive(Debug)]
pub(super) struct Named<T>(pub(super) BTreeMap<String, T>);

const fn default_timeout() -> u64 {
    5
}

fn command<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let command = String::deserialize(deserializer)?;
    if command.trim().is_empty() {
        return Err(D::Error::custom("the `command` of a signal is empty"));
    }
    if command.contains('\0') {
        return Err(D::Error::custom(
            "the `command` of a signal holds a NUL, which no command can",
        ));
    }
    Ok(command)
}

fn timeout<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let seconds = u64::deserialize(deserializer)?;
    if !(1..=MAX_TIMEOUT_SECONDS).contains(&seconds) {
        return Err(D::Error::custom(format_args!(
            "`timeout_seconds` must be from 1 to {MAX_TIMEOUT_SECONDS}, not {seconds}"
        )));
    }
    Ok(seconds)
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Switch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SwitchVisitor(PhantomData))
    }
}

struct SwitchVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for SwitchVisitor<T> {
    type Value = Switch<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("true, false or a mapping")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Switch<T>, E> {
        Ok(Switch::Plain(value))
    }

    fn visit_unit<E: Error>(self) -> Result<Switch<T>, E> {
        Ok(Switch::Plain(false))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Switch<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Switch::Keys)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(NamedVisitor(PhantomData))
    }
}

struct NamedVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for NamedVisitor<T> {
    type Value = Named<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a mapping")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Named<T>, A::Error> {
        let mut named = BTreeMap::new();
        while let Some(name) = map.next_key::<String>()? {
            if named.contains_key(&name) {
                return Err(A::Error::custom(format_args!(
                    "the key `{name}` stands twice"
                )));
            }
            let value = map.next_value()?;
            named.insert(name, value);
        }
        Ok(Named(named))
    }
}
