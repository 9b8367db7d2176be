//! `rulebook.yml`: what a project switches on beside its own policies.

use std::sync::Arc;

use serde::Deserialize;
use yaml_serde::{Mapping, Value};

use crate::decision::{DecisionError, DecisionErrorKind};
use crate::document;
use crate::error::{EngineError, EngineErrorKind, Place};
use crate::project::Project;
use crate::trust::TrustGate;

/// The rulebook, relative to the project.
pub(crate) const FILE: &str = ".cupcake/rulebook.yml";
const OTHER_FILE: &str = ".cupcake/rulebook.yaml";

/// The keys of the document.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping")]
struct Keys {
    signals: Option<Mapping>,
    builtins: Option<Mapping>,
    watchdog: Option<Value>,
    telemetry: Option<Value>,
}

/// A rulebook that was read.
#[derive(Debug, Default)]
pub(crate) struct Rulebook {
    /// The text, for the digest.
    pub(crate) text: Option<String>,
    /// What it asks for and cannot have: every decision lists these.
    pub(crate) errors: Vec<DecisionError>,
}

impl Rulebook {
    /// Reads the project's rulebook; none is an empty one.
    pub(crate) fn read(project: &Project, gate: &mut TrustGate) -> Result<Self, EngineError> {
        if project.root().join(OTHER_FILE).exists() {
            return Err(EngineError {
                kind: EngineErrorKind::Rulebook,
                message: "the rulebook would not be read under this name".to_owned(),
                place: Some(Place::file(OTHER_FILE)),
                help: "rename it to `rulebook.yml`".to_owned(),
            });
        }
        let text = project.read_optional(FILE, EngineErrorKind::Rulebook)?;
        let Some(text) = text.filter(|text| gate.admits(FILE, text.as_bytes())) else {
            return Ok(Self::default());
        };
        let keys: Option<Keys> = document::from_yaml(&text).map_err(|fault| EngineError {
            kind: EngineErrorKind::Rulebook,
            message: fault.message.clone(),
            place: Some(fault.place(FILE)),
            help: fault.help,
        })?;
        let errors = unsupported(&keys.unwrap_or_default(), &text);
        Ok(Self {
            text: Some(text),
            errors,
        })
    }
}

/// An error for everything that is switched on and cannot be done, so that nothing is skipped in silence.
fn unsupported(keys: &Keys, text: &str) -> Vec<DecisionError> {
    let used = [
        (
            keys.signals
                .as_ref()
                .is_some_and(|signals| !signals.is_empty()),
            "signals",
            DecisionErrorKind::Signal,
        ),
        (
            keys.builtins
                .as_ref()
                .is_some_and(|builtins| builtins.values().any(|builtin| !is_off(builtin))),
            "builtins",
            DecisionErrorKind::Load,
        ),
        (
            keys.watchdog
                .as_ref()
                .is_some_and(|watchdog| !is_off(watchdog)),
            "watchdog",
            DecisionErrorKind::Load,
        ),
        (
            keys.telemetry.as_ref().is_some_and(is_on),
            "telemetry",
            DecisionErrorKind::Load,
        ),
    ];
    used.into_iter()
        .filter(|(is_used, ..)| *is_used)
        .map(|(_, key, kind)| DecisionError {
            kind,
            policy: Arc::from("rulebook"),
            message: format!("the rulebook uses `{key}`, which this engine cannot do"),
            file: Some(Arc::from(FILE)),
            line: Some(line_of(key, text)),
        })
        .collect()
}

fn is_off(value: &Value) -> bool {
    matches!(value, Value::Null | Value::Bool(false))
        || value.get("enabled") == Some(&Value::Bool(false))
}

fn is_on(value: &Value) -> bool {
    *value == Value::Bool(true) || value.get("enabled") == Some(&Value::Bool(true))
}

fn line_of(key: &str, text: &str) -> u32 {
    let stands = |line: &str| {
        let line = line.trim_start_matches(['"', '\'']);
        line.strip_prefix(key)
            .is_some_and(|rest| rest.trim_start_matches(['"', '\'', ' ']).starts_with(':'))
    };
    text.lines()
        .position(stands)
        .map_or(1, |index| u32::try_from(index + 1).unwrap_or(u32::MAX))
}
