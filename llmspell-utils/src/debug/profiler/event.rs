//! What a timer notes on its way: laps and events.

use crate::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;

use super::super::entry::value_size;
use super::super::text::cut;

/// The longest name of a timer, a lap or an event, in bytes; the rest is cut off.
pub(super) const NAME_BYTES: usize = 256;

/// How many laps a timer lists, and how many events.
const LISTED: usize = 1_000;

/// How many bytes the data of a timer's events may take.
const DATA_BYTES: usize = 1024 * 1024;

/// How many bytes the notes of all timers of a profiler may take while somebody holds the timers.
const ALL_BYTES: usize = 16 * 1024 * 1024;

/// What the notes of all timers of a profiler take.
#[derive(Debug, Default)]
pub(super) struct NoteBudget(AtomicUsize);

impl NoteBudget {
    fn take(&self, bytes: usize) -> bool {
        let taken = |used: usize| used.checked_add(bytes).filter(|used| *used <= ALL_BYTES);
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, taken)
            .is_ok()
    }

    /// Gives back what a timer's notes took.
    pub(super) fn give_back(&self, notes: &Notes) {
        self.0.fetch_sub(notes.bytes, Ordering::Relaxed);
    }
}

/// A mark inside a timer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lap {
    /// What the mark is called.
    pub name: String,
    /// The time since the lap before, or since the start.
    pub duration: Duration,
    /// The time since the start.
    pub at: Duration,
}

/// Something that happened while a timer ran.
#[derive(Debug, Clone, PartialEq)]
pub struct TimerEvent {
    /// What the event is called.
    pub name: String,
    /// The time since the start.
    pub at: Duration,
    /// What belongs to it.
    pub data: Option<Value>,
}

/// The laps and events of a timer, bounded in number and bytes.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) laps: Vec<Lap>,
    pub(super) events: Vec<TimerEvent>,
    /// When the latest lap was, listed or not.
    pub(super) latest_lap: Duration,
    data_bytes: usize,
    /// What these notes took of the budget.
    bytes: usize,
}

impl Notes {
    /// Notes a lap; false if it was not listed.
    pub(super) fn add_lap(&mut self, budget: &NoteBudget, name: &str, at: Duration) -> bool {
        let duration = at.saturating_sub(self.latest_lap);
        self.latest_lap = at;
        let name = cut(name, NAME_BYTES);
        if self.laps.len() >= LISTED || !self.charge(budget, size_of::<Lap>() + name.len()) {
            return false;
        }
        self.laps.push(Lap {
            name: name.to_owned(),
            duration,
            at,
        });
        true
    }

    /// Notes an event; false if it was not listed.
    pub(super) fn add_event(
        &mut self,
        budget: &NoteBudget,
        name: &str,
        at: Duration,
        data: Option<Value>,
    ) -> bool {
        let name = cut(name, NAME_BYTES);
        let size = data.as_ref().map_or(0, value_size);
        let data_bytes = self.data_bytes.saturating_add(size);
        let bytes = size_of::<TimerEvent>() + name.len() + size;
        if self.events.len() >= LISTED || data_bytes > DATA_BYTES || !self.charge(budget, bytes) {
            return false;
        }
        self.data_bytes = data_bytes;
        self.events.push(TimerEvent {
            name: name.to_owned(),
            at,
            data,
        });
        true
    }

    fn charge(&mut self, budget: &NoteBudget, bytes: usize) -> bool {
        let is_within = budget.take(bytes);
        if is_within {
            self.bytes += bytes;
        }
        is_within
    }
}
