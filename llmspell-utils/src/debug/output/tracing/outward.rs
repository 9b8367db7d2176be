//! Entries as events of `tracing`, for a host that has a subscriber.

use std::io;

use ::tracing::dispatcher;
use ::tracing::field;
use ::tracing::{Level, event};
use serde_json::Value;

use super::super::super::entry::DebugEntry;
use super::super::super::format::json::push_json;
use super::super::super::level::DebugLevel;
use super::super::super::text::escaped;
use super::super::DebugOutput;
use super::guard::Crossing;

/// Makes each entry an event of `tracing`, for whatever subscriber the thread or the program has.
///
/// The target is `llmspell`; the fields are `message`, `module`, `data` (JSON), `place` (`file:line`) and
/// `correlation`, as far as the entry has them, with every character escaped that could end a line or drive a terminal.
/// As long as the program never had a subscriber, entries are lost, and counted as such.
///
/// What came from `tracing` through [`DebugLayer`](super::DebugLayer) does not go back there.
///
/// ```
/// use std::sync::Arc;
/// use llmspell_utils::debug::{DebugLevel, DebugManager, TracingOutput};
///
/// let manager = DebugManager::new();
/// manager.set_output(Arc::new(TracingOutput::new()));
/// manager.log(DebugLevel::Info, Some("policy.shell"), "an event with the field `module`");
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct TracingOutput;

impl TracingOutput {
    /// The only one there is.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

// The level of an event is part of what is compiled: there is one piece of code for each.
macro_rules! event_at {
    ($level:expr, $entry:expr) => {
        event!(
            target: "llmspell",
            $level,
            module = $entry.module.as_deref().map(escaped).map(field::display),
            data = $entry.data.as_ref().map(json_text).map(field::display),
            place = $entry.place.as_ref().map(|place| field::display(escaped(&place.to_string()))),
            correlation = $entry.correlation.as_deref().map(escaped).map(field::display),
            "{}",
            escaped(&$entry.message)
        )
    };
}

fn json_text(data: &Value) -> String {
    let mut text = String::new();
    push_json(&mut text, data);
    text
}

impl DebugOutput for TracingOutput {
    fn write(&self, entry: &DebugEntry) -> io::Result<()> {
        let Some(_crossing) = Crossing::begin() else {
            return Ok(());
        };
        if !dispatcher::has_been_set() {
            return Err(io::Error::other(
                "the program has no subscriber of `tracing`",
            ));
        }
        match entry.level {
            DebugLevel::Error => event_at!(Level::ERROR, entry),
            DebugLevel::Warn => event_at!(Level::WARN, entry),
            DebugLevel::Info => event_at!(Level::INFO, entry),
            DebugLevel::Debug => event_at!(Level::DEBUG, entry),
            DebugLevel::Trace => event_at!(Level::TRACE, entry),
            DebugLevel::Off => {}
        }
        Ok(())
    }

    fn name(&self) -> &str {
        "tracing"
    }
}
