//! Manager, buffer and profiler under schedules that a model checker chooses; a test, and no part of the library.
//!
//! The sources beside this file are compiled once more, with `tests/model/sync.rs` in the place of `sync.rs`: only from
//! here are they found. Each check runs many times, with another schedule each time; one that fails prints the schedule
//! to repeat it with.
#![allow(
    unused,
    missing_docs,
    unreachable_pub,
    missing_debug_implementations,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "the sources are used in part, and a test may fail loudly"
)]

mod debug;
mod nearest;
mod read_text;
#[path = "../tests/model/sync.rs"]
mod sync;

#[path = "../tests/model/buffer.rs"]
mod buffer;
#[path = "../tests/model/manager.rs"]
mod manager;
#[path = "../tests/model/profiler.rs"]
mod profiler;

use nearest::nearest;
use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::{Config, Runner};

/// How many schedules of each kind a check is run with.
const SCHEDULES: usize = 500;

/// How often a schedule may prefer another thread to the one that it runs.
const PREEMPTIONS: usize = 3;

/// How many bytes of stack a thread of a check has.
const STACK: usize = 1 << 20;

fn config() -> Config {
    let mut config = Config::new();
    config.stack_size = STACK;
    // It would say that weaker orderings than the strongest are not modelled.
    config.silence_warnings = true;
    config
}

fn main() {
    for (name, check) in [buffer::CHECKS, manager::CHECKS, profiler::CHECKS].concat() {
        Runner::new(RandomScheduler::new(SCHEDULES), config()).run(check);
        Runner::new(PctScheduler::new(PREEMPTIONS, SCHEDULES), config()).run(check);
        println!("{name} ... ok");
    }
}
