//! What became of a command that a guardrail needs.

use super::action::text;
use crate::decision::DecisionErrorKind;
use crate::evaluator::PolicyFault;
use crate::value::{self, Value, field};

/// What became of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// With what it printed.
    Succeeded(String),
    /// With what it printed, or why it did not run.
    Failed(String),
    /// Nobody ran it.
    Missing,
}

/// The outcome of a signal that the event carries.
pub(super) fn outcome(input: &Value, name: &str) -> Outcome {
    let Some(signal) = field(input, "signals").and_then(|signals| field(signals, name)) else {
        return Outcome::Missing;
    };
    let failed = field(signal, "success") == Some(&Value::from(false));
    let exit_code = field(signal, "exit_code");
    if failed || exit_code.is_some_and(|code| *code != Value::from(0_u64)) {
        let said = ["output", "error"]
            .iter()
            .filter_map(|key| text(signal, key))
            .find(|text| !text.trim().is_empty());
        return Outcome::Failed(said.map(shortened).unwrap_or_default());
    }
    match signal {
        Value::String(text) => Outcome::Succeeded(text.to_string()),
        // Output that is JSON was read as such.
        other => Outcome::Succeeded(value_text(other)),
    }
}

fn value_text(signal: &Value) -> String {
    signal
        .to_json_str()
        .unwrap_or_else(|_| value::described(signal).to_owned())
}

fn shortened(text: &str) -> String {
    const MAX_CHARACTERS: usize = 2_000;
    text.trim().chars().take(MAX_CHARACTERS).collect()
}

/// The fault of a signal that nobody ran.
pub(super) fn missing(name: &str) -> PolicyFault {
    PolicyFault {
        kind: DecisionErrorKind::Signal,
        message: format!(
            "the signal `{name}` is not there, so that nobody knows whether the check passed"
        ),
        file: None,
        line: None,
    }
}
