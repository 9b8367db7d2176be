//! What waits in a queue, what was lost, and what nobody has been told yet.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use parking_lot::{Condvar, Mutex};

use super::super::super::entry::DebugEntry;
use super::super::{DebugOutput, OutputTrouble};
use super::QueueLimits;
use super::news::News;

/// What the queue and its thread share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) output: Arc<dyn DebugOutput>,
    pub(super) limits: QueueLimits,
    pub(super) state: Mutex<State>,
    /// Something has to be done.
    pub(super) work: Condvar,
    /// Something was done, or failed.
    pub(super) done: Condvar,
}

/// An entry that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) entry: DebugEntry,
    /// How many were dropped just before it.
    pub(super) lost_before: u64,
    size: usize,
}

/// A wish to have everything written that was taken so far.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flush {
    /// How many entries were taken until then.
    taken: u64,
    /// How many attempts had begun.
    attempts: u64,
    /// How many flushes were done.
    flushes: u64,
}

#[derive(Debug, Default)]
pub(super) struct State {
    waiting: VecDeque<Waiting>,
    /// The thread is writing an entry.
    in_hand: bool,
    /// Of what waits and of what is in hand.
    bytes: usize,
    taken: u64,
    finished: u64,
    lost: u64,
    /// How many were dropped since an entry was taken.
    dropped: u64,
    attempts: u64,
    /// The last attempt that met with nobody.
    missed: u64,
    flushes: u64,
    /// The thread is to flush the output after so many entries.
    flush_after: Option<u64>,
    flush_error: Option<io::Error>,
    pub(super) news: News,
    /// Somebody waits: there is no time to pause before the next attempt.
    hurried: bool,
    closing: bool,
    ended: bool,
}

/// What the thread has to do next.
#[derive(Debug)]
pub(super) enum Task {
    Write(Waiting),
    Flush,
    Wait,
    End,
}

impl Shared {
    pub(super) fn new(output: Arc<dyn DebugOutput>, limits: QueueLimits) -> Self {
        Self {
            output,
            limits,
            state: Mutex::new(State::default()),
            work: Condvar::new(),
            done: Condvar::new(),
        }
    }
}

/// For whoever logs.
impl State {
    /// Takes an entry if there is room, and says so.
    pub(super) fn push(&mut self, entry: &DebugEntry, limits: QueueLimits) -> bool {
        let size = entry.size();
        let count = self.waiting.len() + usize::from(self.in_hand);
        let bytes = self.bytes.saturating_add(size);
        if count >= limits.entries || bytes > limits.bytes || self.ended {
            self.dropped += 1;
            self.lose(1);
            self.news.drop_newest();
            return false;
        }
        self.waiting.push_back(Waiting {
            entry: entry.clone(),
            lost_before: std::mem::take(&mut self.dropped),
            size,
        });
        self.bytes = bytes;
        self.taken += 1;
        true
    }

    /// What has not been told yet, as an error.
    pub(super) fn tell(&mut self) -> io::Result<()> {
        match self.news.tell() {
            Some(trouble) => Err(trouble.into()),
            None => Ok(()),
        }
    }

    pub(super) const fn ask_for_flush(&mut self) -> Flush {
        self.hurried = true;
        self.flush_after = Some(self.taken);
        Flush {
            taken: self.taken,
            attempts: self.attempts,
            flushes: self.flushes,
        }
    }

    /// Whether waiting for a flush makes no sense any more: it is done, or nobody is there who could take anything.
    pub(super) const fn is_over(&self, flush: Flush) -> bool {
        let done = self.flushes > flush.flushes && self.finished >= flush.taken;
        done || self.missed > flush.attempts || self.ended
    }

    pub(super) fn outcome(&mut self, flush: Flush) -> io::Result<()> {
        let on_the_way = flush.taken.saturating_sub(self.finished);
        let message = match self.flush_error.take() {
            Some(error) => error.to_string(),
            None if on_the_way > 0 => self.news.on_the_way(on_the_way),
            None if self.flushes > flush.flushes || self.ended => return self.tell(),
            None => "it takes its time to flush".to_owned(),
        };
        let told = self.news.tell();
        let lost = told.as_ref().map_or(0, OutputTrouble::lost);
        // Whoever flushes hears of it each time, and nobody needs to report it again.
        let known = told.is_none_or(|trouble| trouble.is_known());
        Err(OutputTrouble::new(lost, message).known(known).into())
    }

    pub(super) const fn on_the_way(&self) -> u64 {
        self.taken - self.finished
    }

    pub(super) const fn lost(&self) -> u64 {
        self.lost
    }

    pub(super) const fn close(&mut self) {
        self.closing = true;
        self.flush_after = Some(self.taken);
        self.hurried = true;
    }

    pub(super) const fn has_ended(&self) -> bool {
        self.ended
    }

    /// Gives up what waits.
    pub(super) fn abandon(&mut self) {
        let waiting = std::mem::take(&mut self.waiting).len() as u64;
        self.bytes = 0;
        self.finished += waiting;
        self.lose(waiting);
        if waiting > 0 {
            self.news.give_up();
        }
    }

    fn lose(&mut self, lost: u64) {
        self.lost += lost;
        self.news.lose(lost);
    }
}

/// For the thread.
impl State {
    pub(super) fn next_task(&mut self) -> Task {
        if self.flush_after.is_some_and(|taken| taken <= self.finished) {
            self.flush_after = None;
            return Task::Flush;
        }
        if let Some(waiting) = self.waiting.pop_front() {
            self.in_hand = true;
            self.attempts += 1;
            return Task::Write(waiting);
        }
        if self.closing {
            return Task::End;
        }
        self.hurried = false;
        Task::Wait
    }

    /// The entry in hand has arrived or is lost.
    pub(super) fn finish(&mut self, size: usize, lost: u64) {
        self.in_hand = false;
        self.finished += 1;
        self.bytes = self.bytes.saturating_sub(size);
        self.lose(lost);
    }

    pub(super) fn finish_flush(&mut self, outcome: io::Result<()>) {
        self.flushes += 1;
        self.flush_error = outcome.err();
        let trouble = self.flush_error.as_ref().and_then(OutputTrouble::of);
        self.lose(trouble.map_or(0, OutputTrouble::lost));
    }

    /// The attempt met with nobody.
    pub(super) const fn miss(&mut self) {
        self.missed = self.attempts;
    }

    pub(super) const fn try_again(&mut self) {
        self.attempts += 1;
    }

    pub(super) const fn is_closing(&self) -> bool {
        self.closing
    }

    /// Whether the next attempt should be made at once; asking takes the hurry away.
    pub(super) const fn take_hurry(&mut self) -> bool {
        std::mem::replace(&mut self.hurried, false)
    }

    /// The thread ends, as it should or because the output panicked.
    pub(super) fn end(&mut self) {
        if !self.closing {
            self.news.fail("its thread has ended".to_owned());
        }
        if self.in_hand {
            self.finish(0, 1);
        }
        self.abandon();
        self.ended = true;
    }
}

impl Waiting {
    pub(super) const fn size(&self) -> usize {
        self.size
    }
}
