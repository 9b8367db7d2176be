//! What came of a signal, as a policy sees it and as a decision reports it.

use std::sync::Arc;
use std::time::Duration;

use super::Signal;
use super::output;
use crate::decision::{DecisionError, DecisionErrorKind};
use crate::value::{Value, object};

/// What came of one signal.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The command ended well and said this.
    Value(Value),
    /// The command ended with another code than 0.
    Exited {
        code: i32,
        output: String,
        error: String,
    },
    /// The command could not be run, or did not finish; why, as the end of a sentence that begins with the signal.
    Failed(String),
}

/// How a command ended that came to its end.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) code: i32,
    pub(super) output: Vec<u8>,
    pub(super) error: Vec<u8>,
}

/// Why a command did not come to its end.
#[derive(Debug)]
pub(super) enum Unfinished {
    NotStarted(String),
    TimedOut,
    /// It wrote more than it may.
    TooMuch(usize),
    /// Something else ended it.
    Killed(i32),
    Lost(String),
}

impl Outcome {
    pub(super) fn of(result: Result<Finished, Unfinished>, timeout: Duration) -> Self {
        match result {
            Ok(finished) if finished.code == 0 => match output::value_of(&finished.output) {
                Ok(value) => Self::Value(value),
                Err(why) => Self::Failed(format!("wrote JSON that cannot be taken: {why}")),
            },
            Ok(finished) => Self::Exited {
                code: finished.code,
                output: trimmed(&finished.output),
                error: trimmed(&finished.error),
            },
            Err(unfinished) => Self::Failed(unfinished.described(timeout)),
        }
    }

    /// What policies see as `input.signals.<name>`.
    pub(crate) fn to_value(&self) -> Value {
        match self {
            Self::Value(value) => value.clone(),
            Self::Exited {
                code,
                output,
                error,
            } => object([
                ("exit_code", Value::from(i64::from(*code))),
                ("output", Value::from(output.as_str())),
                ("error", Value::from(error.as_str())),
                ("success", Value::from(false)),
            ]),
            Self::Failed(why) => object([
                ("error", Value::from(why.as_str())),
                ("success", Value::from(false)),
            ]),
        }
    }

    /// The error of the decision, if there is one; a failure that every policy looks at itself is none, as long as
    /// the command came to its end.
    pub(super) fn error(&self, signal: &Signal, is_seen: bool) -> Option<DecisionError> {
        let message = match self {
            Self::Value(_) => return None,
            Self::Exited { .. } if is_seen => return None,
            Self::Exited { code, .. } => format!("the signal `{}` ended with {code}", signal.name),
            Self::Failed(why) => format!("the signal `{}` {why}", signal.name),
        };
        Some(DecisionError {
            kind: DecisionErrorKind::Signal,
            policy: Arc::clone(&signal.name),
            message,
            file: Some(Arc::clone(&signal.file)),
            line: signal.line,
        })
    }
}

impl Unfinished {
    fn described(&self, timeout: Duration) -> String {
        match self {
            Self::NotStarted(why) => format!("could not be started: {why}"),
            Self::TimedOut => format!(
                "did not finish within {} s, and was stopped with everything that it had started",
                timeout.as_secs_f64()
            ),
            Self::TooMuch(most) => format!("wrote more than {most} bytes, and was stopped"),
            Self::Killed(signal) => format!("was ended by the system's signal {signal}"),
            Self::Lost(why) => format!("was lost: {why}"),
        }
    }
}

fn trimmed(text: &[u8]) -> String {
    String::from_utf8_lossy(text).trim().to_owned()
}
