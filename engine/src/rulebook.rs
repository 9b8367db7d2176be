//! `rulebook.yml`: what a project, or the machine, switches on beside its own policies.

mod builtin_config;
mod keys;

use std::sync::Arc;
use std::time::Duration;

use yaml_serde::Mapping;

use crate::decision::{DecisionError, DecisionErrorKind};
use crate::document;
use crate::error::{EngineError, EngineErrorKind, Place};
use crate::project::Project;
use crate::trust::TrustGate;

pub(crate) use keys::MAX_TIMEOUT_SECONDS;
use keys::{Keys, Switch};

const NAME: &str = "rulebook.yml";
const OTHER_NAME: &str = "rulebook.yaml";

/// A rulebook that was read.
#[derive(Debug, Default)]
pub(crate) struct Rulebook {
    /// Its file, as errors show it.
    pub(crate) file: Arc<str>,
    /// The text, for the digest.
    pub(crate) text: Option<String>,
    pub(crate) signals: Vec<SignalEntry>,
    /// What it says of guardrails.
    pub(crate) builtins: Option<Mapping>,
    /// What it asks for and cannot have: every decision lists these.
    pub(crate) errors: Vec<DecisionError>,
    /// The line that switches telemetry on, which is not written here and decides nothing.
    pub(crate) telemetry: Option<u32>,
}

/// A signal as the rulebook has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SignalEntry {
    pub(crate) name: String,
    /// For a shell.
    pub(crate) command: String,
    pub(crate) timeout: Duration,
    pub(crate) line: u32,
}

impl Rulebook {
    /// Reads the rulebook; none is an empty one.
    pub(crate) fn read(project: &Project, gate: &mut TrustGate) -> Result<Self, EngineError> {
        let file: Arc<str> = Arc::from(project.shown(NAME));
        let other = project.shown(OTHER_NAME);
        if project.folder().join(OTHER_NAME).exists() {
            return Err(EngineError {
                kind: EngineErrorKind::Rulebook,
                message: "the rulebook would not be read under this name".to_owned(),
                place: Some(Place::file(other)),
                help: "rename it to `rulebook.yml`".to_owned(),
            });
        }
        let text = project.read_optional(&file, EngineErrorKind::Rulebook)?;
        let Some(text) = text.filter(|text| gate.admits(&file, text.as_bytes())) else {
            return Ok(Self {
                file,
                ..Self::default()
            });
        };
        let keys: Option<Keys> = document::from_yaml(&text).map_err(|fault| EngineError {
            kind: EngineErrorKind::Rulebook,
            message: fault.message.clone(),
            place: Some(fault.place(&file)),
            help: fault.help,
        })?;
        let keys = keys.unwrap_or_default();
        let errors: Vec<_> = watchdog_error(&keys, &text, &file).into_iter().collect();
        let is_recorded = keys.telemetry.as_ref().is_some_and(|keys| keys.enabled);
        let telemetry = is_recorded.then(|| line_of("telemetry", &text));
        let signals = keys.signals.into_iter().flat_map(|signals| signals.0);
        let signals = signals.map(|(name, keys)| SignalEntry {
            command: keys.command,
            timeout: Duration::from_secs(keys.timeout_seconds),
            line: line_within("signals", &name, &text),
            name,
        });
        Ok(Self {
            signals: signals.collect(),
            builtins: keys.builtins,
            text: Some(text),
            file,
            errors,
            telemetry,
        })
    }

    /// The line of a guardrail's key; the first where it has none.
    pub(crate) fn line_of_builtin(&self, name: &str) -> u32 {
        line_within("builtins", name, self.text.as_deref().unwrap_or_default())
    }
}

/// The error of a watchdog that is switched on: it may deny, so that a decision without it would be too kind.
fn watchdog_error(keys: &Keys, text: &str, file: &Arc<str>) -> Option<DecisionError> {
    let is_on = match keys.watchdog.as_ref()? {
        Switch::Plain(is_on) => *is_on,
        Switch::Keys(keys) => keys.enabled,
    };
    is_on.then(|| DecisionError {
        kind: DecisionErrorKind::Load,
        policy: Arc::from("rulebook"),
        message: "`watchdog` sends events to a third party, which this engine does not do: switch it off, and let a signal of your own ask whom you trust".to_owned(),
        file: Some(Arc::clone(file)),
        line: Some(line_of("watchdog", text)),
    })
}

fn line_of(key: &str, text: &str) -> u32 {
    find_key(text.lines(), key, 0).map_or(1, line_number)
}

/// The line of a key beneath a key of the document; that of the latter where it cannot be told.
fn line_within(section: &str, key: &str, text: &str) -> u32 {
    let Some(start) = find_key(text.lines(), section, 0) else {
        return 1;
    };
    let inside = find_key(text.lines(), key, start + 1);
    line_number(inside.unwrap_or(start))
}

/// The index of the first line, from one on, that begins with a key.
fn find_key<'text>(
    lines: impl Iterator<Item = &'text str>,
    key: &str,
    from: usize,
) -> Option<usize> {
    let quotes = ['"', '\''];
    let stands = |line: &str| {
        let line = if from == 0 { line } else { line.trim_start() };
        line.trim_start_matches(quotes)
            .strip_prefix(key)
            .is_some_and(|rest| {
                rest.trim_start_matches(quotes)
                    .trim_start()
                    .starts_with(':')
            })
    };
    let mut lines = lines.enumerate().skip(from);
    lines.find(|(_, line)| stands(line)).map(|(index, _)| index)
}

fn line_number(index: usize) -> u32 {
    u32::try_from(index + 1).unwrap_or(u32::MAX)
}
