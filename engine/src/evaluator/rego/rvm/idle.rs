//! What waits for its next use, near the thread that used it last.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;

/// Places; threads beyond them share.
const PLACES: usize = 8;

/// The number of the next thread that asks.
static NEXT: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static PLACE: Cell<usize> = Cell::new(NEXT.fetch_add(1, Ordering::Relaxed) % PLACES);
}

/// One thing for each of some threads: two threads that take turns would hand what they use from core to core.
#[derive(Debug)]
pub(super) struct Idle<T> {
    places: [Place<T>; PLACES],
}

/// A place in a cache line of its own.
#[derive(Debug)]
#[repr(align(64))]
struct Place<T>(Mutex<Option<T>>);

impl<T> Default for Idle<T> {
    fn default() -> Self {
        Self {
            places: std::array::from_fn(|_| Place(Mutex::new(None))),
        }
    }
}

impl<T> Idle<T> {
    /// Takes what this thread has put here, if nobody else has taken it.
    pub(super) fn take(&self) -> Option<T> {
        self.place()?.lock().take()
    }

    /// Keeps something for the next time; it takes the place of what is there.
    pub(super) fn put(&self, one: T) {
        if let Some(place) = self.place() {
            let before = place.lock().replace(one);
            // Dropped when nobody waits for the place any more.
            drop(before);
        }
    }

    fn place(&self) -> Option<&Mutex<Option<T>>> {
        self.places.get(PLACE.get()).map(|place| &place.0)
    }
}
