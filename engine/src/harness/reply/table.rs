//! The table of wire formats: one row an event of each agent program, the last one for events that are not known.

mod claude;
mod cursor;
mod factory;
mod opencode;

use super::wire::WireRow;
use crate::harness::Harness;

/// The name of the row for events that are not known.
const GENERAL: &str = "*";

pub(super) const fn rows(harness: Harness) -> &'static [WireRow] {
    match harness {
        Harness::Claude => &claude::ROWS,
        Harness::Cursor => &cursor::ROWS,
        Harness::Factory => &factory::ROWS,
        Harness::OpenCode => &opencode::ROWS,
    }
}

/// The row of an event, or the general one.
pub(super) fn row(harness: Harness, event: &str) -> &'static WireRow {
    rows(harness)
        .iter()
        .find(|row| row.event == event)
        .unwrap_or_else(|| general(harness))
}

/// The row for events that are not known.
pub(super) const fn general(harness: Harness) -> &'static WireRow {
    match harness {
        Harness::Claude => &claude::GENERAL_ROW,
        Harness::Cursor => &cursor::GENERAL_ROW,
        Harness::Factory => &factory::GENERAL_ROW,
        Harness::OpenCode => &opencode::GENERAL_ROW,
    }
}
