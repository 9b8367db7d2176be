//! A call of a debug function, which never raises: what cannot be done is said once in a warning entry.

use serde_json::Value as Json;

use crate::arguments::{Arguments, DataLimits, ValueKind};
use crate::debug_bridge::DebugBridge;
use crate::object_dump::{DumpOptions, dump};

/// How many bytes of a wrong argument a complaint shows.
const LONGEST_GIVEN: usize = 120;

/// The arguments of a call, and whom to complain to about them.
#[derive(Clone, Copy)]
pub(super) struct CheckedCall<'a> {
    pub(super) function: &'static str,
    pub(super) bridge: &'a DebugBridge,
    /// How large the data of one entry may be.
    pub(super) limits: &'a DataLimits,
    pub(super) arguments: &'a dyn Arguments,
}

impl CheckedCall<'_> {
    /// An argument that has to be a boolean.
    pub(super) fn boolean(&self, at: usize) -> Option<bool> {
        let value = self.arguments.boolean(at);
        if value.is_none() {
            self.expected(at, "true or false");
        }
        value
    }

    /// An argument that has to be a string.
    pub(super) fn text(&self, at: usize) -> Option<String> {
        let value = self.arguments.text(at);
        if value.is_none() {
            self.expected(at, "a string");
        }
        value
    }

    /// An argument as the data of an entry; what is no data is kept as a dump.
    pub(super) fn data(&self, at: usize) -> Option<Json> {
        if self.arguments.kind(at) == ValueKind::Nil {
            return None;
        }
        match self.arguments.data(at, self.limits) {
            Ok(data) => serde_json::to_value(&data).ok(),
            Err(error) => {
                self.complain(&format!("{}; it is kept as text", error.message()));
                Some(Json::String(shown(self.arguments, at)))
            }
        }
    }

    /// Complains that an argument is not what it has to be.
    pub(super) fn expected(&self, at: usize, what: &str) {
        let given = short_text(self.arguments, at, LONGEST_GIVEN).map_or_else(
            || self.arguments.kind(at).name().to_owned(),
            |text| format!("`{text}`"),
        );
        self.complain(&format!("argument {} must be {what}, got {given}", at + 1));
    }

    /// Complains about the call.
    pub(super) fn complain(&self, problem: &str) {
        self.bridge
            .complain(self.function, problem, self.arguments.place());
    }
}

/// An argument that is a string, cut to so many bytes.
pub(super) fn short_text(
    arguments: &dyn Arguments,
    at: usize,
    most_bytes: usize,
) -> Option<String> {
    match arguments.kind(at) {
        ValueKind::Text => arguments.display(at, most_bytes).ok(),
        _ => None,
    }
}

/// An argument as the text of a message: strings as they are, everything else as a compact dump.
pub(super) fn shown(arguments: &dyn Arguments, at: usize) -> String {
    match arguments.text(at) {
        Some(text) => text,
        None => {
            let options = DumpOptions::compact();
            dump(&arguments.inspect(at, &options), None, &options)
        }
    }
}
