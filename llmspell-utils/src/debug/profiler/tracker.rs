//! One running timer.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::sync::Mutex;
use serde_json::Value;
use uuid::Uuid;

use super::super::text::cut;
use super::event::{Lap, NAME_BYTES, Notes, TimerEvent};
use super::nest::{Begun, Ending, Nest};
use super::path::Path;
use super::registry::{LossCounters, Registry, Timer};

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
    start: Start,
    run: Mutex<Run>,
}

/// What is settled when a timer starts.
#[derive(Debug, Clone)]
struct Start {
    nest: Arc<Nest>,
    path: Arc<Path>,
    /// The timer's number in its nest; nothing if its time counts for the timer above.
    seat: Option<u64>,
    at: Duration,
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
    start: Start,
    id: OnceLock<Uuid>,
    progress: Mutex<Progress>,
}

#[derive(Debug)]
struct Progress {
    stopped: Option<Duration>,
    notes: Notes,
}

impl Start {
    fn new(nest: Arc<Nest>, begun: Begun) -> Self {
        let Begun { path, seat, at } = begun;
        Self {
            nest,
            path,
            seat,
            at,
        }
    }

    fn registry(&self) -> &Registry {
        &self.nest.registry
    }

    fn now(&self) -> Duration {
        self.registry().clock.now()
    }

    fn timer(&self) -> &Timer {
        &self.path.timer
    }

    /// Ends the timer after so much time, and enters it into the statistics.
    fn stop(&self, elapsed: Duration) {
        let at = self.at.saturating_add(elapsed);
        let covered = self.seat.map_or(Duration::ZERO, |seat| {
            self.nest.end(seat, at, Ending::Stopped)
        });
        self.path.record(elapsed, elapsed.saturating_sub(covered));
    }

    /// Ends a timer that nobody stopped.
    fn abandon(&self) {
        if let Some(seat) = self.seat {
            self.nest.end(seat, self.now(), Ending::Abandoned);
        }
        LossCounters::count(&self.registry().losses.abandoned);
    }
}

impl PerformanceTracker {
    pub(super) fn start(nest: Arc<Nest>, name: &str) -> Self {
        let begun = nest.begin(cut(name, NAME_BYTES));
        Self::from_start(Start::new(nest, begun))
    }

    pub(super) fn from_shared(shared: Arc<SharedRun>) -> Self {
        Self {
            start: shared.start.clone(),
            run: Mutex::new(Run::Shared(shared)),
        }
    }

    const fn from_start(start: Start) -> Self {
        Self {
            start,
            run: Mutex::new(Run::Alone(None)),
        }
    }

    /// Starts a timer beneath this one, on whatever thread and whatever else runs there.
    ///
    /// ```
    /// use llmspell_utils::debug::Profiler;
    ///
    /// let profiler = Profiler::default();
    /// let load = profiler.start("load");
    /// let reading = std::thread::scope(|scope| scope.spawn(|| load.child("read").path()).join());
    /// assert_eq!(reading.ok(), Some(vec!["load".into(), "read".into()]));
    /// load.stop();
    /// ```
    #[must_use = "a timer that is dropped before it is stopped is forgotten"]
    pub fn child(&self, name: impl AsRef<str>) -> Self {
        let Start {
            nest: above, path, ..
        } = &self.start;
        let name = cut(name.as_ref(), NAME_BYTES);
        let nest = above.current();
        let begun = match self.start.seat {
            Some(seat) => nest.begin_beneath(above, seat, nest.registry.path(Some(path), name)),
            // Beneath a timer that cannot be told apart, none can be.
            None => nest.begin_apart(nest.registry.lost_path(path, name)),
        };
        Self::from_start(Start::new(nest, begun))
    }

    /// What the timer is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.start.timer().name
    }

    /// The name of the timer above, if there is one that can be told apart.
    #[must_use]
    pub fn parent(&self) -> Option<Arc<str>> {
        let parent = self.start.path.parent.as_ref()?;
        Some(Arc::clone(&parent.timer.name))
    }

    /// The names from the outermost timer above to this one.
    #[must_use]
    pub fn path(&self) -> Vec<Arc<str>> {
        self.start.path.names()
    }

    /// The timer's id, made when it is first asked for; from then on the profiler finds the timer by it.
    pub fn id(&self) -> Uuid {
        let shared = self.shared();
        *shared.id.get_or_init(|| {
            let id = Uuid::new_v4();
            self.start.registry().register(id, &shared);
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
        let duration = at.saturating_sub(before);
        let (name, registry) = (cut(name.as_ref(), NAME_BYTES), self.start.registry());
        if !progress.notes.add_lap(&registry.notes, name, at) {
            LossCounters::count(&registry.losses.laps);
        }
        drop(progress);
        if !self.start.timer().notes.add_lap(name, duration) {
            LossCounters::count(&registry.losses.lap_names);
        }
        duration
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
        let registry = self.start.registry();
        let at = self.since_start();
        let listed = progress
            .notes
            .add_event(&registry.notes, name.as_ref(), at, data);
        if listed {
            self.start.timer().notes.add_event();
        } else {
            LossCounters::count(&registry.losses.events);
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
            self.start.stop(elapsed);
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
        self.start.now().saturating_sub(self.start.at)
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
            start: self.start.clone(),
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
            self.start.abandon();
        }
    }
}

impl Drop for SharedRun {
    fn drop(&mut self) {
        if let Some(id) = self.id.get() {
            self.start.registry().unregister(id);
        }
        let progress = self.progress.get_mut();
        self.start.registry().notes.give_back(&progress.notes);
        if progress.stopped.is_none() {
            self.start.abandon();
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
