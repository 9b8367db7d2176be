//! Captured entries: what is kept, and within which limits.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Barrier, Mutex};
use std::thread;

use llmspell_utils::debug::{
    BufferLimits, BufferOutput, DebugEntry, DebugLevel, DebugManager, DebugOutput as _, Timestamp,
};
use serde_json::json;

use super::support::{manager, messages};

fn entry(message: impl Into<String>) -> DebugEntry {
    DebugEntry::new(Timestamp::default(), DebugLevel::Info, message)
}

#[test]
fn the_last_so_many_entries_come_oldest_first() {
    let manager = manager();
    for number in 0..5 {
        manager.log(DebugLevel::Info, None, number);
    }
    let last = |limit| {
        manager
            .captured(Some(limit))
            .into_iter()
            .map(|entry| entry.message)
            .collect::<Vec<_>>()
    };
    assert_eq!(last(2), ["3", "4"]);
    assert_eq!(last(0), [""; 0]);
    assert_eq!(last(usize::MAX), ["0", "1", "2", "3", "4"]);
    assert_eq!(messages(&manager), last(5));
}

#[test]
fn a_manager_keeps_10000_entries_and_counts_what_it_forgot() {
    let manager = manager();
    for number in 0..10_003 {
        manager.log(DebugLevel::Info, None, number);
    }
    let kept = messages(&manager);
    assert_eq!(
        (kept.len(), kept[0].as_str(), manager.forgotten()),
        (10_000, "3", 3)
    );
}

#[test]
fn a_manager_keeps_8_mebibytes() {
    let manager = manager();
    let megabyte = "x".repeat(1024 * 1024);
    for number in 0..20 {
        manager.log(DebugLevel::Info, None, format_args!("{number}{megabyte}"));
    }
    let kept = manager.captured_shared(None);
    assert_eq!(kept.len(), 7);
    assert!(kept[0].message.starts_with("13x"));
}

#[test]
fn an_entry_that_is_larger_than_the_buffer_pushes_nothing_out() {
    let buffer = BufferOutput::new(BufferLimits {
        entries: 10,
        bytes: 4_096,
    });
    buffer.write(&entry("small")).unwrap();
    buffer.write(&entry("x".repeat(5_000))).unwrap();
    assert_eq!((buffer.len(), buffer.forgotten()), (1, 1));
    assert_eq!(buffer.entries(None)[0].message, "small");
}

#[test]
fn data_counts_as_bytes_however_deep_it_is() {
    let mut data = json!("x".repeat(1_000));
    for _ in 0..100 {
        data = json!({ "k": [data] });
    }
    let size = entry("").with_data(data).size();
    assert!((4_000..40_000).contains(&size), "{size}");
}

#[test]
fn memory_is_taken_as_entries_come_and_given_back_when_they_go() {
    let buffer = BufferOutput::default();
    assert_eq!(buffer.bytes(), 0);
    buffer.write(&entry("one")).unwrap();
    buffer.write(&entry("two")).unwrap();
    assert_eq!(buffer.bytes(), 2 * entry("one").size());
    buffer.clear();
    assert_eq!(
        (buffer.bytes(), buffer.is_empty(), buffer.forgotten()),
        (0, true, 0)
    );
}

#[test]
fn smaller_limits_count_at_once() {
    let manager = manager();
    for number in 0..10 {
        manager.log(DebugLevel::Info, None, number);
    }
    manager.set_capture_limits(BufferLimits {
        entries: 2,
        ..BufferLimits::default()
    });
    assert_eq!(messages(&manager), ["8", "9"]);
    manager.set_capture_limits(BufferLimits {
        entries: 0,
        ..BufferLimits::default()
    });
    manager.log(DebugLevel::Info, None, "unseen");
    assert_eq!(messages(&manager), [""; 0]);
    assert_eq!(manager.forgotten(), 10);
}

#[test]
fn captured_entries_are_forgotten_on_request() {
    let manager = manager();
    manager.log(DebugLevel::Info, None, "one");
    manager.clear_captured();
    manager.log(DebugLevel::Info, None, "two");
    assert_eq!(messages(&manager), ["two"]);
}

fn numbered(thread: usize, number: usize) -> Arc<DebugEntry> {
    Arc::new(entry(number.to_string()).with_module(thread.to_string()))
}

fn push_from_another_thread(buffer: &BufferOutput, thread: usize, numbers: Range<usize>) {
    thread::scope(|scope| {
        scope.spawn(|| numbers.for_each(|number| buffer.push(numbered(thread, number))));
    });
}

#[test]
fn entries_of_threads_that_come_one_after_the_other_stay_in_their_order() {
    let manager = DebugManager::new();
    for number in 0..200 {
        thread::scope(|scope| {
            let idle = scope.spawn(thread::park);
            scope
                .spawn(|| manager.log(DebugLevel::Info, None, number))
                .join()
                .unwrap();
            idle.thread().unpark();
        });
        manager.log(DebugLevel::Info, None, number);
    }
    let expected: Vec<_> = (0..200)
        .flat_map(|number| [number.to_string(), number.to_string()])
        .collect();
    assert_eq!(messages(&manager), expected);
}

#[test]
fn a_busy_thread_pushes_out_what_an_idle_one_has_left() {
    let buffer = BufferOutput::new(BufferLimits {
        entries: 600,
        ..BufferLimits::default()
    });
    let done = Barrier::new(2);
    thread::scope(|scope| {
        scope.spawn(|| {
            (0..500).for_each(|number| buffer.push(numbered(0, number)));
            done.wait();
            done.wait();
        });
        done.wait();
        (0..1_000).for_each(|number| buffer.push(numbered(1, number)));
        let kept = buffer.entries(None);
        assert_eq!((kept.len(), buffer.forgotten()), (600, 900));
        assert!(
            kept.iter()
                .all(|entry| entry.module.as_deref() == Some("1"))
        );
        done.wait();
    });
}

#[test]
fn the_newest_entries_of_many_threads_are_kept_without_a_gap() {
    const THREADS: usize = 6;
    let limits = BufferLimits {
        entries: 1_000,
        ..BufferLimits::default()
    };
    let buffer = BufferOutput::new(limits);
    let pushed = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (buffer, pushed) = (&buffer, &pushed);
            scope.spawn(move || {
                let entries: Vec<_> = (0..3_000).map(|number| numbered(thread, number)).collect();
                let weak: Vec<_> = entries.iter().map(Arc::downgrade).collect();
                pushed.lock().unwrap().extend(weak);
                for entry in entries {
                    buffer.push(entry);
                }
            });
        }
        for _ in 0..50 {
            assert_without_gaps(&buffer.entries(None), limits.entries);
            assert!(buffer.len() <= limits.entries && buffer.bytes() <= limits.bytes);
        }
    });
    assert_without_gaps(&buffer.entries(None), limits.entries);
    assert_eq!((buffer.len(), buffer.forgotten()), (1_000, 17_000));
    let pushed = pushed.into_inner().unwrap();
    let in_memory = pushed
        .iter()
        .filter(|entry| entry.strong_count() > 0)
        .count();
    assert!((1_000..=1_750).contains(&in_memory), "{in_memory}");
}

fn assert_without_gaps(entries: &[Arc<DebugEntry>], most: usize) {
    assert!(entries.len() <= most);
    let mut latest = BTreeMap::new();
    for entry in entries {
        let number: usize = entry.message.parse().unwrap();
        if let Some(before) = latest.insert(entry.module.clone(), number) {
            assert_eq!(number, before + 1);
        }
    }
}

#[test]
fn bytes_of_several_threads_are_bounded_together() {
    let buffer = BufferOutput::new(BufferLimits {
        entries: 10_000,
        bytes: 100_000,
    });
    for round in 0..10 {
        push_from_another_thread(&buffer, round, 0..100);
        buffer.push(Arc::new(entry("x".repeat(20_000))));
    }
    assert!(
        (60_000..=100_000).contains(&buffer.bytes()),
        "{}",
        buffer.bytes()
    );
    assert_eq!(buffer.len() as u64 + buffer.forgotten(), 1_010);
    let kept = buffer.entries(None);
    assert_eq!(
        kept.iter().map(|entry| entry.size()).sum::<usize>(),
        buffer.bytes()
    );
    assert_eq!(kept.last().unwrap().message.len(), 20_000);
}

#[test]
fn an_entry_that_claims_to_come_from_the_future_does_not_outlive_the_others() {
    let buffer = BufferOutput::new(BufferLimits {
        entries: 300,
        ..BufferLimits::default()
    });
    let mut future = entry("future");
    future.time = Timestamp::from_nanoseconds(u64::MAX);
    buffer.push(Arc::new(future));
    thread::scope(|scope| {
        scope.spawn(|| (0..1_000).for_each(|number| buffer.push(numbered(1, number))));
    });
    let kept = buffer.entries(None);
    assert_eq!((kept.len(), kept[0].message.as_str()), (300, "700"));
}

#[test]
fn limits_may_change_between_entries_of_several_threads() {
    let buffer = BufferOutput::default();
    for (round, entries) in [1_000, 10, 700, 0, 40].into_iter().enumerate() {
        push_from_another_thread(&buffer, round, 0..500);
        (0..500).for_each(|number| buffer.push(numbered(9, number)));
        let limits = BufferLimits {
            entries,
            ..BufferLimits::default()
        };
        let before = buffer.entries(None);
        buffer.set_limits(limits);
        let kept = before.len().min(entries);
        assert_eq!(buffer.entries(None), before[before.len() - kept..]);
        assert_eq!(buffer.limits(), limits);
    }
}
