//! The output into memory that keeps the latest entries, bounded in entries and bytes.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use parking_lot::Mutex;

use super::super::entry::DebugEntry;
use super::DebugOutput;

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
#[derive(Debug, Default)]
pub struct BufferOutput {
    ring: Mutex<Ring>,
}

#[derive(Debug, Default)]
struct Ring {
    limits: BufferLimits,
    entries: VecDeque<Kept>,
    bytes: usize,
    forgotten: u64,
}

#[derive(Debug)]
struct Kept {
    entry: Arc<DebugEntry>,
    size: usize,
}

impl BufferOutput {
    /// A buffer with these limits.
    #[must_use]
    pub fn new(limits: BufferLimits) -> Self {
        Self {
            ring: Mutex::new(Ring {
                limits,
                ..Ring::default()
            }),
        }
    }

    /// Keeps an entry without copying it.
    pub fn push(&self, entry: Arc<DebugEntry>) {
        let size = entry.size();
        // What falls out is freed after the lock is released.
        let _fallen = self.ring.lock().push(Kept { entry, size });
    }

    /// The last so many entries, or all; the oldest first.
    #[must_use]
    pub fn entries(&self, last: Option<usize>) -> Vec<Arc<DebugEntry>> {
        let ring = self.ring.lock();
        let skipped = ring
            .entries
            .len()
            .saturating_sub(last.unwrap_or(usize::MAX));
        ring.entries
            .iter()
            .skip(skipped)
            .map(|kept| Arc::clone(&kept.entry))
            .collect()
    }

    /// How many entries are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ring.lock().entries.len()
    }

    /// Whether no entry is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many bytes are kept.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.ring.lock().bytes
    }

    /// How many entries the limits have pushed out so far, or did not let in; a buffer for 0 entries counts none.
    #[must_use]
    pub fn forgotten(&self) -> u64 {
        self.ring.lock().forgotten
    }

    /// Forgets all entries; they do not count as forgotten.
    pub fn clear(&self) {
        let _fallen = self.ring.lock().clear();
    }

    /// The limits.
    #[must_use]
    pub fn limits(&self) -> BufferLimits {
        self.ring.lock().limits
    }

    /// Changes the limits; what no longer fits goes.
    pub fn set_limits(&self, limits: BufferLimits) {
        let mut ring = self.ring.lock();
        ring.limits = limits;
        ring.shrink();
    }
}

impl Ring {
    /// Keeps an entry and returns the last one that fell out for it: in the usual case of one coming and one going,
    /// nothing is freed in here.
    fn push(&mut self, kept: Kept) -> Option<Kept> {
        if self.limits.entries == 0 {
            return Some(kept);
        }
        if kept.size > self.limits.bytes {
            self.forgotten += 1;
            return Some(kept);
        }
        self.bytes += kept.size;
        self.entries.push_back(kept);
        self.shrink()
    }

    fn shrink(&mut self) -> Option<Kept> {
        let mut fallen = None;
        while self.entries.len() > self.limits.entries || self.bytes > self.limits.bytes {
            let Some(kept) = self.entries.pop_front() else {
                break;
            };
            self.bytes -= kept.size;
            self.forgotten += 1;
            fallen = Some(kept);
        }
        fallen
    }

    fn clear(&mut self) -> VecDeque<Kept> {
        self.bytes = 0;
        std::mem::take(&mut self.entries)
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
