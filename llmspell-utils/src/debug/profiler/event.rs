//! What a timer notes on its way: laps and events.

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
}

impl Notes {
    /// Notes a lap; false if it was not listed.
    pub(super) fn add_lap(&mut self, name: &str, at: Duration) -> bool {
        let duration = at.saturating_sub(self.latest_lap);
        self.latest_lap = at;
        if self.laps.len() >= LISTED {
            return false;
        }
        self.laps.push(Lap {
            name: cut(name, NAME_BYTES).to_owned(),
            duration,
            at,
        });
        true
    }

    /// Notes an event; false if it was not listed.
    pub(super) fn add_event(&mut self, name: &str, at: Duration, data: Option<Value>) -> bool {
        let size = data.as_ref().map_or(0, value_size);
        let data_bytes = self.data_bytes.saturating_add(size);
        if self.events.len() >= LISTED || data_bytes > DATA_BYTES {
            return false;
        }
        self.data_bytes = data_bytes;
        self.events.push(TimerEvent {
            name: cut(name, NAME_BYTES).to_owned(),
            at,
            data,
        });
        true
    }
}
