//! The profiler: starts timers, finds running ones by their id, and knows the statistics of every name.

use crate::sync::atomic::{AtomicU64, Ordering};
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;

use dashmap::DashMap;
use foldhash::fast::RandomState;
use serde::Serialize;
use uuid::Uuid;

use super::super::clock::{Clock, SystemClock};
use super::super::profile::{
    FrameId, FrameKind, Profile, ProfileBuilder, ProfileFrame, ProfileMethod,
};
use super::super::text::cut;
use super::event::{NAME_BYTES, NoteBudget};
use super::nest::Nests;
use super::path::{Lookup, Path, PathKey};
use super::statistics::{Aggregate, NoteSums, TimerStatistics};
use super::tracker::{PerformanceTracker, SharedRun};

/// How many names have statistics; timers of further names run, but leave none.
const NAMES: usize = 1_000;

/// How many call paths of timers are told apart.
const PATHS: usize = 10_000;

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
    registry: Arc<Registry>,
    nests: Arc<Nests>,
}

/// What a running timer needs of its profiler, which it may outlive.
#[derive(Debug)]
pub(super) struct Registry {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) losses: LossCounters,
    pub(super) notes: NoteBudget,
    timers: DashMap<Arc<str>, Arc<Timer>, RandomState>,
    paths: DashMap<PathKey, Arc<Path>, RandomState>,
    latest_path: AtomicU64,
    generation: AtomicU64,
    running: DashMap<Uuid, Weak<SharedRun>, RandomState>,
}

/// Everything about one name.
#[derive(Debug)]
pub(super) struct Timer {
    pub(super) name: Arc<str>,
    pub(super) aggregate: Aggregate,
    pub(super) notes: NoteSums,
    /// Whether it is among the names that have statistics.
    is_listed: bool,
}

impl Profiler {
    /// A profiler without timers that measures with this clock, which must not use the profiler itself.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let registry = Registry {
            clock,
            losses: LossCounters::default(),
            notes: NoteBudget::default(),
            timers: DashMap::default(),
            paths: DashMap::default(),
            latest_path: AtomicU64::new(0),
            generation: AtomicU64::new(0),
            running: DashMap::default(),
        };
        Self {
            registry: Arc::new(registry),
            nests: Arc::default(),
        }
    }

    /// Starts a timer, beneath the innermost one of this profiler that was started on this thread and runs.
    ///
    /// A timer that still runs when the one above it has ended goes on, but nothing that starts later stands beneath it.
    /// A name that was used before costs no memory. Of a name longer than 256 bytes the beginning counts.
    #[must_use = "a timer that is dropped before it is stopped is forgotten"]
    pub fn start(&self, name: impl AsRef<str>) -> PerformanceTracker {
        PerformanceTracker::start(self.nests.current(&self.registry), name.as_ref())
    }

    /// Adds a duration that was measured elsewhere, as if a timer beneath the innermost running one of this thread
    /// had just been stopped.
    pub fn record(&self, name: impl AsRef<str>, duration: Duration) {
        let nest = self.nests.current(&self.registry);
        let path = nest.note(cut(name.as_ref(), NAME_BYTES), duration);
        path.record(duration, duration);
    }

    /// The running timer that gave out this id.
    #[must_use]
    pub fn running(&self, id: &Uuid) -> Option<Arc<PerformanceTracker>> {
        let shared = self.registry.running.get(id)?.upgrade()?;
        let tracker = PerformanceTracker::from_shared(shared);
        tracker.is_running().then(|| Arc::new(tracker))
    }

    /// The statistics of every name of which a timer was stopped, sorted by name.
    #[must_use]
    pub fn statistics(&self) -> Vec<TimerStatistics> {
        let mut parents = self.registry.parents();
        let mut statistics: Vec<_> = self
            .registry
            .timers
            .iter()
            .filter_map(|timer| {
                let sums = timer.aggregate.statistics(&timer.name)?;
                let parents = parents.remove(&timer.name).unwrap_or_default();
                Some(TimerStatistics {
                    parents: parents.into_iter().collect(),
                    events: timer.notes.events(),
                    laps: timer.notes.laps(),
                    ..sums
                })
            })
            .collect();
        statistics.sort_by(|one, other| one.name.cmp(&other.name));
        statistics
    }

    /// Where the time of all timers that were stopped went: each stands beneath the one that ran when it was started.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::time::Duration;
    /// use llmspell_utils::debug::report::{self, ReportFormat};
    /// use llmspell_utils::debug::{ManualClock, Profiler};
    ///
    /// let clock = Arc::new(ManualClock::new());
    /// let profiler = Profiler::new(clock.clone());
    /// let load = profiler.start("load");
    /// clock.advance(Duration::from_micros(2));
    /// let parse = profiler.start("parse");
    /// clock.advance(Duration::from_micros(5));
    /// parse.stop();
    /// load.stop();
    /// let profile = profiler.profile("guard.lua");
    /// assert_eq!(report::render(&profile, ReportFormat::Folded)?, "load 2\nload;parse 5\n");
    /// # Ok::<(), report::ReportError>(())
    /// ```
    #[must_use]
    pub fn profile(&self, title: impl Into<String>) -> Profile {
        let mut builder = ProfileBuilder::new(title, ProfileMethod::Timers, Duration::ZERO);
        for (names, path) in self.registry.paths_by_name() {
            let stack: Vec<FrameId> = names
                .into_iter()
                .map(|name| builder.frame(ProfileFrame::new(name, FrameKind::Timer)))
                .collect();
            builder.add(&stack, path.calls(), path.own());
        }
        builder.count_lost_paths(self.losses().paths);
        builder.finish(Duration::ZERO)
    }

    /// What was not kept, because it was never stopped or because there was too much of it.
    #[must_use]
    pub fn losses(&self) -> ProfilerLosses {
        self.registry.losses.read()
    }

    /// How many timers were dropped before they were stopped.
    #[must_use]
    pub fn abandoned(&self) -> u64 {
        self.losses().abandoned
    }

    /// Forgets all statistics and paths; timers that run now will leave none.
    pub fn clear(&self) {
        self.registry.paths.clear();
        self.registry.timers.clear();
        self.registry.generation.fetch_add(1, Ordering::Relaxed);
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
            .field("names", &self.registry.timers.len())
            .finish_non_exhaustive()
    }
}

impl Registry {
    /// How often everything was forgotten.
    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Relaxed)
    }

    /// The path of a name beneath another path; one that is not told apart if there are too many names or paths.
    pub(super) fn path(&self, above: Option<&Arc<Path>>, name: &str) -> Arc<Path> {
        let key = (above.map_or(0, |above| above.id), name);
        // The map's lock is released by the end of this statement: a new path takes it again.
        let known = self
            .paths
            .get(&key as &dyn Lookup)
            .map(|path| Arc::clone(&path));
        known.unwrap_or_else(|| self.new_path(above, name))
    }

    fn new_path(&self, above: Option<&Arc<Path>>, name: &str) -> Arc<Path> {
        let timer = self.timer(name);
        if !timer.is_listed {
            return Arc::new(Path::unlisted(timer, above.cloned()));
        }
        // Threads that come at the same time may exceed the number by one each.
        let has_room = above.is_none_or(|above| above.has_room()) && self.paths.len() < PATHS;
        if !has_room {
            LossCounters::count(&self.losses.paths);
            return Arc::new(Path::unlisted(timer, above.cloned()));
        }
        let key = PathKey {
            parent: above.map_or(0, |above| above.id),
            name: Arc::clone(&timer.name),
        };
        let entry = self.paths.entry(key);
        let new = || {
            let id = self.latest_path.fetch_add(1, Ordering::Relaxed) + 1;
            Arc::new(Path::new(id, timer, above.cloned()))
        };
        Arc::clone(&entry.or_insert_with(new))
    }

    /// The path of a name beneath one that is not told apart itself.
    pub(super) fn lost_path(&self, above: &Arc<Path>, name: &str) -> Arc<Path> {
        let timer = self.timer(name);
        if timer.is_listed {
            LossCounters::count(&self.losses.paths);
        }
        Arc::new(Path::unlisted(timer, above.parent.clone()))
    }

    fn timer(&self, name: &str) -> Arc<Timer> {
        let known = self.timers.get(name).map(|timer| Arc::clone(&timer));
        known.unwrap_or_else(|| self.new_timer(name))
    }

    fn new_timer(&self, name: &str) -> Arc<Timer> {
        let name: Arc<str> = Arc::from(name);
        // Threads that come at the same time may exceed the number by one each.
        let is_listed = self.timers.len() < NAMES;
        let timer = Arc::new(Timer {
            name: Arc::clone(&name),
            aggregate: Aggregate::default(),
            notes: NoteSums::default(),
            is_listed,
        });
        if !is_listed {
            LossCounters::count(&self.losses.names);
            return timer;
        }
        Arc::clone(&self.timers.entry(name).or_insert(timer))
    }

    /// By the names of timers, the names of those above them.
    fn parents(&self) -> HashMap<Arc<str>, BTreeSet<Arc<str>>> {
        let mut parents: HashMap<_, BTreeSet<_>> = HashMap::new();
        for path in self.paths.iter().filter(|path| path.calls() > 0) {
            if let Some(parent) = &path.parent {
                let name = Arc::clone(&path.timer.name);
                let above = Arc::clone(&parent.timer.name);
                parents.entry(name).or_default().insert(above);
            }
        }
        parents
    }

    /// All paths of which a timer was stopped, sorted by the names on them. After the statistics were forgotten, two
    /// paths may have the same names.
    fn paths_by_name(&self) -> Vec<(Vec<Arc<str>>, Arc<Path>)> {
        let paths = self.paths.iter().filter(|path| path.calls() > 0);
        let mut paths: Vec<_> = paths
            .map(|path| (path.names(), Arc::clone(&path)))
            .collect();
        paths.sort_by(|(one, _), (other, _)| one.cmp(other));
        paths
    }

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
    /// Timers whose time was charged to the timer above, because there were too many call paths, too deep ones, or
    /// too many timers that ran at the same time.
    pub paths: u64,
    /// Timers that cannot be found by the id they gave out.
    pub ids: u64,
    /// Laps that were measured, but not listed.
    pub laps: u64,
    /// Laps whose name came after the greatest number of names of a timer's laps, and left no statistics.
    pub lap_names: u64,
    /// Events that were not listed.
    pub events: u64,
}

impl ProfilerLosses {
    /// Every count with what it counts, for a person to read.
    #[must_use]
    pub const fn counts(&self) -> [(&'static str, u64); 7] {
        [
            ("timers that were never stopped", self.abandoned),
            ("timers with a name too many", self.names),
            ("timers with a path too many", self.paths),
            ("timers with an id too many", self.ids),
            ("laps too many", self.laps),
            ("laps with a name too many", self.lap_names),
            ("events too many", self.events),
        ]
    }
}

#[derive(Debug, Default)]
pub(super) struct LossCounters {
    pub(super) abandoned: AtomicU64,
    pub(super) laps: AtomicU64,
    pub(super) lap_names: AtomicU64,
    pub(super) events: AtomicU64,
    pub(super) paths: AtomicU64,
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
            paths: read(&self.paths),
            ids: read(&self.ids),
            laps: read(&self.laps),
            lap_names: read(&self.lap_names),
            events: read(&self.events),
        }
    }
}
