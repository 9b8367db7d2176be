//! Many threads at once: nothing is lost, nothing mixes, and settings may change meanwhile.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use llmspell_utils::debug::{
    BufferOutput, DebugEntry, DebugLevel, DebugManager, DebugOutput, FileOutput, FormatKind,
    NullOutput, Profiler, debug_log,
};

use super::support::manager;

const THREADS: usize = 8;
const ENTRIES: usize = 500;

#[test]
fn many_threads_lose_no_entry_and_keep_their_order() {
    let manager = manager();
    thread::scope(|scope| {
        for number in 0..THREADS {
            let manager = &manager;
            scope.spawn(move || {
                for entry in 0..ENTRIES {
                    debug_log!(manager, DebugLevel::Info, module: format!("m{number}"), "{entry}");
                }
            });
        }
    });
    let mut next = BTreeMap::new();
    for entry in manager.captured_shared(None) {
        let next = next.entry(entry.module.clone().unwrap()).or_insert(0);
        assert_eq!(entry.message, next.to_string());
        *next += 1;
    }
    assert!(
        next.len() == THREADS && next.values().all(|count| *count == ENTRIES),
        "{next:?}"
    );
}

#[test]
fn lines_of_many_threads_do_not_mix_in_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("debug.jsonl");
    let manager = manager();
    manager.set_output(Arc::new(FileOutput::open(&path, FormatKind::Json).unwrap()));
    thread::scope(|scope| {
        for number in 0..THREADS {
            let manager = &manager;
            scope.spawn(move || {
                for entry in 0..ENTRIES {
                    manager.log(
                        DebugLevel::Info,
                        None,
                        format_args!("{number} {}", "x".repeat(entry)),
                    );
                }
            });
        }
    });
    let text = fs::read_to_string(&path).unwrap();
    let lengths: usize = text
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|entry| entry["message"].as_str().unwrap().len() - 2)
        .sum();
    assert_eq!(
        (text.lines().count(), lengths),
        (THREADS * ENTRIES, THREADS * ENTRIES * (ENTRIES - 1) / 2)
    );
}

#[test]
fn a_change_of_filters_counts_at_once_for_whoever_logs_after_it() {
    let manager = manager();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    manager.log(DebugLevel::Info, Some("a.b"), "x");
                    manager.log(DebugLevel::Info, Some("a.c"), "x");
                }
            });
        }
        for round in 0..2_000 {
            let enabled = round % 2 == 0;
            manager.add_module_filter("a.*", enabled).unwrap();
            assert_eq!(manager.wants(DebugLevel::Info, Some("a.b")), enabled);
            manager.add_module_filter("*c", !enabled).unwrap();
            assert_eq!(manager.wants(DebugLevel::Info, Some("a.c")), enabled);
        }
        done.store(true, Ordering::Relaxed);
    });
}

#[test]
fn the_gate_agrees_with_the_settings_after_many_threads_changed_them() {
    let manager = manager();
    thread::scope(|scope| {
        for number in 0..THREADS {
            let manager = &manager;
            scope.spawn(move || {
                for round in 0..ENTRIES {
                    manager.set_level(DebugLevel::ALL[(round + number) % 6]);
                    manager.set_enabled(round % 3 == 0);
                    manager
                        .set_directive(if round % 2 == 0 {
                            "m=trace"
                        } else {
                            "warn,m=off"
                        })
                        .unwrap();
                }
            });
        }
    });
    manager.set_enabled(true);
    let rules = if manager.wants(DebugLevel::Trace, Some("m")) {
        5
    } else {
        0
    };
    assert_eq!(
        manager.gate().load(Ordering::Relaxed),
        manager.level().as_u8().max(rules)
    );
}

#[test]
fn an_output_can_change_while_others_log() {
    let manager = manager();
    let buffer = Arc::new(BufferOutput::default());
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..ENTRIES {
                    manager.log(DebugLevel::Info, None, "x");
                }
            });
        }
        for _ in 0..100 {
            manager.set_output(buffer.clone());
            manager.set_output(Arc::new(NullOutput));
        }
    });
    assert_eq!(
        (manager.captured_shared(None).len(), manager.dropped()),
        (2 * ENTRIES, 0)
    );
    assert!(buffer.len() <= 2 * ENTRIES);
}

#[test]
fn timers_of_many_threads_are_all_counted() {
    let profiler = Profiler::default();
    thread::scope(|scope| {
        for number in 0..THREADS {
            let profiler = &profiler;
            scope.spawn(move || {
                for _ in 0..ENTRIES {
                    let timer = profiler.start("shared");
                    assert!(profiler.running(&timer.id()).is_some());
                    timer.stop();
                    profiler.record(format!("own {number}"), Duration::from_nanos(1));
                }
            });
        }
    });
    let counts: Vec<_> = profiler
        .statistics()
        .iter()
        .map(|one| one.count as usize)
        .collect();
    let mut expected = vec![ENTRIES; THREADS];
    expected.push(THREADS * ENTRIES);
    assert_eq!(counts, expected);
    assert_eq!(profiler.losses(), Default::default());
}

/// Counts what arrives of each module.
#[derive(Debug, Default)]
struct Counting([AtomicUsize; THREADS]);

impl DebugOutput for Counting {
    fn write(&self, entry: &DebugEntry) -> std::io::Result<()> {
        let module = entry.module.as_deref().unwrap_or_default();
        let thread: usize = module.parse().map_err(std::io::Error::other)?;
        self.0[thread].fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn name(&self) -> &str {
        "counting"
    }
}

#[test]
fn eight_threads_of_a_hundred_thousand_mixed_calls_each_lose_nothing() {
    const CALLS: usize = 100_000;
    let host = Arc::new(manager());
    let arrived = Arc::new(Counting::default());
    host.set_output(arrived.clone());
    let shared = host.scope();
    let (logged, timed, cleared): (Vec<_>, Vec<_>, Vec<_>) = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|number| {
                let (host, shared) = (&host, &shared);
                scope.spawn(move || mixed_calls(number, CALLS, host, shared))
            })
            .collect();
        let counts = threads.into_iter().map(|thread| thread.join().unwrap());
        counts.fold(
            Default::default(),
            |mut all: (Vec<_>, Vec<_>, Vec<_>), one| {
                all.0.push(one.0);
                all.1.push(one.1);
                all.2.push(one.2);
                all
            },
        )
    });
    let counted: Vec<_> = arrived
        .0
        .iter()
        .map(|count| count.load(Ordering::Relaxed))
        .collect();
    assert_eq!(counted, logged);
    let all: usize = logged.iter().sum();
    assert_eq!(
        host.captured_shared(None).len() as u64 + host.forgotten(),
        all as u64
    );
    assert_eq!(
        (host.captured_shared(None).len(), host.dropped()),
        (10_000, 0)
    );
    let stopped: u64 = host
        .profiler()
        .statistics()
        .iter()
        .map(|one| one.count)
        .sum();
    assert_eq!(stopped as usize, timed.iter().sum::<usize>());
    assert_eq!(host.profiler().losses(), Default::default());
    assert!(cleared.iter().all(|count| *count > 0));
    assert!(shared.captured_shared(None).len() <= 10_000);
    // Whatever was set meanwhile, the switches belong together again.
    host.set_level(DebugLevel::Warn);
    host.clear_filters();
    shared.set_directive("trace").unwrap();
    assert_eq!(
        (shared.level(), shared.gate().load(Ordering::Relaxed)),
        (DebugLevel::Warn, 2)
    );
}

/// Does a number of calls of every kind, and counts what was logged, what was timed and what was cleared.
fn mixed_calls(
    number: usize,
    calls: usize,
    host: &Arc<DebugManager>,
    shared: &DebugManager,
) -> (usize, usize, usize) {
    let module = number.to_string();
    let mut own = host.scope();
    let (mut logged, mut timed, mut cleared) = (0, 0, 0);
    for call in 0..calls {
        match call % 64 {
            // Levels and rules that never silence what is logged here.
            3 => host.set_level(DebugLevel::ALL[3 + call / 64 % 3]),
            11 => own.set_level(DebugLevel::ALL[3 + call / 64 % 3]),
            19 => {
                let rule = format!("{module}.noisy{}", call % 3);
                host.add_module_filter(&rule, call % 2 == 0).unwrap();
            }
            27 => {
                host.remove_filter(&format!("{module}.noisy{}", call % 3));
            }
            29 => shared.set_directive("info,x.*=off").unwrap(),
            31 => shared.clear_filters(),
            35 => assert!(host.captured_shared(Some(10)).len() <= 10),
            43 => {
                cleared += shared.captured_shared(Some(100)).len();
                shared.clear_captured();
            }
            51 => own = host.scope(),
            59 => own.clear_captured(),
            5 | 13 | 21 | 37 | 45 | 53 => {
                host.profiler().start(&module).stop();
                timed += 1;
            }
            kind => {
                let manager = match kind % 3 {
                    0 => host,
                    1 => shared,
                    _ => own.as_ref(),
                };
                manager.log(DebugLevel::Info, Some(&module), call);
                logged += 1;
            }
        }
    }
    (logged, timed, cleared)
}
