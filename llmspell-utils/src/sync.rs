//! What threads share and wait for: everything that a model checker must be able to replace.
//!
//! `tests/model` compiles this package a second time with a file of its own in the place of this one.

use std::cell::Cell;

pub(crate) use parking_lot::{Mutex, MutexGuard, RwLock};
pub(crate) use std::sync::atomic;
pub(crate) use std::time::Instant as Moment;

use atomic::{AtomicUsize, Ordering};

/// A number for the current thread; threads that start one after the other have consecutive ones.
pub(crate) fn thread_number() -> usize {
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static NUMBER: Cell<usize> = Cell::new(THREADS.fetch_add(1, Ordering::Relaxed));
    }
    // A thread that is ending may no longer know its number, and any other serves as well.
    NUMBER.try_with(Cell::get).unwrap_or_default()
}
