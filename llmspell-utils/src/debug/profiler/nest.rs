//! The timers that run on a thread, so that each knows beneath which other one it was started.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use super::path::Path;

/// How many running timers of a thread may have others beneath them.
const OPEN: usize = 256;

/// The running timers of one profiler that were started on one thread, the innermost last.
///
/// Whoever stops a timer, on whatever thread, takes it out here.
#[derive(Debug, Default)]
pub(super) struct Nest {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    open: Vec<Open>,
    latest: u64,
}

/// A running timer.
#[derive(Debug)]
struct Open {
    /// Told apart from all others of this nest, earlier ones too.
    number: u64,
    /// The thread on which it was started: a nest is handed on when its thread ends.
    thread: u64,
    path: Arc<Path>,
    above: Option<Above>,
    /// How many timers run directly beneath it.
    beneath: u32,
    /// Since when at least one does.
    since: Duration,
    /// How long others ran beneath it so far.
    covered: Duration,
}

/// The timer above a running one.
#[derive(Debug)]
struct Above {
    /// Where it runs; nothing if that is the same nest.
    nest: Option<Arc<Nest>>,
    number: u64,
}

/// A running timer's place in its nest.
#[derive(Debug, Clone)]
pub(super) struct Seat {
    nest: Arc<Nest>,
    number: u64,
}

/// A timer that has begun.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) path: Arc<Path>,
    /// Nothing if the path is not told apart, or the nest is full.
    pub(super) seat: Option<Seat>,
    pub(super) at: Duration,
}

impl Begun {
    /// A timer without a place in a nest.
    pub(super) const fn alone(path: Arc<Path>, at: Duration) -> Self {
        Self {
            path,
            seat: None,
            at,
        }
    }
}

/// How a timer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// Its time counts for its own path.
    Stopped,
    /// Its time goes to the timer above.
    Abandoned,
}

impl Nest {
    /// Begins a timer beneath the innermost one that runs on this thread. `path` finds its path beneath another one,
    /// `now` tells the time and is asked last.
    pub(super) fn begin(
        self: &Arc<Self>,
        path: impl FnOnce(Option<&Arc<Path>>) -> Arc<Path>,
        now: impl FnOnce() -> Duration,
    ) -> Begun {
        let mut state = self.state.lock();
        let thread = thread_number();
        let path = path(state.innermost(thread).map(|open| &open.path));
        if !path.is_listed() || state.is_full() {
            return Begun::alone(path, now());
        }
        let at = now();
        let above = state.innermost(thread).map(|open| {
            open.begin_beneath(at);
            Above {
                nest: None,
                number: open.number,
            }
        });
        let number = state.push(thread, Arc::clone(&path), above);
        let seat = Some(self.seat(number));
        Begun { path, seat, at }
    }

    /// Begins a timer beneath another one, which may run on another thread or not run any more.
    pub(super) fn begin_beneath(
        self: &Arc<Self>,
        parent: &Seat,
        path: Arc<Path>,
        now: impl FnOnce() -> Duration,
    ) -> Begun {
        let at = now();
        // One lock at a time. In between others may take timers out of this nest, but only this thread puts one in.
        if self.state.lock().is_full() {
            return Begun::alone(path, at);
        }
        let is_running = parent.nest.state.lock().begin_beneath(parent.number, at);
        let above = is_running.then(|| Above {
            nest: (!Arc::ptr_eq(self, &parent.nest)).then(|| Arc::clone(&parent.nest)),
            number: parent.number,
        });
        let number = self
            .state
            .lock()
            .push(thread_number(), Arc::clone(&path), above);
        let seat = Some(self.seat(number));
        Begun { path, seat, at }
    }

    /// Finds a path beneath that of the innermost timer of this thread, and takes a duration that was measured
    /// elsewhere out of that timer's own time.
    pub(super) fn note(
        &self,
        path: impl FnOnce(Option<&Arc<Path>>) -> Arc<Path>,
        duration: Duration,
    ) -> Arc<Path> {
        let mut state = self.state.lock();
        let above = state.innermost(thread_number());
        let path = path(above.as_ref().map(|open| &open.path));
        if let Some(open) = above
            && path.is_listed()
            && open.beneath == 0
        {
            open.covered = open.covered.saturating_add(duration);
        }
        path
    }

    fn seat(self: &Arc<Self>, number: u64) -> Seat {
        Seat {
            nest: Arc::clone(self),
            number,
        }
    }
}

impl Seat {
    /// Takes a timer out of its nest, and says how long others ran directly beneath it.
    pub(super) fn end(&self, at: Duration, ending: Ending) -> Duration {
        let mut state = self.nest.state.lock();
        let found = state
            .open
            .iter()
            .rposition(|open| open.number == self.number);
        let Some(index) = found else {
            return Duration::ZERO;
        };
        let open = state.open.remove(index);
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

    fn innermost(&mut self, thread: u64) -> Option<&mut Open> {
        self.open.iter_mut().rfind(|open| open.thread == thread)
    }

    fn numbered(&mut self, number: u64) -> Option<&mut Open> {
        self.open.iter_mut().rfind(|open| open.number == number)
    }

    fn push(&mut self, thread: u64, path: Arc<Path>, above: Option<Above>) -> u64 {
        self.latest += 1;
        self.open.push(Open {
            number: self.latest,
            thread,
            path,
            above,
            beneath: 0,
            since: Duration::ZERO,
            covered: Duration::ZERO,
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
