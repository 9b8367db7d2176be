//! The time that the whole of a hook may take, and how it is split.

use std::time::{Duration, Instant};

use llmspell_engine::EngineOptions;
use llmspell_utils::debug::{DebugError, Setting};

use super::last_resort;

/// How long it may take at most: agents do not wait longer, and take a hook that they gave up for an allow.
const MOST: Duration = Duration::from_secs(600);
const LEAST: Duration = Duration::from_millis(50);

/// When the reply has to be there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    begun: Instant,
    deadline: Duration,
    /// When whoever began with the event would have given up.
    latest: Option<Instant>,
}

impl Budget {
    /// How long a hook may take unless the project says otherwise.
    pub(crate) const USUAL: Duration = Duration::from_secs(2);

    /// The time begins, as long as it usually is, or what is left of it in a process that has another program in it now;
    /// when it is over, the refusal is given.
    pub(super) fn begin() -> Self {
        let inherited = last_resort::time_left();
        let budget = Self {
            latest: inherited.map(|left| Instant::now() + left),
            ..Self::of_server(None)
        };
        last_resort::deadline(budget.left());
        budget
    }

    /// The time of one answer of a server, which no timer ends.
    pub(crate) fn of_server(deadline: Option<Duration>) -> Self {
        Self {
            begun: Instant::now(),
            deadline: deadline.unwrap_or(Self::USUAL),
            latest: None,
        }
    }

    /// Takes over how long it may be.
    pub(super) fn configure(&mut self, deadline: Option<Duration>) {
        if let Some(deadline) = deadline {
            self.deadline = deadline;
            last_resort::deadline(self.left());
        }
    }

    /// Reads how long a hook may take.
    pub(crate) fn read(setting: &Setting<'_>) -> Result<Duration, DebugError> {
        let allowed = "a duration from 50ms to 10m with its unit, such as \"2s\"";
        let text: String = setting.read(allowed)?;
        match humantime::parse_duration(&text) {
            Ok(deadline) if (LEAST..=MOST).contains(&deadline) => Ok(deadline),
            _ => Err(setting.not_allowed(allowed)),
        }
    }

    /// What is gone of it.
    pub(super) fn spent(&self) -> Duration {
        self.begun.elapsed()
    }

    /// What is left of it.
    pub(super) fn left(&self) -> Duration {
        let left = self.deadline.saturating_sub(self.begun.elapsed());
        self.latest.map_or(left, |latest| {
            left.min(latest.saturating_duration_since(Instant::now()))
        })
    }

    /// Splits what is left: six tenths for signals, three for policies, and one to say what they said.
    pub(crate) fn split(&self, options: EngineOptions) -> EngineOptions {
        let tenth = self.left() / 10;
        EngineOptions {
            signal_deadline: Some(tenth * 6),
            deadline: options.deadline.min(tenth * 3),
            ..options
        }
    }
}
