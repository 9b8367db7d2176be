//! What memory is in use: of a script's heap, and of the whole process.

use std::time::Duration;

use serde::Serialize;

use super::clock::Timestamp;

/// What memory is in use. Nothing stands for what is not known, never a 0.
///
/// ```
/// use llmspell_utils::debug::MemoryUse;
///
/// let memory = MemoryUse { script_heap: Some(4_096), ..MemoryUse::of_process() };
/// assert_eq!(memory.collections, None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct MemoryUse {
    /// What the script's heap holds, in bytes.
    #[serde(rename = "script_heap_bytes")]
    pub script_heap: Option<u64>,
    /// What the script's heap may hold, in bytes.
    #[serde(rename = "script_heap_limit_bytes")]
    pub script_heap_limit: Option<u64>,
    /// What of the process is in physical memory, in bytes.
    #[serde(rename = "resident_bytes")]
    pub resident: Option<u64>,
    /// What addresses the process has taken, in bytes.
    #[serde(rename = "virtual_bytes")]
    pub virtual_: Option<u64>,
    /// How many pieces of memory the script's engine holds.
    pub allocations: Option<u64>,
    /// How often the script's engine has collected garbage.
    pub collections: Option<u64>,
}

impl MemoryUse {
    /// What the system says about this process; what is about scripts is not known.
    #[must_use]
    pub fn of_process() -> Self {
        // A system without these numbers may answer with 0, which no process has.
        let known = |bytes: usize| u64::try_from(bytes).ok().filter(|bytes| *bytes > 0);
        let process = memory_stats::memory_stats();
        Self {
            resident: process.and_then(|process| known(process.physical_mem)),
            virtual_: process.and_then(|process| known(process.virtual_mem)),
            ..Self::default()
        }
    }
}

/// What memory was in use at a point in time.
///
/// ```
/// use llmspell_utils::debug::{MemorySnapshot, MemoryUse, Timestamp};
///
/// let heap = |bytes| MemoryUse { script_heap: Some(bytes), ..MemoryUse::default() };
/// let before = MemorySnapshot::new(Timestamp::from_nanoseconds(1_000), heap(5_000));
/// let after = MemorySnapshot::new(Timestamp::from_nanoseconds(3_000), heap(4_000));
/// let change = after.difference(&before);
/// assert_eq!(change.script_heap, Some(-1_000));
/// assert_eq!(change.resident, None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct MemorySnapshot {
    /// When it was taken.
    pub at: Timestamp,
    /// What was in use then.
    #[serde(flatten)]
    pub memory: MemoryUse,
}

/// What changed between two snapshots. Nothing stands for what one of them does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct MemoryDifference {
    /// The time from the earlier to the later one; nothing if they stand the other way round.
    #[serde(rename = "elapsed_ms", serialize_with = "as_milliseconds")]
    pub elapsed: Option<Duration>,
    /// How the script's heap has grown, in bytes.
    #[serde(rename = "script_heap_bytes")]
    pub script_heap: Option<i64>,
    /// How the process has grown in physical memory, in bytes.
    #[serde(rename = "resident_bytes")]
    pub resident: Option<i64>,
    /// How many more addresses the process has taken, in bytes.
    #[serde(rename = "virtual_bytes")]
    pub virtual_: Option<i64>,
    /// How many more pieces of memory the script's engine holds.
    pub allocations: Option<i64>,
    /// How often the script's engine has collected garbage in between.
    pub collections: Option<i64>,
}

impl MemorySnapshot {
    /// A snapshot of what was in use at a time.
    #[must_use]
    pub const fn new(at: Timestamp, memory: MemoryUse) -> Self {
        Self { at, memory }
    }

    /// What changed since an earlier snapshot.
    #[must_use]
    pub fn difference(&self, earlier: &Self) -> MemoryDifference {
        let (now, then) = (&self.memory, &earlier.memory);
        let elapsed = self
            .at
            .as_nanoseconds()
            .checked_sub(earlier.at.as_nanoseconds());
        MemoryDifference {
            elapsed: elapsed.map(Duration::from_nanos),
            script_heap: change(then.script_heap, now.script_heap),
            resident: change(then.resident, now.resident),
            virtual_: change(then.virtual_, now.virtual_),
            allocations: change(then.allocations, now.allocations),
            collections: change(then.collections, now.collections),
        }
    }
}

fn change(from: Option<u64>, to: Option<u64>) -> Option<i64> {
    let (from, to) = (i128::from(from?), i128::from(to?));
    i64::try_from(to - from).ok()
}

#[expect(
    clippy::ref_option,
    reason = "serde hands a reference to the field over"
)]
fn as_milliseconds<S: serde::Serializer>(
    duration: &Option<Duration>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    duration
        .map(super::report::milliseconds)
        .serialize(serializer)
}
