//! One thread's part of a buffer.

use std::collections::VecDeque;
use std::sync::Arc;

use super::super::super::clock::Timestamp;
use super::super::super::entry::DebugEntry;
use super::BufferLimits;
use super::ledger::Piece;

/// How many pieces a limit is cut into.
const PIECES: usize = 128;

/// The most entries of a piece.
const LARGEST_PIECE: usize = 64;

/// How many pieces may wait for their thread to free them before somebody else does.
const WAITING_PIECES: usize = 2;

/// Where an entry stands among those of other shards: the round of the buffer, and within it the entry's own time.
///
/// The time alone would not do: a clock that was set back, or an entry that claims to come from the future, must not
/// mix up more than one round.
pub(super) type Position = (u64, Timestamp);

/// An entry, and what the buffer must know about it without looking inside.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) entry: Arc<DebugEntry>,
    pub(super) size: usize,
    pub(super) at: Position,
}

/// What became of an entry that was offered.
pub(super) enum Offer {
    /// The shard has dealt with it, and this fell out and is to be freed when the lock is released.
    Done(Option<Kept>),
    /// The piece is full.
    NoRoom(Kept),
}

/// The entries of one thread, or of a few, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Shard {
    pub(super) limits: BufferLimits,
    /// How many entries were too large to be kept at all.
    pub(super) refused: u64,
    kept: VecDeque<Kept>,
    bytes: usize,
    /// How many at the front the ledger has struck off: nobody sees them, they only wait to be freed by their own
    /// thread, because memory is given back fastest by the thread that took it.
    waiting: usize,
    waiting_bytes: usize,
    /// What was kept since the last piece was closed.
    open: Piece,
    known: bool,
}

impl BufferLimits {
    /// The most entries and bytes of a piece.
    pub(super) fn piece(self) -> (usize, usize) {
        (
            (self.entries / PIECES).clamp(1, LARGEST_PIECE),
            self.bytes / PIECES,
        )
    }

    /// Whether so much may no longer wait to be freed.
    pub(super) fn is_overdue(self, entries: usize, bytes: usize) -> bool {
        let (piece, piece_bytes) = self.piece();
        entries > WAITING_PIECES * piece || bytes > WAITING_PIECES * piece_bytes
    }
}

impl Shard {
    pub(super) fn new(limits: BufferLimits) -> Self {
        Self {
            limits,
            ..Self::default()
        }
    }

    /// Keeps an entry, if that needs nobody else's consent.
    #[inline]
    pub(super) fn offer(&mut self, kept: Kept) -> Offer {
        if self.limits.entries == 0 {
            return Offer::Done(Some(kept));
        }
        if kept.size > self.limits.bytes {
            self.refused += 1;
            return Offer::Done(Some(kept));
        }
        let (entries, bytes) = self.limits.piece();
        if !self.known || self.open.entries >= entries || self.open.bytes + kept.size > bytes {
            return Offer::NoRoom(kept);
        }
        self.keep(kept);
        Offer::Done(self.free_one())
    }

    /// Whether the buffer knows that there is anything here.
    pub(super) const fn is_known(&self) -> bool {
        self.known
    }

    /// Keeps an entry as the first of a new piece, which is closed at once if the entry is larger than a piece.
    pub(super) fn keep_first(&mut self, kept: Kept) -> Option<Piece> {
        self.known = true;
        let (_, bytes) = self.limits.piece();
        let is_large = kept.size > bytes;
        self.keep(kept);
        is_large.then(|| self.close_piece())
    }

    fn keep(&mut self, mut kept: Kept) {
        // Whatever the clock says, those of one shard stay in the order in which they came.
        if let Some(latest) = self.kept.back() {
            kept.at = kept.at.max(latest.at);
        }
        self.bytes += kept.size;
        self.open.add(kept.size);
        self.kept.push_back(kept);
    }

    /// What was kept since this was last asked.
    pub(super) fn close_piece(&mut self) -> Piece {
        std::mem::take(&mut self.open)
    }

    /// Learns that so many entries and bytes at the front were struck off, and hands out what waits to be freed if it
    /// has become much.
    pub(super) fn strike_off(&mut self, (entries, bytes): (usize, usize)) -> Vec<Kept> {
        self.waiting += entries;
        self.waiting_bytes += bytes;
        if !self.limits.is_overdue(self.waiting, self.waiting_bytes) {
            return Vec::new();
        }
        self.bytes -= self.waiting_bytes;
        self.waiting_bytes = 0;
        let freed = self
            .kept
            .drain(..std::mem::take(&mut self.waiting))
            .collect();
        if self.kept.capacity() > 4 * self.kept.len() {
            self.kept.shrink_to(2 * self.kept.len());
        }
        freed
    }

    #[inline]
    fn free_one(&mut self) -> Option<Kept> {
        if self.waiting == 0 {
            return None;
        }
        let kept = self.kept.pop_front()?;
        self.waiting -= 1;
        self.waiting_bytes -= kept.size;
        self.bytes -= kept.size;
        Some(kept)
    }

    /// Hands out everything.
    pub(super) fn clear(&mut self) -> VecDeque<Kept> {
        (self.bytes, self.waiting, self.waiting_bytes) = (0, 0, 0);
        self.open = Piece::default();
        std::mem::take(&mut self.kept)
    }

    /// Hands out all but so many of the newest, which are no longer part of any piece.
    pub(super) fn keep_newest(&mut self, newest: usize) -> VecDeque<Kept> {
        let rest = self.kept.split_off(self.kept.len().saturating_sub(newest));
        let gone = std::mem::replace(&mut self.kept, rest);
        (self.waiting, self.waiting_bytes) = (0, 0);
        self.bytes = self.kept.iter().map(|kept| kept.size).sum();
        self.open = Piece::default();
        gone
    }

    /// How many entries were not struck off.
    pub(super) fn len(&self) -> usize {
        self.kept.len() - self.waiting
    }

    /// How many bytes were not struck off.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes - self.waiting_bytes
    }

    /// The entry before so many of the newest ones.
    pub(super) fn before_newest(&self, newest: usize) -> Option<&Kept> {
        let place = self.len().checked_sub(newest + 1)?;
        self.kept.get(self.waiting + place)
    }
}
