//! One record: when something happened, of which kind, and what.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::clock::Timestamp;

/// The version of the format and of what the records hold.
pub const RECORDING_VERSION: u16 = 1;

/// What a record tells.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RecordKind {
    /// What is recorded and by whom: the first record.
    Header,
    /// A debug entry.
    Entry,
    /// The statistics of the timers of one name.
    Timer,
    /// A profile, in the form that its body names.
    Profile,
    /// An event that was evaluated.
    Event,
    /// What was decided about an event.
    Decision,
    /// A line that a script printed.
    ScriptOutput,
    /// The writer finished: the last record.
    End,
    /// What a later version of a writer knows.
    Other(Box<str>),
}

impl RecordKind {
    /// Every kind that this version writes.
    pub const ALL: [Self; 8] = [
        Self::Header,
        Self::Entry,
        Self::Timer,
        Self::Profile,
        Self::Event,
        Self::Decision,
        Self::ScriptOutput,
        Self::End,
    ];

    /// The name in the file.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Header => "header",
            Self::Entry => "entry",
            Self::Timer => "timer",
            Self::Profile => "profile",
            Self::Event => "event",
            Self::Decision => "decision",
            Self::ScriptOutput => "script_output",
            Self::End => "end",
            Self::Other(name) => name,
        }
    }

    /// The kind with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == name)
            .unwrap_or_else(|| Self::Other(name.into()))
    }
}

impl fmt::Display for RecordKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

impl Serialize for RecordKind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One record of a recording.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Record {
    /// Its number, from 0; a number that is missing was lost.
    pub seq: u64,
    /// When it was recorded.
    pub time: Timestamp,
    /// What it tells.
    pub kind: RecordKind,
    /// What there is to tell; `docs/schemas/recording.schema.json` says what each kind has.
    pub body: Value,
}

/// A record as it stands in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written<'text> {
    seq: u64,
    time: &'text str,
    kind: std::borrow::Cow<'text, str>,
    body: Value,
}

impl Record {
    /// The record of a JSON text; nothing if it is none.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let written: Written<'_> = serde_json::from_slice(text).ok()?;
        Some(Self {
            seq: written.seq,
            time: Timestamp::parse(written.time)?,
            kind: RecordKind::from_name(&written.kind),
            body: written.body,
        })
    }

    /// The record as one line of JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut line = String::new();
        super::super::format::push_json(&mut line, self);
        line
    }
}
