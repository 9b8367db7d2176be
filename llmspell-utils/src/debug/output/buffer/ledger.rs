//! What all threads of a buffer have kept, in pieces: it says which of them are too many.

use std::collections::VecDeque;

use super::{BufferLimits, SLOTS};

/// A few entries that one shard has kept one after the other.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Piece {
    pub(super) entries: usize,
    pub(super) bytes: usize,
    /// The size of the newest entry.
    newest: usize,
}

impl Piece {
    pub(super) const fn add(&mut self, size: usize) {
        self.entries += 1;
        self.bytes += size;
        self.newest = size;
    }
}

/// The closed pieces of all shards in the order in which they were closed.
///
/// A thread comes here once for many entries. Threads that log all the time touch nothing else that is shared.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub(super) limits: BufferLimits,
    /// Moves on with every piece: a piece that is begun later has only greater rounds.
    pub(super) round: u64,
    /// How many entries were struck off.
    pub(super) forgotten: u64,
    /// One bit for each shard that keeps anything.
    shards: u32,
    pieces: VecDeque<(usize, Piece)>,
    entries: usize,
    bytes: usize,
    struck_off: [(usize, usize); SLOTS],
}

impl Ledger {
    pub(super) fn new(limits: BufferLimits) -> Self {
        Self {
            limits,
            ..Self::default()
        }
    }

    /// Adds a piece that ends now.
    pub(super) fn close(&mut self, slot: usize, piece: Piece) {
        self.round += 1;
        self.shards |= 1 << slot;
        if piece.entries > 0 {
            self.entries += piece.entries;
            self.bytes += piece.bytes;
            self.pieces.push_back((slot, piece));
        }
    }

    /// Adds an entry to the latest piece if that is of the same shard, or else as a piece of its own.
    pub(super) fn add(&mut self, slot: usize, size: usize) {
        let (most, _) = self.limits.piece();
        match self.pieces.back_mut() {
            Some((latest, piece)) if *latest == slot && piece.entries < most => piece.add(size),
            _ => {
                let mut piece = Piece::default();
                piece.add(size);
                self.pieces.push_back((slot, piece));
            }
        }
        self.entries += 1;
        self.bytes += size;
    }

    /// Strikes off the oldest pieces as long as everything in them is certainly beyond the limits, and says to whom
    /// too much is still to be told, as a set of slots.
    ///
    /// A piece of each other shard may have been begun before the oldest one ended, and be partly older: these do not
    /// count as newer than it.
    pub(super) fn strike_off(&mut self) -> u32 {
        let (piece, piece_bytes) = self.limits.piece();
        let others = (self.shards.count_ones() as usize).saturating_sub(1);
        let mut overdue = 0;
        while let Some((slot, oldest)) = self.pieces.front().copied() {
            let newer = (self.entries - oldest.entries).saturating_sub(others * piece);
            let newer_bytes = (self.bytes - oldest.bytes).saturating_sub(others * piece_bytes);
            if newer < self.limits.entries && newer_bytes + oldest.newest <= self.limits.bytes {
                break;
            }
            self.pieces.pop_front();
            self.entries -= oldest.entries;
            self.bytes -= oldest.bytes;
            self.forgotten += oldest.entries as u64;
            if let Some((entries, bytes)) = self.struck_off.get_mut(slot) {
                *entries += oldest.entries;
                *bytes += oldest.bytes;
                if self.limits.is_overdue(*entries, *bytes) {
                    overdue |= 1 << slot;
                }
            }
        }
        overdue
    }

    /// How many entries and bytes of a shard were struck off since this was last asked.
    pub(super) fn news_for(&mut self, slot: usize) -> (usize, usize) {
        self.struck_off
            .get_mut(slot)
            .map(std::mem::take)
            .unwrap_or_default()
    }

    /// Forgets all pieces, which do not count as forgotten entries.
    pub(super) fn clear(&mut self) {
        self.pieces = VecDeque::new();
        (self.entries, self.bytes) = (0, 0);
        self.struck_off = [(0, 0); SLOTS];
    }
}
