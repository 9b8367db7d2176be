//! One running timer.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::Value;
use uuid::Uuid;

use super::super::clock::saturating_nanoseconds;
use super::event::{Lap, Notes, TimerEvent};
use super::registry::{LossCounters, Timer};

/// The duration of a timer that is not stopped.
const RUNNING: u64 = u64::MAX;

/// One timer. The first stop counts; a timer that is dropped before is forgotten.
///
/// ```
/// use llmspell_utils::debug::Profiler;
///
/// let profiler = Profiler::default();
/// let timer = profiler.start("load");
/// timer.lap("read");
/// timer.event("cache", Some(serde_json::json!({ "hit": true })));
/// let duration = timer.stop();
/// assert_eq!(timer.stop(), duration);
/// assert_eq!(timer.laps()[0].name, "read");
/// ```
pub struct PerformanceTracker {
    state: Arc<TimerState>,
}

#[derive(Debug)]
pub(super) struct TimerState {
    timer: Arc<Timer>,
    started: Duration,
    /// Nanoseconds, or `RUNNING`.
    stopped: AtomicU64,
    id: OnceLock<Uuid>,
    notes: Mutex<Notes>,
}

impl PerformanceTracker {
    pub(super) fn start(timer: Arc<Timer>) -> Self {
        let started = timer.context.clock.now();
        let state = TimerState {
            timer,
            started,
            stopped: AtomicU64::new(RUNNING),
            id: OnceLock::new(),
            notes: Mutex::default(),
        };
        Self {
            state: Arc::new(state),
        }
    }

    pub(super) const fn from_state(state: Arc<TimerState>) -> Self {
        Self { state }
    }

    /// What the timer is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.state.timer.name
    }

    /// The timer's id, made when it is first asked for; from then on the profiler finds the timer by it.
    pub fn id(&self) -> Uuid {
        *self.state.id.get_or_init(|| {
            let id = Uuid::new_v4();
            self.state.timer.context.register(id, &self.state);
            id
        })
    }

    /// Whether the timer was not stopped yet.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.state.stopped().is_none()
    }

    /// The time since the start, or from start to stop.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.state
            .stopped()
            .unwrap_or_else(|| self.state.since_start())
    }

    /// Marks a lap and returns the time since the lap before, or since the start.
    ///
    /// A timer lists 1,000 laps; further ones are measured and counted as lost. After the stop no lap is listed, and
    /// the time between the last lap and the stop is returned.
    pub fn lap(&self, name: impl AsRef<str>) -> Duration {
        let mut notes = self.state.notes.lock();
        if let Some(stopped) = self.state.stopped() {
            return stopped.saturating_sub(notes.latest_lap);
        }
        let at = self.state.since_start();
        let duration = at.saturating_sub(notes.latest_lap);
        if !notes.add_lap(name.as_ref(), at) {
            LossCounters::count(&self.state.losses().laps);
        }
        duration
    }

    /// Notes an event and says whether it is listed.
    ///
    /// A timer lists 1,000 events with 1 MiB of data; further ones are counted as lost. After the stop none is listed.
    pub fn event(&self, name: impl AsRef<str>, data: Option<Value>) -> bool {
        let mut notes = self.state.notes.lock();
        if self.state.stopped().is_some() {
            return false;
        }
        let listed = notes.add_event(name.as_ref(), self.state.since_start(), data);
        if !listed {
            LossCounters::count(&self.state.losses().events);
        }
        listed
    }

    /// Stops the timer and returns the time since the start; the first stop counts and enters the statistics, later
    /// ones return the same.
    pub fn stop(&self) -> Duration {
        self.state.stop()
    }

    /// The laps so far.
    #[must_use]
    pub fn laps(&self) -> Vec<Lap> {
        self.state.notes.lock().laps.clone()
    }

    /// The events so far.
    #[must_use]
    pub fn events(&self) -> Vec<TimerEvent> {
        self.state.notes.lock().events.clone()
    }
}

impl fmt::Debug for PerformanceTracker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PerformanceTracker")
            .field("name", &self.name())
            .field("stopped", &self.state.stopped())
            .finish_non_exhaustive()
    }
}

impl TimerState {
    fn since_start(&self) -> Duration {
        self.timer.context.clock.now().saturating_sub(self.started)
    }

    fn stopped(&self) -> Option<Duration> {
        match self.stopped.load(Ordering::Acquire) {
            RUNNING => None,
            nanoseconds => Some(Duration::from_nanos(nanoseconds)),
        }
    }

    fn stop(&self) -> Duration {
        let elapsed = saturating_nanoseconds(self.since_start()).min(RUNNING - 1);
        match self
            .stopped
            .compare_exchange(RUNNING, elapsed, Ordering::AcqRel, Ordering::Acquire)
        {
            Ok(_) => {
                let elapsed = Duration::from_nanos(elapsed);
                self.timer.aggregate.record(elapsed);
                elapsed
            }
            Err(earlier) => Duration::from_nanos(earlier),
        }
    }

    fn losses(&self) -> &LossCounters {
        &self.timer.context.losses
    }
}

impl Drop for TimerState {
    fn drop(&mut self) {
        if let Some(id) = self.id.get() {
            self.timer.context.unregister(id);
        }
        if self.stopped().is_none() {
            LossCounters::count(&self.losses().abandoned);
        }
    }
}
