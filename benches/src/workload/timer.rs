//! Timers and filters, from Rust.

use std::hint::black_box;
use std::time::Instant;

use llmspell_utils::debug::{DebugLevel, DebugManager};

use super::Work;

/// The two readings of the clock that any timer pays.
pub fn two_clock_readings() -> Work {
    Box::new(|times| {
        for _ in 0..times {
            black_box(black_box(Instant::now()).elapsed());
        }
    })
}

/// A timer that is started and stopped, and recorded under its name.
pub fn start_and_stop() -> Work {
    let manager = DebugManager::new();
    Box::new(move |times| {
        for _ in 0..times {
            black_box(manager.profiler().start("work").stop());
        }
    })
}

/// A filter's decision on a module that was decided before, with a number of rules.
pub fn filter_decision(rules: usize) -> Work {
    let manager = DebugManager::new();
    for number in 0..rules {
        manager
            .add_module_filter(&format!("*.noisy{number}"), false)
            .unwrap();
    }
    Box::new(move |times| {
        for _ in 0..times {
            black_box(manager.wants(DebugLevel::Info, black_box(Some("policy.shell"))));
        }
    })
}
