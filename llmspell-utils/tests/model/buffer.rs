//! The capture buffer.

use std::collections::BTreeMap;
use std::sync::Arc;

use shuttle::thread;

use crate::debug::{BufferLimits, BufferOutput, DebugEntry, DebugLevel, Timestamp};

pub(crate) const CHECKS: &[(&str, fn())] = &[
    (
        "readers never see more than the limits, nor a thread out of order",
        readers,
    ),
    ("every entry is kept or counted as forgotten", counts),
    (
        "many pieces of several entries come to the newest in the end",
        pieces,
    ),
    (
        "clearing takes what was there and nothing that comes later",
        clearing,
    ),
    ("limits that change meanwhile hold in the end", limits),
];

fn entry(thread: usize, number: usize) -> Arc<DebugEntry> {
    let time = Timestamp::from_nanoseconds(number as u64);
    let entry = DebugEntry::new(time, DebugLevel::Info, number.to_string());
    Arc::new(entry.with_module(thread.to_string()))
}

fn buffer(entries: usize) -> Arc<BufferOutput> {
    Arc::new(BufferOutput::new(BufferLimits {
        entries,
        ..BufferLimits::default()
    }))
}

fn pushing(
    buffer: &Arc<BufferOutput>,
    threads: usize,
    count: usize,
) -> Vec<thread::JoinHandle<()>> {
    (0..threads)
        .map(|thread| {
            let buffer = Arc::clone(buffer);
            thread::spawn(move || {
                for number in 0..count {
                    buffer.push(entry(thread, number));
                }
            })
        })
        .collect()
}

fn join(threads: Vec<thread::JoinHandle<()>>) {
    for thread in threads {
        thread.join().unwrap();
    }
}

/// Of each thread the entries follow each other, and none is missing between two of them.
fn in_order(entries: &[Arc<DebugEntry>]) {
    let mut latest = BTreeMap::new();
    for entry in entries {
        let number: usize = entry.message.parse().unwrap();
        if let Some(before) = latest.insert(entry.module.clone(), number) {
            assert_eq!(number, before + 1);
        }
    }
}

fn readers() {
    let buffer = buffer(3);
    let threads = pushing(&buffer, 2, 4);
    for _ in 0..3 {
        let seen = buffer.entries(None);
        assert!(seen.len() <= 3);
        in_order(&seen);
        assert!(buffer.len() <= 3);
        assert!(buffer.entries(Some(1)).len() <= 1);
    }
    join(threads);
    assert_eq!((buffer.len(), buffer.forgotten()), (3, 5));
}

fn counts() {
    let buffer = buffer(2);
    let threads = pushing(&buffer, 3, 3);
    assert!(buffer.forgotten() <= 7);
    join(threads);
    assert_eq!((buffer.entries(None).len(), buffer.forgotten()), (2, 7));
}

fn pieces() {
    // Pieces of two entries.
    let buffer = buffer(256);
    for number in 0..250 {
        buffer.push(entry(9, number));
    }
    join(pushing(&buffer, 2, 10));
    let seen = buffer.entries(None);
    assert_eq!((seen.len(), buffer.forgotten()), (256, 14));
    in_order(&seen);
}

fn clearing() {
    let buffer = buffer(2);
    let threads = pushing(&buffer, 2, 3);
    buffer.clear();
    join(threads);
    assert!(buffer.len() as u64 + buffer.forgotten() <= 6);
    buffer.clear();
    assert!(buffer.is_empty() && buffer.bytes() == 0);
    buffer.push(entry(0, 0));
    assert_eq!(buffer.len(), 1);
}

fn limits() {
    let buffer = buffer(4);
    let threads = pushing(&buffer, 2, 3);
    let limits = BufferLimits {
        entries: 2,
        ..BufferLimits::default()
    };
    buffer.set_limits(limits);
    assert!(buffer.len() <= 2);
    join(threads);
    assert_eq!((buffer.limits(), buffer.len()), (limits, 2));
    assert_eq!(buffer.forgotten(), 4);
}
