//! The profiler: starts timers, finds running ones by their id, and knows the statistics of every name.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use dashmap::DashMap;
use foldhash::fast::RandomState;
use serde::Serialize;
use uuid::Uuid;

use super::super::clock::{Clock, SystemClock};
use super::super::text::cut;
use super::event::{NAME_BYTES, NoteBudget};
use super::statistics::{Aggregate, TimerStatistics};
use super::tracker::{PerformanceTracker, SharedRun};

/// How many names have statistics; timers of further names run, but leave none.
const NAMES: usize = 1_000;

/// How many timers can be found by their id at a time.
const IDS: usize = 10_000;

/// Starts timers and keeps statistics about those that were stopped.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
/// use llmspell_utils::debug::{ManualClock, Profiler};
///
/// let clock = Arc::new(ManualClock::new());
/// let profiler = Profiler::new(clock.clone());
/// let timer = profiler.start("evaluate");
/// clock.advance(Duration::from_millis(3));
/// assert_eq!(timer.stop(), Duration::from_millis(3));
/// assert_eq!(profiler.statistics()[0].count, 1);
/// ```
pub struct Profiler {
    context: Arc<Context>,
    timers: DashMap<Arc<str>, Arc<Timer>, RandomState>,
}

/// What a running timer needs of its profiler, which it may outlive.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) losses: LossCounters,
    pub(super) notes: NoteBudget,
    running: DashMap<Uuid, Weak<SharedRun>, RandomState>,
}

/// Everything about one name.
#[derive(Debug)]
pub(super) struct Timer {
    pub(super) name: Arc<str>,
    pub(super) context: Arc<Context>,
    pub(super) aggregate: Aggregate,
}

impl Profiler {
    /// A profiler without timers that measures with this clock.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let context = Context {
            clock,
            losses: LossCounters::default(),
            notes: NoteBudget::default(),
            running: DashMap::default(),
        };
        Self {
            context: Arc::new(context),
            timers: DashMap::default(),
        }
    }

    /// Starts a timer.
    ///
    /// A name that was used before costs no memory. Of a name longer than 256 bytes the beginning counts.
    #[must_use = "a timer that is dropped before it is stopped is forgotten"]
    pub fn start(&self, name: impl AsRef<str>) -> PerformanceTracker {
        PerformanceTracker::start(self.timer(name.as_ref()))
    }

    /// Adds a duration that was measured elsewhere to the statistics of a name.
    pub fn record(&self, name: impl AsRef<str>, duration: Duration) {
        self.timer(name.as_ref()).aggregate.record(duration);
    }

    /// The running timer that gave out this id.
    #[must_use]
    pub fn running(&self, id: &Uuid) -> Option<Arc<PerformanceTracker>> {
        let shared = self.context.running.get(id)?.upgrade()?;
        let tracker = PerformanceTracker::from_shared(shared);
        tracker.is_running().then(|| Arc::new(tracker))
    }

    /// The statistics of every name of which a timer was stopped, sorted by name.
    #[must_use]
    pub fn statistics(&self) -> Vec<TimerStatistics> {
        let mut statistics: Vec<_> = self
            .timers
            .iter()
            .filter_map(|timer| timer.aggregate.statistics(&timer.name))
            .collect();
        statistics.sort_by(|one, other| one.name.cmp(&other.name));
        statistics
    }

    /// What was not kept, because it was never stopped or because there was too much of it.
    #[must_use]
    pub fn losses(&self) -> ProfilerLosses {
        self.context.losses.read()
    }

    /// How many timers were dropped before they were stopped.
    #[must_use]
    pub fn abandoned(&self) -> u64 {
        self.losses().abandoned
    }

    /// Forgets all statistics; running timers of the names so far will leave none.
    pub fn clear(&self) {
        self.timers.clear();
    }

    fn timer(&self, name: &str) -> Arc<Timer> {
        let name = cut(name, NAME_BYTES);
        // The map's lock is released by the end of this statement: a new timer takes it again.
        let known = self.timers.get(name).map(|timer| Arc::clone(&timer));
        known.unwrap_or_else(|| self.new_timer(name))
    }

    fn new_timer(&self, name: &str) -> Arc<Timer> {
        let name: Arc<str> = Arc::from(name);
        let timer = Arc::new(Timer {
            name: Arc::clone(&name),
            context: Arc::clone(&self.context),
            aggregate: Aggregate::default(),
        });
        // Threads that come at the same time may exceed the number by one each.
        if self.timers.len() >= NAMES {
            LossCounters::count(&self.context.losses.names);
            return timer;
        }
        Arc::clone(&self.timers.entry(name).or_insert(timer))
    }
}

impl Default for Profiler {
    fn default() -> Self {
        Self::new(Arc::new(SystemClock::new()))
    }
}

impl fmt::Debug for Profiler {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Profiler")
            .field("names", &self.timers.len())
            .finish_non_exhaustive()
    }
}

impl Context {
    /// Makes a timer findable, as long as it lives.
    pub(super) fn register(&self, id: Uuid, shared: &Arc<SharedRun>) {
        if self.running.len() >= IDS {
            LossCounters::count(&self.losses.ids);
        } else {
            self.running.insert(id, Arc::downgrade(shared));
        }
    }

    pub(super) fn unregister(&self, id: &Uuid) {
        self.running.remove(id);
    }
}

/// What a profiler did not keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct ProfilerLosses {
    /// Timers that were dropped before they were stopped.
    pub abandoned: u64,
    /// Timers whose name came after the greatest number of names, and left no statistics.
    pub names: u64,
    /// Timers that cannot be found by the id they gave out.
    pub ids: u64,
    /// Laps that were measured, but not listed.
    pub laps: u64,
    /// Events that were not listed.
    pub events: u64,
}

impl ProfilerLosses {
    /// Every count with what it counts, for a person to read.
    #[must_use]
    pub const fn counts(&self) -> [(&'static str, u64); 5] {
        [
            ("timers that were never stopped", self.abandoned),
            ("timers with names too many", self.names),
            ("ids too many", self.ids),
            ("laps too many", self.laps),
            ("events too many", self.events),
        ]
    }
}

#[derive(Debug, Default)]
pub(super) struct LossCounters {
    pub(super) abandoned: AtomicU64,
    pub(super) laps: AtomicU64,
    pub(super) events: AtomicU64,
    names: AtomicU64,
    ids: AtomicU64,
}

impl LossCounters {
    pub(super) fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    fn read(&self) -> ProfilerLosses {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        ProfilerLosses {
            abandoned: read(&self.abandoned),
            names: read(&self.names),
            ids: read(&self.ids),
            laps: read(&self.laps),
            events: read(&self.events),
        }
    }
}
