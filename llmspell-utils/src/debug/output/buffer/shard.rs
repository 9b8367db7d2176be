//! One thread's part of a buffer.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::sync::Moment;

use super::super::super::entry::DebugEntry;
use super::BufferLimits;

/// How many pieces a limit is cut into. A thread takes one at a time, and may use it up before anybody looks at the
/// whole buffer again.
const PIECES: usize = 256;

/// The most entries of a piece.
const LARGEST_PIECE: usize = 64;

/// An entry, and what the buffer must know about it without looking inside.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) entry: Arc<DebugEntry>,
    pub(super) size: usize,
    pub(super) at: Moment,
}

/// What fell out and is freed when no lock is held.
pub(super) type Fallen = [Option<Kept>; 2];

/// What became of an entry that was offered.
pub(super) enum Offer {
    /// The shard has dealt with it.
    Done(Fallen),
    /// The shard's piece of the limits is used up.
    NoRoom(Kept),
}

/// The entries of one thread, or of a few, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Shard {
    pub(super) limits: BufferLimits,
    /// How many entries are beyond the limits and how many were refused.
    pub(super) forgotten: u64,
    kept: VecDeque<Kept>,
    /// The bytes of those that are within the limits.
    bytes: usize,
    /// How many at the front are beyond the limits: nobody sees them, they only wait for their own thread to free
    /// them, because memory is given back fastest by the thread that took it.
    waiting: usize,
    waiting_bytes: usize,
    room: usize,
    room_bytes: usize,
}

impl Shard {
    /// Keeps an entry if that needs nobody else's consent.
    pub(super) fn offer(&mut self, kept: Kept) -> Offer {
        if self.limits.entries == 0 {
            return Offer::Done([Some(kept), None]);
        }
        if kept.size > self.limits.bytes {
            self.forgotten += 1;
            return Offer::Done([Some(kept), None]);
        }
        if self.room == 0 || self.room_bytes < kept.size {
            return Offer::NoRoom(kept);
        }
        self.room -= 1;
        self.room_bytes -= kept.size;
        self.keep(kept);
        Offer::Done([self.free_one(), self.free_one()])
    }

    /// Takes a piece of the limits and keeps an entry, unless the limits have become too small for it.
    pub(super) fn keep_with_room(&mut self, kept: Kept) -> Fallen {
        self.room = self.piece();
        self.room_bytes = self.limits.bytes / PIECES;
        match self.offer(kept) {
            Offer::Done(fallen) => fallen,
            Offer::NoRoom(kept) => {
                self.keep(kept);
                [None, None]
            }
        }
    }

    fn keep(&mut self, mut kept: Kept) {
        // Two threads of one shard may come in another order than they looked at the clock.
        if let Some(latest) = self.kept.back() {
            kept.at = kept.at.max(latest.at);
        }
        self.bytes += kept.size;
        self.kept.push_back(kept);
    }

    /// Sets other limits, of which no piece is taken yet.
    pub(super) fn set_limits(&mut self, limits: BufferLimits) {
        self.limits = limits;
        (self.room, self.room_bytes) = (0, 0);
    }

    /// How many entries are within the limits.
    pub(super) fn len(&self) -> usize {
        self.kept.len() - self.waiting
    }

    /// How many bytes are within the limits.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// When the oldest entry within the limits came.
    pub(super) fn oldest(&self) -> Option<Moment> {
        self.kept.get(self.waiting).map(|kept| kept.at)
    }

    /// The entry before so many of the newest ones.
    pub(super) fn before_newest(&self, newest: usize) -> Option<&Kept> {
        let place = self.len().checked_sub(newest + 1)?;
        self.kept.get(self.waiting + place)
    }

    /// Puts the oldest entry beyond the limits, and says how many bytes that were.
    pub(super) fn pass_oldest(&mut self) -> usize {
        let size = self.kept.get(self.waiting).map_or(0, |kept| kept.size);
        self.waiting += 1;
        self.waiting_bytes += size;
        self.bytes -= size;
        self.forgotten += 1;
        size
    }

    /// Hands out everything that waits, if it has become much.
    pub(super) fn free_many(&mut self, freed: &mut Vec<Kept>) {
        let piece_bytes = self.limits.bytes / PIECES;
        if self.waiting > 2 * self.piece() || self.waiting_bytes > 2 * piece_bytes {
            freed.extend(self.kept.drain(..self.waiting));
            (self.waiting, self.waiting_bytes) = (0, 0);
        }
    }

    /// Hands out everything; nothing of it counts as forgotten but what was already.
    pub(super) fn clear(&mut self) -> VecDeque<Kept> {
        (self.bytes, self.waiting, self.waiting_bytes) = (0, 0, 0);
        std::mem::take(&mut self.kept)
    }

    fn free_one(&mut self) -> Option<Kept> {
        if self.waiting == 0 {
            return None;
        }
        self.waiting -= 1;
        let kept = self.kept.pop_front()?;
        self.waiting_bytes -= kept.size;
        Some(kept)
    }

    fn piece(&self) -> usize {
        self.limits.entries.div_ceil(PIECES).min(LARGEST_PIECE)
    }
}
