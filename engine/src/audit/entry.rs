//! What is written down of one decision.

use std::time::Duration;

use super::trace::TraceContext;
use crate::decision::Decision;
use crate::event::Event;
use crate::harness::Harness;
use crate::settings::Mode;

/// One decision, and what came before and after it.
#[derive(Debug, Clone, Copy)]
pub struct AuditEntry<'a> {
    /// Who asked.
    pub harness: Harness,
    /// What it asked about.
    pub event: AuditedEvent<'a>,
    /// What was decided; none where it never came to a decision.
    pub decision: Option<&'a Decision>,
    /// Why it never came to a decision.
    pub refusal: Option<&'a str>,
    /// Whether the decision was enforced, or only told.
    pub mode: Mode,
    /// What was answered on the wire.
    pub reply: &'a str,
    /// With which code the program ends, where it is a program.
    pub exit_code: Option<u8>,
    /// The trace that it belongs to.
    pub trace: Option<&'a TraceContext>,
    /// How long all of it took.
    pub took: Duration,
}

/// An event as far as it could be read.
#[derive(Debug, Clone, Copy)]
pub enum AuditedEvent<'a> {
    /// One that was read.
    Read(&'a Event),
    /// The bytes of one that could not be read.
    Unread(&'a [u8]),
}

impl<'a> AuditedEvent<'a> {
    pub(super) const fn read(self) -> Option<&'a Event> {
        match self {
            Self::Read(event) => Some(event),
            Self::Unread(_) => None,
        }
    }
}
