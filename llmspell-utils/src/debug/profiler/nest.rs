//! The timers that run on a thread, so that each knows beneath which other one it was started.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use crate::sync::Mutex;
use thread_local::ThreadLocal;

use super::path::Path;
use super::registry::{LossCounters, Registry};

/// How many running timers of a thread may have others beneath them.
const OPEN: usize = 256;

/// How many paths a nest has at hand; a power of two.
const RECENT: usize = 8;

/// A nest for each thread.
#[derive(Debug, Default)]
pub(super) struct Nests(ThreadLocal<RefCell<Option<Arc<Nest>>>>);

/// The running timers of one profiler that were started on one thread, the innermost last.
///
/// Whoever stops a timer, on whatever thread, takes it out here. Those that still run beneath it are passed over from
/// then on: otherwise a timer that somebody forgot to stop would be above all that come later.
#[derive(Debug)]
pub(super) struct Nest {
    pub(super) registry: Arc<Registry>,
    nests: Weak<Nests>,
    thread: u64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    open: Vec<Open>,
    latest: u64,
    recent: Recent,
}

/// A running timer.
#[derive(Debug)]
struct Open {
    /// Told apart from all others of this nest, earlier ones too.
    number: u64,
    path: Arc<Path>,
    above: Option<Above>,
    /// How many timers run directly beneath it.
    beneath: u32,
    /// Since when at least one does.
    since: Duration,
    /// How long others ran beneath it so far.
    covered: Duration,
    /// The timer above has ended before it: nothing that begins now stands beneath it.
    outlives: bool,
}

/// The timer above a running one.
#[derive(Debug)]
struct Above {
    /// Where it runs; nothing if that is the same nest.
    nest: Option<Arc<Nest>>,
    number: u64,
}

/// A timer that has begun.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) path: Arc<Path>,
    /// Its number in the nest; nothing if its time counts for the timer above.
    pub(super) seat: Option<u64>,
    pub(super) at: Duration,
}

/// How a timer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// Its time counts for its own path.
    Stopped,
    /// Its time goes to the timer above.
    Abandoned,
}

impl Nests {
    /// The current thread's nest. One that belonged to a thread which has ended is left to the timers in it.
    pub(super) fn current(self: &Arc<Self>, registry: &Arc<Registry>) -> Arc<Nest> {
        let mut slot = self.0.get_or_default().borrow_mut();
        let thread = thread_number();
        if let Some(nest) = slot.as_ref().filter(|nest| nest.thread == thread) {
            return Arc::clone(nest);
        }
        let nest = Arc::new(Nest {
            registry: Arc::clone(registry),
            nests: Arc::downgrade(self),
            thread,
            state: Mutex::default(),
        });
        *slot = Some(Arc::clone(&nest));
        nest
    }
}

impl Nest {
    /// The current thread's nest of the same profiler, or this one if the profiler is gone.
    pub(super) fn current(self: &Arc<Self>) -> Arc<Self> {
        match self.nests.upgrade() {
            Some(nests) => nests.current(&self.registry),
            None => Arc::clone(self),
        }
    }

    /// Begins a timer beneath the innermost one. The time is read last.
    pub(super) fn begin(&self, name: &str) -> Begun {
        let mut state = self.state.lock();
        let path = state.path(&self.registry, name);
        if !path.is_listed() || state.is_full() {
            return self.begin_apart(path);
        }
        let at = self.registry.clock.now();
        let above = state.innermost().map(|open| {
            open.begin_beneath(at);
            Above {
                nest: None,
                number: open.number,
            }
        });
        let seat = Some(state.push(Arc::clone(&path), above));
        Begun { path, seat, at }
    }

    /// Begins a timer beneath another one, which may run on another thread or not run any more.
    pub(super) fn begin_beneath(
        self: &Arc<Self>,
        parent: &Arc<Self>,
        number: u64,
        path: Arc<Path>,
    ) -> Begun {
        // One lock at a time. In between others may take timers out of this nest, but only this thread puts one in.
        if !path.is_listed() || self.state.lock().is_full() {
            return self.begin_apart(path);
        }
        let at = self.registry.clock.now();
        let is_running = parent.state.lock().begin_beneath(number, at);
        let above = is_running.then(|| Above {
            nest: (!Arc::ptr_eq(self, parent)).then(|| Arc::clone(parent)),
            number,
        });
        let seat = Some(self.state.lock().push(Arc::clone(&path), above));
        Begun { path, seat, at }
    }

    /// Begins a timer whose time counts for the timer above.
    pub(super) fn begin_apart(&self, path: Arc<Path>) -> Begun {
        let path = if path.is_listed() {
            LossCounters::count(&self.registry.losses.paths);
            Arc::new(Path::unlisted(Arc::clone(&path.timer), path.parent.clone()))
        } else {
            path
        };
        Begun {
            path,
            seat: None,
            at: self.registry.clock.now(),
        }
    }

    /// The path of a duration that was measured elsewhere, beneath the innermost timer: it is taken out of that
    /// timer's own time.
    pub(super) fn note(&self, name: &str, duration: Duration) -> Arc<Path> {
        let mut state = self.state.lock();
        let path = state.path(&self.registry, name);
        if let Some(open) = state.innermost()
            && path.is_listed()
            && open.beneath == 0
        {
            open.covered = open.covered.saturating_add(duration);
        }
        path
    }

    /// Takes a timer out, and says how long others ran directly beneath it.
    pub(super) fn end(&self, seat: u64, at: Duration, ending: Ending) -> Duration {
        let mut state = self.state.lock();
        let found = state.open.iter().rposition(|open| open.number == seat);
        let Some(index) = found else {
            return Duration::ZERO;
        };
        let open = state.open.remove(index);
        state.pass_over(index, seat);
        let covered = open.covered_until(at);
        let for_above = match ending {
            Ending::Stopped => None,
            Ending::Abandoned => Some(covered),
        };
        match open.above {
            Some(Above { nest: None, number }) => state.end_beneath(number, at, for_above),
            Some(Above {
                nest: Some(nest),
                number,
            }) => {
                drop(state);
                nest.state.lock().end_beneath(number, at, for_above);
            }
            None => {}
        }
        covered
    }
}

impl State {
    fn is_full(&self) -> bool {
        self.open.len() >= OPEN
    }

    /// The path of a name beneath the innermost timer.
    fn path(&mut self, registry: &Registry, name: &str) -> Arc<Path> {
        let above = self.open.iter().rfind(|open| !open.outlives);
        self.recent
            .path(registry, above.map(|open| &open.path), name)
    }

    fn innermost(&mut self) -> Option<&mut Open> {
        self.open.iter_mut().rfind(|open| !open.outlives)
    }

    /// From now on nothing stands beneath the timers that were begun beneath one that has ended and stood here.
    fn pass_over(&mut self, index: usize, ended: u64) {
        if index == self.open.len() {
            return;
        }
        let mut outlived = vec![ended];
        for open in self.open.iter_mut().skip(index) {
            if let Some(Above { nest: None, number }) = open.above
                && outlived.contains(&number)
            {
                open.outlives = true;
                outlived.push(open.number);
            }
        }
    }

    fn numbered(&mut self, number: u64) -> Option<&mut Open> {
        self.open.iter_mut().rfind(|open| open.number == number)
    }

    fn push(&mut self, path: Arc<Path>, above: Option<Above>) -> u64 {
        self.latest += 1;
        self.open.push(Open {
            number: self.latest,
            path,
            above,
            beneath: 0,
            since: Duration::ZERO,
            covered: Duration::ZERO,
            outlives: false,
        });
        self.latest
    }

    fn begin_beneath(&mut self, number: u64, at: Duration) -> bool {
        let open = self.numbered(number);
        open.map(|open| open.begin_beneath(at)).is_some()
    }

    fn end_beneath(&mut self, number: u64, at: Duration, for_above: Option<Duration>) {
        if let Some(open) = self.numbered(number) {
            open.end_beneath(at, for_above);
        }
    }
}

impl Open {
    fn begin_beneath(&mut self, at: Duration) {
        if self.beneath == 0 {
            self.since = at;
        }
        self.beneath += 1;
    }

    /// Ends a timer directly beneath. Of one whose time is not its own, only what ran beneath that one counts.
    fn end_beneath(&mut self, at: Duration, for_above: Option<Duration>) {
        self.beneath = self.beneath.saturating_sub(1);
        if self.beneath == 0 {
            let lasted = at.saturating_sub(self.since);
            let covered = for_above.map_or(lasted, |covered| covered.min(lasted));
            self.covered = self.covered.saturating_add(covered);
        }
    }

    /// How long others ran directly beneath it.
    fn covered_until(&self, at: Duration) -> Duration {
        if self.beneath == 0 {
            self.covered
        } else {
            self.covered.saturating_add(at.saturating_sub(self.since))
        }
    }
}

/// The paths that were lately looked for, each in the place that its name gives it.
///
/// Nearly every timer is one that the thread has started a moment before; asking the registry for it costs another
/// hash and another lock.
#[derive(Debug, Default)]
struct Recent {
    paths: [Option<Arc<Path>>; RECENT],
    /// Which paths these are: those of before all were forgotten do not count.
    generation: u64,
}

impl Recent {
    fn path(&mut self, registry: &Registry, above: Option<&Arc<Path>>, name: &str) -> Arc<Path> {
        let generation = registry.generation();
        if self.generation != generation {
            *self = Self {
                generation,
                ..Self::default()
            };
        }
        let above_id = above.map_or(0, |above| above.id);
        let place = name.len() ^ name.bytes().next_back().map_or(0, usize::from);
        let Some(slot) = self.paths.get_mut(place % RECENT) else {
            return registry.path(above, name);
        };
        match slot {
            Some(path) if path.parent_id() == above_id && *path.timer.name == *name => {
                Arc::clone(path)
            }
            _ => {
                let path = registry.path(above, name);
                *slot = path.is_listed().then(|| Arc::clone(&path));
                path
            }
        }
    }
}

/// A number of the current thread that no other one ever has.
fn thread_number() -> u64 {
    static LATEST: AtomicU64 = AtomicU64::new(0);
    thread_local! {
        static NUMBER: Cell<u64> = const { Cell::new(0) };
    }
    NUMBER.with(|number| {
        if number.get() == 0 {
            number.set(LATEST.fetch_add(1, Ordering::Relaxed) + 1);
        }
        number.get()
    })
}
