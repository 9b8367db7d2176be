//! Call paths of timers: which timer ran beneath which other one, and how long.

use crate::sync::atomic::{AtomicU64, Ordering};
use std::borrow::Borrow;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use super::super::clock::saturating_nanoseconds;
use super::registry::Timer;

/// How many timers may run beneath each other and still be told apart.
pub(super) const DEPTH: u32 = 128;

/// One call path: a timer's name beneath the path above it.
#[derive(Debug)]
pub(super) struct Path {
    /// The number that stands for the path in the keys of those beneath it; 0 if it is not told apart.
    pub(super) id: u64,
    pub(super) timer: Arc<Timer>,
    pub(super) parent: Option<Arc<Self>>,
    depth: u32,
    calls: AtomicU64,
    own: AtomicU64,
}

impl Path {
    /// A path that is told apart by its number.
    pub(super) fn new(id: u64, timer: Arc<Timer>, parent: Option<Arc<Self>>) -> Self {
        let depth = parent.as_ref().map_or(1, |parent| parent.depth + 1);
        Self {
            id,
            timer,
            parent,
            depth,
            calls: AtomicU64::new(0),
            own: AtomicU64::new(0),
        }
    }

    /// A path that is not told apart from the one above it.
    pub(super) fn unlisted(timer: Arc<Timer>, parent: Option<Arc<Self>>) -> Self {
        Self::new(0, timer, parent)
    }

    pub(super) const fn is_listed(&self) -> bool {
        self.id != 0
    }

    /// The number of the path above, 0 for none.
    pub(super) fn parent_id(&self) -> u64 {
        self.parent.as_ref().map_or(0, |parent| parent.id)
    }

    /// Whether a path beneath this one could be told apart.
    pub(super) const fn has_room(&self) -> bool {
        self.is_listed() && self.depth < DEPTH
    }

    /// Enters a timer that took so long, part of it in itself, into the statistics of its name and of this path.
    pub(super) fn record(&self, duration: Duration, own: Duration) {
        self.timer.aggregate.record(duration, || {
            // Everybody who writes to a path of this name holds the lock of its statistics: no need to pay for adding
            // at once.
            if self.is_listed() {
                let (calls, before) = (self.calls(), self.own.load(Ordering::Relaxed));
                self.calls.store(calls + 1, Ordering::Relaxed);
                let own = before.saturating_add(saturating_nanoseconds(own));
                self.own.store(own, Ordering::Relaxed);
            }
        });
    }

    pub(super) fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    pub(super) fn own(&self) -> Duration {
        Duration::from_nanos(self.own.load(Ordering::Relaxed))
    }

    /// The names from the outermost timer to this one.
    pub(super) fn names(&self) -> Vec<Arc<str>> {
        let mut names = vec![Arc::clone(&self.timer.name)];
        let mut next = self.parent.as_deref();
        while let Some(path) = next {
            names.push(Arc::clone(&path.timer.name));
            next = path.parent.as_deref();
        }
        names.reverse();
        names
    }
}

/// What a path is found by: the number of the path above, 0 for none, and the timer's name.
#[derive(Debug)]
pub(super) struct PathKey {
    pub(super) parent: u64,
    pub(super) name: Arc<str>,
}

/// The same for looking up, without a name of its own.
pub(super) trait Lookup {
    fn parts(&self) -> (u64, &str);
}

impl Lookup for PathKey {
    fn parts(&self) -> (u64, &str) {
        (self.parent, &self.name)
    }
}

impl Lookup for (u64, &str) {
    fn parts(&self) -> (u64, &str) {
        *self
    }
}

impl Hash for dyn Lookup + '_ {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.parts().hash(state);
    }
}

impl PartialEq for dyn Lookup + '_ {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl Eq for dyn Lookup + '_ {}

impl Hash for PathKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.parts().hash(state);
    }
}

impl PartialEq for PathKey {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl Eq for PathKey {}

impl<'key> Borrow<dyn Lookup + 'key> for PathKey {
    fn borrow(&self) -> &(dyn Lookup + 'key) {
        self
    }
}
