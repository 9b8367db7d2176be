//! Captured entries: what is kept, and within which limits.

use llmspell_utils::debug::{
    BufferLimits, BufferOutput, DebugEntry, DebugLevel, DebugOutput as _, Timestamp,
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
