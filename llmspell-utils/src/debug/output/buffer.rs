//! The output into memory that keeps the latest entries, bounded in entries and bytes.

mod shard;

use std::fmt;
use std::io;
use std::sync::Arc;

use crate::sync::atomic::{AtomicU32, Ordering};
use crate::sync::{Moment, Mutex, MutexGuard, thread_number};

use super::super::entry::DebugEntry;
use super::DebugOutput;
use shard::{Kept, Offer, Shard};

/// How many threads can log without ever waiting for each other.
const SLOTS: usize = 16;

type Locked<'buffer> = MutexGuard<'buffer, Shard>;

/// How much a buffer keeps; whatever comes beyond either limit pushes the oldest entries out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BufferLimits {
    /// The most entries.
    pub entries: usize,
    /// The most bytes, counted as [`DebugEntry::size`] does.
    pub bytes: usize,
}

impl Default for BufferLimits {
    /// 10,000 entries and 8 MiB.
    fn default() -> Self {
        Self {
            entries: 10_000,
            bytes: 8 * 1024 * 1024,
        }
    }
}

/// Keeps the latest entries in memory, which is taken as entries come, not before.
///
/// Each thread keeps its entries by itself, so that threads do not wait for each other. Whoever reads sees all of them
/// in the order in which they came, never more than the limits allow, and of what was kept none is missing that is
/// newer than one that is there. In memory there may be more between two readings: threads
/// take the right to add in pieces of 1/256 of the limits, and free what fell out a little later. Together that is
/// never more than a fifth of the limits, or 48 entries where the limit is small.
///
/// ```
/// use llmspell_utils::debug::{BufferLimits, BufferOutput, DebugEntry, DebugLevel, DebugOutput, Timestamp};
///
/// let buffer = BufferOutput::new(BufferLimits { entries: 2, ..BufferLimits::default() });
/// for message in ["one", "two", "three"] {
///     buffer.write(&DebugEntry::new(Timestamp::default(), DebugLevel::Info, message))?;
/// }
/// let messages: Vec<_> = buffer.entries(None).iter().map(|entry| entry.message.clone()).collect();
/// assert_eq!(messages, ["two", "three"]);
/// assert_eq!(buffer.forgotten(), 1);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Default)]
pub struct BufferOutput {
    slots: [Slot; SLOTS],
    /// One bit for each slot that was ever used; the others need not be looked at.
    used: AtomicU32,
}

/// A shard with cache lines of its own, which no other thread touches while this one logs.
#[derive(Default)]
#[repr(align(128))]
struct Slot(Mutex<Shard>);

impl BufferOutput {
    /// A buffer with these limits.
    #[must_use]
    pub fn new(limits: BufferLimits) -> Self {
        let buffer = Self::default();
        buffer.set_limits(limits);
        buffer
    }

    /// Keeps an entry without copying it.
    pub fn push(&self, entry: Arc<DebugEntry>) {
        self.push_at(entry, Moment::now());
    }

    /// The same, for one who has looked at the clock.
    pub(crate) fn push_at(&self, entry: Arc<DebugEntry>, at: Moment) {
        let size = entry.size();
        let own = thread_number() % SLOTS;
        let Some(Slot(shard)) = self.slots.get(own) else {
            return;
        };
        // The lock is released by the end of this statement: what falls out is freed afterwards.
        let offer = shard.lock().offer(Kept { entry, size, at });
        if let Offer::NoRoom(kept) = offer {
            self.push_with_room(own, kept);
        }
    }

    /// The last so many entries, or all; the oldest first.
    #[must_use]
    pub fn entries(&self, last: Option<usize>) -> Vec<Arc<DebugEntry>> {
        self.look(|shards| newest(shards, last.unwrap_or(usize::MAX)))
    }

    /// How many entries are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.look(|shards| shards.iter().map(|shard| shard.len()).sum())
    }

    /// Whether no entry is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many bytes are kept.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.look(|shards| shards.iter().map(|shard| shard.bytes()).sum())
    }

    /// How many entries the limits have pushed out so far, or did not let in; a buffer for 0 entries counts none.
    #[must_use]
    pub fn forgotten(&self) -> u64 {
        self.look(|shards| shards.iter().map(|shard| shard.forgotten).sum())
    }

    /// Forgets all entries; they do not count as forgotten.
    pub fn clear(&self) {
        let _fallen: Vec<_> =
            self.look(|shards| shards.iter_mut().map(|shard| shard.clear()).collect());
    }

    /// The limits.
    #[must_use]
    pub fn limits(&self) -> BufferLimits {
        self.slots
            .first()
            .map(|Slot(shard)| shard.lock().limits)
            .unwrap_or_default()
    }

    /// Changes the limits; what no longer fits goes.
    pub fn set_limits(&self, limits: BufferLimits) {
        let mut shards = self.lock(u32::MAX);
        for shard in &mut shards {
            shard.set_limits(limits);
        }
        let _fallen = settle(&mut shards);
        drop(shards);
    }

    /// Keeps an entry in one's own slot and takes another piece of the limits.
    #[inline(never)]
    fn push_with_room(&self, own: usize, kept: Kept) {
        // Before the locks are taken: whoever looks later looks here too.
        let used = self.used.fetch_or(1 << own, Ordering::AcqRel) | (1 << own);
        let mut shards = self.lock(used);
        let before = (used & ((1 << own) - 1)).count_ones();
        let refused = shards
            .get_mut(before as usize)
            .map(|shard| shard.keep_with_room(kept));
        let fallen = settle(&mut shards);
        drop(shards);
        drop((refused, fallen));
    }

    /// Does something with all shards when they are within the limits.
    fn look<T>(&self, look: impl FnOnce(&mut [Locked<'_>]) -> T) -> T {
        let mut shards = self.lock(self.used.load(Ordering::Acquire));
        let fallen = settle(&mut shards);
        let found = look(&mut shards);
        drop(shards);
        drop(fallen);
        found
    }

    /// Locks the slots of a set, always in the same order.
    fn lock(&self, set: u32) -> Vec<Locked<'_>> {
        self.slots
            .iter()
            .enumerate()
            .filter(|(slot, _)| set & (1 << slot) != 0)
            .map(|(_, Slot(shard))| shard.lock())
            .collect()
    }
}

/// Puts the oldest entries of all shards beyond the limits, as many as are too many, and hands out what is to be freed.
fn settle(shards: &mut [Locked<'_>]) -> Vec<Kept> {
    let limits = shards.first().map(|shard| shard.limits).unwrap_or_default();
    let mut entries: usize = shards.iter().map(|shard| shard.len()).sum();
    let mut bytes: usize = shards.iter().map(|shard| shard.bytes()).sum();
    while entries > limits.entries || bytes > limits.bytes {
        let oldest = shards
            .iter_mut()
            .filter_map(|shard| Some((shard.oldest()?, shard)))
            .min_by_key(|(at, _)| *at);
        let Some((_, shard)) = oldest else { break };
        bytes -= shard.pass_oldest();
        entries -= 1;
    }
    let mut freed = Vec::new();
    for shard in shards {
        shard.free_many(&mut freed);
    }
    freed
}

/// The newest entries of all shards, the oldest of them first.
fn newest(shards: &[Locked<'_>], count: usize) -> Vec<Arc<DebugEntry>> {
    let count = count.min(shards.iter().map(|shard| shard.len()).sum());
    let mut entries = Vec::with_capacity(count);
    let mut taken = vec![0; shards.len()];
    while entries.len() < count {
        let next = shards
            .iter()
            .zip(&mut taken)
            .filter_map(|(shard, taken)| Some((shard.before_newest(*taken)?, taken)))
            .max_by_key(|(kept, _)| kept.at);
        let Some((kept, taken)) = next else { break };
        *taken += 1;
        entries.push(Arc::clone(&kept.entry));
    }
    entries.reverse();
    entries
}

impl fmt::Debug for BufferOutput {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("BufferOutput")
            .field("limits", &self.limits())
            .finish_non_exhaustive()
    }
}

impl DebugOutput for BufferOutput {
    fn write(&self, entry: &DebugEntry) -> io::Result<()> {
        self.push(Arc::new(entry.clone()));
        Ok(())
    }

    fn name(&self) -> &str {
        "buffer"
    }
}
