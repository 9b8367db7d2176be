//! One running timer.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::Value;
use uuid::Uuid;

use super::event::{Lap, Notes, TimerEvent};
use super::registry::{LossCounters, Timer};

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
    timer: Arc<Timer>,
    started: Duration,
    run: Mutex<Run>,
}

/// What is going on with a timer.
///
/// Most timers are only started and stopped: they need no memory of their own until somebody asks for more.
#[derive(Debug)]
enum Run {
    /// The time from start to stop, once there is one.
    Alone(Option<Duration>),
    Shared(Arc<SharedRun>),
}

/// A timer that has notes or can be found by its id, and so may have several trackers.
#[derive(Debug)]
pub(super) struct SharedRun {
    timer: Arc<Timer>,
    started: Duration,
    id: OnceLock<Uuid>,
    progress: Mutex<Progress>,
}

#[derive(Debug)]
struct Progress {
    stopped: Option<Duration>,
    notes: Notes,
}

impl PerformanceTracker {
    pub(super) fn start(timer: Arc<Timer>) -> Self {
        let started = timer.context.clock.now();
        Self {
            timer,
            started,
            run: Mutex::new(Run::Alone(None)),
        }
    }

    pub(super) fn from_shared(shared: Arc<SharedRun>) -> Self {
        Self {
            timer: Arc::clone(&shared.timer),
            started: shared.started,
            run: Mutex::new(Run::Shared(shared)),
        }
    }

    /// What the timer is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.timer.name
    }

    /// The timer's id, made when it is first asked for; from then on the profiler finds the timer by it.
    pub fn id(&self) -> Uuid {
        let shared = self.shared();
        *shared.id.get_or_init(|| {
            let id = Uuid::new_v4();
            self.timer.context.register(id, &shared);
            id
        })
    }

    /// Whether the timer was not stopped yet.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.stopped().is_none()
    }

    /// The time since the start, or from start to stop.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.stopped().unwrap_or_else(|| self.since_start())
    }

    /// Marks a lap and returns the time since the lap before, or since the start.
    ///
    /// A timer lists 1,000 laps; further ones are measured and counted as lost. After the stop no lap is listed, and
    /// the time between the last lap and the stop is returned.
    pub fn lap(&self, name: impl AsRef<str>) -> Duration {
        let shared = self.shared();
        let mut progress = shared.progress.lock();
        let before = progress.notes.latest_lap;
        if let Some(stopped) = progress.stopped {
            return stopped.saturating_sub(before);
        }
        let at = self.since_start();
        if !progress
            .notes
            .add_lap(&self.timer.context.notes, name.as_ref(), at)
        {
            LossCounters::count(&self.timer.context.losses.laps);
        }
        at.saturating_sub(before)
    }

    /// Notes an event and says whether it is listed.
    ///
    /// A timer lists 1,000 events with 1 MiB of data, and all timers of a profiler 16 MiB of laps and events; further
    /// ones are counted as lost. After the stop none is listed.
    pub fn event(&self, name: impl AsRef<str>, data: Option<Value>) -> bool {
        let shared = self.shared();
        let mut progress = shared.progress.lock();
        if progress.stopped.is_some() {
            return false;
        }
        let listed = progress.notes.add_event(
            &self.timer.context.notes,
            name.as_ref(),
            self.since_start(),
            data,
        );
        if !listed {
            LossCounters::count(&self.timer.context.losses.events);
        }
        listed
    }

    /// Stops the timer and returns the time since the start; the first stop counts and enters the statistics, later
    /// ones return the same.
    pub fn stop(&self) -> Duration {
        let elapsed = self.since_start();
        let mut run = self.run.lock();
        let earlier = match &mut *run {
            Run::Alone(stopped) => set_once(stopped, elapsed),
            Run::Shared(shared) => set_once(&mut shared.progress.lock().stopped, elapsed),
        };
        drop(run);
        earlier.unwrap_or_else(|| {
            self.timer.aggregate.record(elapsed);
            elapsed
        })
    }

    /// The laps so far.
    #[must_use]
    pub fn laps(&self) -> Vec<Lap> {
        self.with_notes(|notes| notes.laps.clone())
    }

    /// The events so far.
    #[must_use]
    pub fn events(&self) -> Vec<TimerEvent> {
        self.with_notes(|notes| notes.events.clone())
    }

    fn since_start(&self) -> Duration {
        self.timer.context.clock.now().saturating_sub(self.started)
    }

    fn stopped(&self) -> Option<Duration> {
        match &*self.run.lock() {
            Run::Alone(stopped) => *stopped,
            Run::Shared(shared) => shared.progress.lock().stopped,
        }
    }

    fn with_notes<T: Default>(&self, look: impl FnOnce(&Notes) -> T) -> T {
        match &*self.run.lock() {
            Run::Alone(_) => T::default(),
            Run::Shared(shared) => look(&shared.progress.lock().notes),
        }
    }

    /// What several trackers may share, made when it is first needed.
    fn shared(&self) -> Arc<SharedRun> {
        let mut run = self.run.lock();
        let stopped = match &*run {
            Run::Shared(shared) => return Arc::clone(shared),
            Run::Alone(stopped) => *stopped,
        };
        let shared = Arc::new(SharedRun {
            timer: Arc::clone(&self.timer),
            started: self.started,
            id: OnceLock::new(),
            progress: Mutex::new(Progress {
                stopped,
                notes: Notes::default(),
            }),
        });
        *run = Run::Shared(Arc::clone(&shared));
        shared
    }
}

impl fmt::Debug for PerformanceTracker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PerformanceTracker")
            .field("name", &self.name())
            .field("stopped", &self.stopped())
            .finish_non_exhaustive()
    }
}

impl Drop for PerformanceTracker {
    fn drop(&mut self) {
        if matches!(self.run.get_mut(), Run::Alone(None)) {
            LossCounters::count(&self.timer.context.losses.abandoned);
        }
    }
}

impl Drop for SharedRun {
    fn drop(&mut self) {
        if let Some(id) = self.id.get() {
            self.timer.context.unregister(id);
        }
        let progress = self.progress.get_mut();
        self.timer.context.notes.give_back(&progress.notes);
        if progress.stopped.is_none() {
            LossCounters::count(&self.timer.context.losses.abandoned);
        }
    }
}

/// Sets a time unless one is set, and returns that one.
fn set_once(stopped: &mut Option<Duration>, elapsed: Duration) -> Option<Duration> {
    match stopped {
        Some(earlier) => Some(*earlier),
        None => {
            *stopped = Some(elapsed);
            None
        }
    }
}
