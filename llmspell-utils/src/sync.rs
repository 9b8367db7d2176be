//! What threads share and wait for: everything that a model checker must be able to replace.
//!
//! `tests/model` compiles this package a second time with a file of its own in the place of this one.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

pub(crate) use parking_lot::{Mutex, MutexGuard, RwLock};
pub(crate) use std::sync::atomic;

/// A number for the current thread, the least that no other living thread has.
#[inline]
pub(crate) fn thread_number() -> usize {
    thread_local! {
        static NUMBER: Number = Numbers::take();
    }
    // A thread that is ending may no longer know its number, and any other serves as well.
    NUMBER.try_with(|number| number.0).unwrap_or_default()
}

/// A thread's number, which goes back when the thread ends.
struct Number(usize);

/// The numbers that threads have given back, and the first that no thread ever had.
struct Numbers {
    free: BinaryHeap<Reverse<usize>>,
    next: usize,
}

static NUMBERS: Mutex<Numbers> = Mutex::new(Numbers {
    free: BinaryHeap::new(),
    next: 0,
});

impl Numbers {
    fn take() -> Number {
        let mut numbers = NUMBERS.lock();
        let number = match numbers.free.pop() {
            Some(Reverse(number)) => number,
            None => numbers.next,
        };
        numbers.next = numbers.next.max(number + 1);
        Number(number)
    }
}

impl Drop for Number {
    fn drop(&mut self) {
        NUMBERS.lock().free.push(Reverse(self.0));
    }
}
