//! The output into memory that keeps the latest entries, bounded in entries and bytes.

mod ledger;
mod shard;

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::Arc;

use crate::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use crate::sync::{Mutex, MutexGuard, thread_number};

use super::super::entry::DebugEntry;
use super::DebugOutput;
use ledger::Ledger;
use shard::{Kept, Offer, Shard};

/// How many threads can log without ever waiting for each other; a thread beyond shares a slot with another.
const SLOTS: usize = 16;

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
/// in the order of their times, and those of one thread always in the order in which they came. There are never more
/// than the limits allow, and none is missing that is newer than one that is there.
///
/// In memory there is a little more: threads come to terms with each other only after 1/128 of a limit, at most 64
/// entries, and free what fell out a little later. For each thread that logs that is at most 1/20 of the limits, or 6
/// entries where the limit is small, and never more than 3/4 of the limits for all threads together, or 96 entries.
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
pub struct BufferOutput {
    slots: [Apart<Mutex<Shard>>; SLOTS],
    /// The ledger's round, for everybody to read.
    round: Apart<AtomicU64>,
    /// INVARIANT: whoever locks a slot or several and the ledger locks the slots first, the lower before the higher.
    ledger: Apart<Mutex<Ledger>>,
    /// One bit for each slot that was ever used; the others need not be looked at.
    used: AtomicU32,
}

/// Something with cache lines of its own: writing to what stands beside it does not slow down who reads it.
#[derive(Default)]
#[repr(align(128))]
struct Apart<T>(T);

/// Everything that is in a buffer, while nobody can change it.
struct View<'buffer> {
    shards: Vec<(usize, MutexGuard<'buffer, Shard>)>,
    ledger: MutexGuard<'buffer, Ledger>,
    /// What was found to be overdue; freed when the locks before are released.
    _freed: Vec<Vec<Kept>>,
}

impl BufferOutput {
    /// A buffer with these limits.
    #[must_use]
    pub fn new(limits: BufferLimits) -> Self {
        Self {
            slots: std::array::from_fn(|_| Apart(Mutex::new(Shard::new(limits)))),
            round: Apart::default(),
            ledger: Apart(Mutex::new(Ledger::new(limits))),
            used: AtomicU32::new(0),
        }
    }

    /// Keeps an entry without copying it.
    pub fn push(&self, entry: Arc<DebugEntry>) {
        let size = entry.size();
        let slot = thread_number() % SLOTS;
        let Some(Apart(shard)) = self.slots.get(slot) else {
            return;
        };
        let mut shard = shard.lock();
        let at = (self.round.0.load(Ordering::Relaxed), entry.time);
        match shard.offer(Kept { entry, size, at }) {
            Offer::NoRoom(kept) => self.push_first(slot, shard, kept),
            Offer::Done(fallen) => {
                drop(shard);
                // Freed when the lock is released.
                drop(fallen);
            }
        }
    }

    /// The last so many entries, or all; the oldest first.
    #[must_use]
    pub fn entries(&self, last: Option<usize>) -> Vec<Arc<DebugEntry>> {
        let view = self.view();
        let mut entries: Vec<_> = view
            .newest()
            .take(last.unwrap_or(usize::MAX))
            .map(|(_, kept)| Arc::clone(&kept.entry))
            .collect();
        drop(view);
        entries.reverse();
        entries
    }

    /// How many entries are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.view().len()
    }

    /// Whether no entry is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many bytes are kept.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.view().newest().map(|(_, kept)| kept.size).sum()
    }

    /// How many entries the limits have pushed out so far, or did not let in; a buffer for 0 entries counts none.
    #[must_use]
    pub fn forgotten(&self) -> u64 {
        let view = self.view();
        let refused: u64 = view.shards.iter().map(|(_, shard)| shard.refused).sum();
        refused + view.ledger.forgotten + view.beyond() as u64
    }

    /// Forgets all entries; they do not count as forgotten.
    pub fn clear(&self) {
        let mut view = self.view();
        view.ledger.forgotten += view.beyond() as u64;
        view.ledger.clear();
        let shards = view.shards.iter_mut();
        let gone: Vec<_> = shards.map(|(_, shard)| shard.clear()).collect();
        drop(view);
        // Freed when the locks are released.
        drop(gone);
    }

    /// The limits.
    #[must_use]
    pub fn limits(&self) -> BufferLimits {
        self.ledger.0.lock().limits
    }

    /// Changes the limits; what no longer fits goes.
    pub fn set_limits(&self, limits: BufferLimits) {
        // All slots, also those that nobody has used yet: each knows the limits.
        let mut view = self.view_of(u32::MAX);
        view.ledger.limits = limits;
        let gone = view.fit();
        view.ledger.round += 1;
        self.round.0.store(view.ledger.round, Ordering::Relaxed);
        drop(view);
        drop(gone);
    }

    /// Closes the piece of one's own slot and begins the next one with an entry.
    #[inline(never)]
    fn push_first(&self, slot: usize, mut shard: MutexGuard<'_, Shard>, mut kept: Kept) {
        if !shard.is_known() {
            // Before the entry is there: whoever looks later looks here too.
            self.used.fetch_or(1 << slot, Ordering::Release);
        }
        let mut ledger = self.ledger.0.lock();
        ledger.close(slot, shard.close_piece());
        kept.at.0 = ledger.round;
        if let Some(piece) = shard.keep_first(kept) {
            ledger.close(slot, piece);
        }
        self.round.0.store(ledger.round, Ordering::Relaxed);
        let overdue = ledger.strike_off();
        let news = ledger.news_for(slot);
        drop(ledger);
        let freed = shard.strike_off(news);
        drop(shard);
        drop(freed);
        self.free(overdue & !(1 << slot));
    }

    /// Frees what waits in slots whose threads have not come for long.
    fn free(&self, set: u32) {
        for (slot, Apart(shard)) in self.slots.iter().enumerate() {
            if set & (1 << slot) != 0 {
                let mut shard = shard.lock();
                let news = self.ledger.0.lock().news_for(slot);
                let freed = shard.strike_off(news);
                drop(shard);
                drop(freed);
            }
        }
    }

    fn view(&self) -> View<'_> {
        self.view_of(self.used.load(Ordering::Acquire))
    }

    /// Locks the slots of a set and the ledger, and brings both to the same state.
    fn view_of(&self, set: u32) -> View<'_> {
        let slots = self.slots.iter().enumerate();
        let mut shards: Vec<_> = slots
            .filter(|(slot, _)| set & (1 << slot) != 0)
            .map(|(slot, Apart(shard))| (slot, shard.lock()))
            .collect();
        let mut ledger = self.ledger.0.lock();
        let freed = shards
            .iter_mut()
            .map(|(slot, shard)| shard.strike_off(ledger.news_for(*slot)))
            .collect();
        View {
            shards,
            ledger,
            _freed: freed,
        }
    }
}

impl View<'_> {
    /// The entries within the limits, the newest first, and which of the shards each is in.
    fn newest(&self) -> impl Iterator<Item = (usize, &Kept)> {
        let BufferLimits { entries, mut bytes } = self.ledger.limits;
        let mut taken = vec![0; self.shards.len()];
        std::iter::from_fn(move || {
            let candidates = self.shards.iter().zip(&taken).enumerate();
            let (index, newest) = candidates
                .filter_map(|(index, ((_, shard), taken))| {
                    Some((index, shard.before_newest(*taken)?))
                })
                .max_by_key(|(_, kept)| kept.at)?;
            bytes = bytes.checked_sub(newest.size)?;
            *taken.get_mut(index)? += 1;
            Some((index, newest))
        })
        .take(entries)
    }

    /// Lets go of what is beyond limits that have changed, and writes the ledger anew.
    fn fit(&mut self) -> Vec<VecDeque<Kept>> {
        let total = self.total();
        let newest: Vec<_> = self
            .newest()
            .map(|(index, kept)| (index, kept.size))
            .collect();
        let mut counts = vec![0; self.shards.len()];
        self.ledger.forgotten += (total - newest.len()) as u64;
        self.ledger.clear();
        for (index, size) in newest.into_iter().rev() {
            if let (Some((slot, _)), Some(count)) = (self.shards.get(index), counts.get_mut(index))
            {
                self.ledger.add(*slot, size);
                *count += 1;
            }
        }
        let limits = self.ledger.limits;
        let shards = self.shards.iter_mut().zip(counts);
        shards
            .map(|((_, shard), count)| {
                shard.limits = limits;
                shard.keep_newest(count)
            })
            .collect()
    }

    /// How many entries are within the limits.
    fn len(&self) -> usize {
        let bytes: usize = self.shards.iter().map(|(_, shard)| shard.bytes()).sum();
        if bytes <= self.ledger.limits.bytes {
            self.total().min(self.ledger.limits.entries)
        } else {
            self.newest().count()
        }
    }

    /// How many entries are there, within the limits or not.
    fn total(&self) -> usize {
        self.shards.iter().map(|(_, shard)| shard.len()).sum()
    }

    /// How many entries are beyond the limits.
    fn beyond(&self) -> usize {
        self.total() - self.len()
    }
}

impl fmt::Debug for BufferOutput {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("BufferOutput")
            .field("limits", &self.limits())
            .finish_non_exhaustive()
    }
}

impl Default for BufferOutput {
    fn default() -> Self {
        Self::new(BufferLimits::default())
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
