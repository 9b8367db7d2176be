//! Timers and filters, from Rust.

use std::hint::black_box;
use std::thread;
use std::time::Instant;

use dashmap::DashMap;
use foldhash::fast::RandomState;
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

/// How many timers run meanwhile, in every work that is about one more.
const RESIDENT: u64 = 1_000;

/// A timer that is started and stopped, and recorded under its name, while others run that were started elsewhere and
/// can be found by their ids.
pub fn start_and_stop() -> Work {
    let manager = DebugManager::new();
    let start = || {
        let timer = manager.profiler().start("resident");
        timer.id();
        timer
    };
    let residents: Vec<_> = thread::scope(|scope| {
        let started = scope.spawn(|| (0..RESIDENT).map(|_| start()).collect());
        started.join().unwrap()
    });
    Box::new(move |times| {
        for _ in 0..times {
            black_box(manager.profiler().start("work").stop());
        }
        black_box(&residents);
    })
}

/// What a timer comes down to: a map from ids, an id put in and taken out again while others are in it, and two
/// readings of the clock.
pub fn map_insert_and_remove() -> Work {
    let map: DashMap<u64, Instant, RandomState> = DashMap::default();
    for id in 0..RESIDENT {
        map.insert(id, Instant::now());
    }
    let mut id = RESIDENT;
    Box::new(move |times| {
        for _ in 0..times {
            id += 1;
            map.insert(id, Instant::now());
            let removed = map.remove(&black_box(id));
            black_box(removed.map(|(_, started)| started.elapsed()));
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
