//! What came of the signals that were gathered for an event.

use std::sync::Arc;

use serde::Serialize;

use crate::evaluation::microseconds;
use crate::signals::{Gathered, Outcome};

/// What came of one signal.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SignalExplanation {
    /// The signal's name.
    pub name: Arc<str>,
    /// What came of its command.
    pub outcome: SignalOutcome,
    /// The code with which the command ended, where it is not 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// What went wrong, as the end of a sentence that begins with the signal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// How long it took, in microseconds; signals are gathered side by side.
    pub time_us: f64,
}

/// What came of a signal's command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SignalOutcome {
    /// It ended well, and policies see what it wrote.
    Answered,
    /// It ended with another code than 0, which policies see.
    Exited,
    /// It could not be started, did not finish in time, or wrote what cannot be taken.
    Failed,
}

impl SignalExplanation {
    pub(super) fn of(signal: &Gathered<'_>) -> Self {
        let (outcome, exit_code, message) = match &signal.outcome {
            Outcome::Value(_) => (SignalOutcome::Answered, None, None),
            Outcome::Exited { code, .. } => (
                SignalOutcome::Exited,
                Some(*code),
                Some(format!("ended with {code}")),
            ),
            Outcome::Failed(why) => (SignalOutcome::Failed, None, Some(why.clone())),
        };
        Self {
            name: Arc::from(signal.name),
            outcome,
            exit_code,
            message,
            time_us: microseconds(signal.took),
        }
    }
}
