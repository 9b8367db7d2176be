//! A call of a debug function, which never raises: what cannot be done is said once in a warning entry.

use std::borrow::Cow;

use llmspell_engine::Value;
use llmspell_utils::debug::DebugLevel;
use serde_json::Value as Json;

use crate::arguments::{Arguments, DataLimits, ValueKind};
use crate::debug_bridge::DebugBridge;
use crate::object_dump::{BEYOND, DumpOptions, redacted_dump};
use crate::script_value::ScriptValue;
use crate::shown_text::{before_half_secrets, shortened};

/// How many bytes of a wrong argument a complaint shows.
const LONGEST_GIVEN: usize = 120;

/// How many bytes a message may have; the rest is cut off.
const LONGEST_MESSAGE: usize = 1 << 20;

/// How many bytes a name may have; the rest is cut off.
const LONGEST_NAME: usize = 256;

/// How many bytes a text may have that must not be cut.
const LONGEST_TEXT: usize = 64 << 10;

/// A text that is cut has at least this many bytes less than it was cut to: the width of `…` and what a character
/// may lack.
const CUT: usize = 8;

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

    /// An argument that has to be a string, exactly as it is: one that is too long or no text is refused.
    pub(super) fn text(&self, at: usize) -> Option<String> {
        if self.arguments.kind(at) != ValueKind::Text {
            self.expected(at, "a string");
            return None;
        }
        let start = short_text(self.arguments, at, LONGEST_TEXT + CUT)?;
        if start.len() > LONGEST_TEXT {
            self.complain(&format!(
                "argument {} must have at most {LONGEST_TEXT} bytes",
                at + 1
            ));
            return None;
        }
        match self.arguments.exact_text(at)? {
            Ok(text) => Some(text),
            Err(error) => {
                self.complain(&format!("argument {}: {}", at + 1, error.message()));
                None
            }
        }
    }

    /// An argument that has to be a name, without its secrets: one that is too long is cut.
    pub(super) fn name(&self, at: usize) -> Option<String> {
        if self.arguments.kind(at) != ValueKind::Text {
            self.expected(at, "a string");
            return None;
        }
        let name = self.cut_text(at, LONGEST_NAME)?;
        Some(match self.bridge.redactor().text(&name) {
            Cow::Borrowed(_) => name,
            Cow::Owned(redacted) => redacted,
        })
    }

    /// An argument that may be left out, and else is a name.
    pub(super) fn optional_name(&self, at: usize) -> Option<String> {
        match self.arguments.kind(at) {
            ValueKind::Nil => None,
            _ => self.name(at),
        }
    }

    /// An argument as the text of a message: strings as they are, everything else as a compact dump.
    pub(super) fn message(&self, at: usize) -> String {
        self.cut_text(at, LONGEST_MESSAGE)
            .unwrap_or_else(|| self.dumped(at))
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
                Some(Json::String(self.dumped(at)))
            }
        }
    }

    /// An argument that may be left out, and else is a table or an object of options; nothing if it is neither.
    pub(super) fn options(&self, at: usize) -> Option<Vec<(String, Value)>> {
        if self.arguments.kind(at) == ValueKind::Nil {
            return Some(Vec::new());
        }
        let fields = match self.arguments.data(at, self.limits) {
            Ok(Value::Object(fields)) => fields,
            // An empty table may be either.
            Ok(Value::Array(items)) if items.is_empty() => return Some(Vec::new()),
            Ok(_) => {
                self.expected(at, "a table or object of options");
                return None;
            }
            Err(error) => {
                self.complain(&format!("argument {}: {}", at + 1, error.message()));
                return None;
            }
        };
        let named = fields
            .iter()
            .filter_map(|(name, value)| Some((name.as_string().ok()?.to_string(), value.clone())));
        Some(named.collect())
    }

    /// Complains about an option.
    pub(super) fn refuse_option(&self, name: &str) {
        let name = self.redacted_beginning(name, LONGEST_GIVEN);
        self.complain(&format!(
            "the option `{name}` is unknown, of the wrong type or out of range"
        ));
    }

    /// Text as an answer, or an empty one if the script's heap has no room for it.
    pub(super) fn answer(&self, text: String) -> ScriptValue {
        // The engine may need the text twice while it takes it over.
        if self.has_room_for(2 * text.len()) {
            text.into()
        } else {
            String::new().into()
        }
    }

    /// A list as an answer, or an empty one if the script's heap has no room for it.
    pub(super) fn list(&self, elements: Vec<ScriptValue>) -> ScriptValue {
        let list = ScriptValue::List(elements);
        if self.has_room_for(list.heap_bytes()) {
            list
        } else {
            ScriptValue::List(Vec::new())
        }
    }

    /// Whether the script's heap has room for so many bytes; complains if it has not.
    fn has_room_for(&self, bytes: usize) -> bool {
        let has_room = self.arguments.has_room_for(bytes);
        if !has_room {
            self.complain(&format!(
                "the answer takes about {bytes} bytes, more than the script's memory has room for"
            ));
        }
        has_room
    }

    /// The same without its secrets, for what does not go through an entry.
    pub(super) fn redacted_data(&self, at: usize) -> Option<Json> {
        let mut data = self.data(at)?;
        self.bridge.redactor().value(&mut data);
        Some(data)
    }

    /// A string cut to so many bytes; one that is longer is complained about.
    fn cut_text(&self, at: usize, most_bytes: usize) -> Option<String> {
        let text = short_text(self.arguments, at, most_bytes + BEYOND)?;
        if text.len() <= most_bytes {
            return Some(text);
        }
        self.complain(&format!(
            "argument {} has more than {most_bytes} bytes; its beginning is kept",
            at + 1
        ));
        Some(self.redacted_beginning(&text, most_bytes))
    }

    /// A string without its secrets, cut to so many bytes.
    pub(super) fn redacted_text(&self, at: usize, most_bytes: usize) -> Option<String> {
        let text = short_text(self.arguments, at, most_bytes + BEYOND)?;
        Some(self.redacted_beginning(&text, most_bytes))
    }

    /// The beginning of a text of a script, of which at least [`BEYOND`] bytes more are there if it is longer than
    /// that, without its secrets: a secret that is cut in two is not known for one.
    fn redacted_beginning(&self, text: &str, most_bytes: usize) -> String {
        let redactor = self.bridge.redactor();
        let seen = shortened(text.as_bytes(), most_bytes + BEYOND);
        let redacted = redactor.text(&seen);
        let may_be_shown = before_half_secrets(&seen, &redacted, most_bytes);
        shortened(may_be_shown.as_bytes(), most_bytes)
    }

    /// An argument as a compact dump.
    fn dumped(&self, at: usize) -> String {
        let options = DumpOptions::compact();
        let node = self.arguments.inspect(at, &options);
        redacted_dump(&node, None, &options, &self.bridge.redactor())
    }

    /// Complains that an argument is not what it has to be.
    pub(super) fn expected(&self, at: usize, what: &str) {
        let given = self.redacted_text(at, LONGEST_GIVEN).map_or_else(
            || self.arguments.kind(at).name().to_owned(),
            |text| format!("`{text}`"),
        );
        self.complain(&format!("argument {} must be {what}, got {given}", at + 1));
    }

    /// Whether a level is allowed here; one that is more verbose is complained about.
    pub(super) fn allows(&self, level: DebugLevel) -> bool {
        let most = self.bridge.manager().most_verbose_allowed();
        if level > most {
            self.complain(&format!(
                "the level {level} is not allowed here, {most} at most"
            ));
        }
        level <= most
    }

    /// Complains that a method was called on something that is not its object.
    pub(super) fn misses_receiver(&self) {
        self.complain("the method needs its object: write `object:method(…)` in Lua, `object.method(…)` in JavaScript");
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
