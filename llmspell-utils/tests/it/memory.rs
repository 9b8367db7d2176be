//! What memory is in use.

use std::time::Duration;

use llmspell_utils::debug::{MemorySnapshot, MemoryUse, Timestamp};
use serde_json::json;

#[test]
fn the_process_is_measured_and_the_script_is_not_known() {
    let memory = MemoryUse::of_process();
    assert_eq!(
        (
            memory.script_heap,
            memory.script_heap_limit,
            memory.allocations,
            memory.collections
        ),
        (None, None, None, None)
    );
    #[cfg(any(target_os = "linux", target_os = "macos", target_os = "windows"))]
    {
        let resident = memory.resident.unwrap();
        assert!(resident > 100_000, "{resident} bytes");
        assert!(memory.virtual_.unwrap() >= resident / 2);
    }
}

#[test]
fn what_a_process_takes_is_seen() {
    let snapshot = || MemorySnapshot::new(Timestamp::from_nanoseconds(0), MemoryUse::of_process());
    let before = snapshot();
    let bytes = vec![1_u8; 64 << 20];
    let after = snapshot();
    assert_eq!(bytes.last(), Some(&1));
    if let Some(grown) = after.difference(&before).resident {
        // Other tests run beside this one and give memory back.
        assert!(grown > 16 << 20, "{grown} bytes");
    }
}

#[test]
fn a_difference_knows_what_both_snapshots_know() {
    let at = Timestamp::from_nanoseconds;
    let earlier = MemorySnapshot::new(
        at(1_000_000),
        MemoryUse {
            script_heap: Some(5_000),
            script_heap_limit: Some(10_000),
            resident: Some(u64::MAX),
            virtual_: Some(7),
            allocations: None,
            collections: Some(2),
        },
    );
    let later = MemorySnapshot::new(
        at(3_500_000),
        MemoryUse {
            script_heap: Some(4_000),
            script_heap_limit: Some(10_000),
            resident: Some(0),
            virtual_: None,
            allocations: Some(3),
            collections: Some(5),
        },
    );
    let difference = later.difference(&earlier);
    assert_eq!(difference.elapsed, Some(Duration::from_micros(2_500)));
    assert_eq!(
        serde_json::to_value(difference).unwrap(),
        json!({
            "elapsed_ms": 2.5,
            "script_heap_bytes": -1_000,
            "resident_bytes": null,
            "virtual_bytes": null,
            "allocations": null,
            "collections": 3,
        })
    );
    assert_eq!(earlier.difference(&later).elapsed, None);
    assert_eq!(
        serde_json::to_value(later).unwrap(),
        json!({
            "at": "1970-01-01T00:00:00.003500Z",
            "script_heap_bytes": 4_000,
            "script_heap_limit_bytes": 10_000,
            "resident_bytes": 0,
            "virtual_bytes": null,
            "allocations": 3,
            "collections": 5,
        })
    );
}
