//! Operations that take longer than somebody wants them to.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::Serialize;

use super::clock::saturating_nanoseconds;

/// What sort of operation may be slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SlowOperation {
    /// A call of a script by the host.
    Script,
    /// The evaluation of an event.
    Evaluation,
    /// A signal that an evaluation asked for.
    Signal,
}

impl SlowOperation {
    /// The stable name, for programs to read.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Script => "script",
            Self::Evaluation => "evaluation",
            Self::Signal => "signal",
        }
    }
}

impl fmt::Display for SlowOperation {
    /// As a person reads it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Script => "script call",
            Self::Evaluation => "evaluation",
            Self::Signal => "signal",
        })
    }
}

/// How long each sort of operation may take before it leaves a warning; nothing is for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SlowThresholds {
    /// For calls of scripts.
    pub script: Option<Duration>,
    /// For evaluations.
    pub evaluation: Option<Duration>,
    /// For signals.
    pub signal: Option<Duration>,
}

impl SlowThresholds {
    /// The same for every sort of operation.
    #[must_use]
    pub const fn all(threshold: Option<Duration>) -> Self {
        Self {
            script: threshold,
            evaluation: threshold,
            signal: threshold,
        }
    }

    /// How long this sort of operation may take.
    #[must_use]
    pub const fn of(&self, operation: SlowOperation) -> Option<Duration> {
        match operation {
            SlowOperation::Script => self.script,
            SlowOperation::Evaluation => self.evaluation,
            SlowOperation::Signal => self.signal,
        }
    }
}

/// Thresholds that may change while others read them: nanoseconds, where the greatest number is for ever.
#[derive(Debug)]
pub(super) struct SharedThresholds {
    script: AtomicU64,
    evaluation: AtomicU64,
    signal: AtomicU64,
}

impl Default for SharedThresholds {
    fn default() -> Self {
        let never = || AtomicU64::new(u64::MAX);
        Self {
            script: never(),
            evaluation: never(),
            signal: never(),
        }
    }
}

// Relaxed everywhere: each value stands for itself.
impl SharedThresholds {
    pub(super) fn set(&self, thresholds: SlowThresholds) {
        let number =
            |threshold: Option<Duration>| threshold.map_or(u64::MAX, saturating_nanoseconds);
        self.script
            .store(number(thresholds.script), Ordering::Relaxed);
        self.evaluation
            .store(number(thresholds.evaluation), Ordering::Relaxed);
        self.signal
            .store(number(thresholds.signal), Ordering::Relaxed);
    }

    pub(super) fn of(&self, operation: SlowOperation) -> Option<Duration> {
        let threshold = match operation {
            SlowOperation::Script => &self.script,
            SlowOperation::Evaluation => &self.evaluation,
            SlowOperation::Signal => &self.signal,
        };
        match threshold.load(Ordering::Relaxed) {
            u64::MAX => None,
            nanoseconds => Some(Duration::from_nanos(nanoseconds)),
        }
    }
}
