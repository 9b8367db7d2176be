//! The profiler.

use std::sync::Arc;

use shuttle::thread;

use crate::debug::Profiler;

pub(crate) const CHECKS: &[(&str, fn())] = &[
    (
        "timers of several threads under one name are all counted",
        counted,
    ),
    (
        "a timer that several threads stop is counted once",
        stopped_once,
    ),
    ("laps and events of several threads are all listed", laps),
];

fn counted() {
    let profiler = Arc::new(Profiler::default());
    let threads: Vec<_> = (0..3)
        .map(|_| {
            let profiler = Arc::clone(&profiler);
            thread::spawn(move || {
                for _ in 0..2 {
                    profiler.start("shared").stop();
                }
                drop(profiler.start("abandoned"));
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let statistics = profiler.statistics();
    assert_eq!((statistics.len(), statistics[0].count), (1, 6));
    assert_eq!(profiler.abandoned(), 3);
}

fn stopped_once() {
    let profiler = Profiler::default();
    let timer = Arc::new(profiler.start("t"));
    let other = Arc::clone(&timer);
    let thread = thread::spawn(move || other.stop());
    let duration = timer.stop();
    assert_eq!(thread.join().unwrap(), duration);
    assert_eq!(profiler.statistics()[0].count, 1);
}

fn laps() {
    let profiler = Profiler::default();
    let timer = Arc::new(profiler.start("t"));
    let threads: Vec<_> = (0..2)
        .map(|_| {
            let timer = Arc::clone(&timer);
            thread::spawn(move || {
                timer.lap("l");
                assert!(timer.event("e", None));
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!((timer.laps().len(), timer.events().len()), (2, 2));
    timer.stop();
}
