//! Data as a record keeps it: without its secrets, and no more of it than a line may hold.

use llmspell_utils::debug::Redactor;
use serde_json::{Map, Value as Json};

use super::pointers::{Pointers, push_key};
use crate::value::Value;

/// Bytes of one key.
const KEY_BYTES: usize = 256;
/// What a redactor writes where a secret stood.
const MARK: &str = "[redacted:";

/// How much of a value is kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Bytes of all texts and keys.
    pub(super) bytes: usize,
    /// Bytes of one text.
    pub(super) text: usize,
    /// Values inside.
    pub(super) values: usize,
    /// Lists and objects inside each other.
    pub(super) depth: usize,
}

impl Bounds {
    pub(super) const USUAL: Self = Self {
        bytes: 16 * 1024,
        text: 4 * 1024,
        values: 1_024,
        depth: 32,
    };
    pub(super) const FULL: Self = Self {
        bytes: 1024 * 1024,
        text: 1024 * 1024,
        values: 65_536,
        depth: 128,
    };
}

/// Which parts of a record were cut, and in which a secret was redacted.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) erased: Pointers,
    pub(super) masked: Pointers,
}

/// The value under a member of the record.
pub(super) fn bounded(
    value: &Value,
    member: &str,
    bounds: Bounds,
    redactor: &Redactor,
    changes: &mut Changes,
) -> Json {
    let mut cutter = Cutter {
        redactor,
        bounds,
        erased: &mut changes.erased,
    };
    let mut pointer = format!("/{member}");
    let mut json = cutter.value(value, &mut pointer, bounds.depth);
    // What stands under a secret name is found once everything stands in its place.
    redactor.value(&mut json);
    note_masked(&json, &mut pointer, &mut changes.masked);
    json
}

/// A text under a member of the record.
pub(super) fn bounded_text(
    text: &str,
    member: &str,
    bytes: usize,
    redactor: &Redactor,
    changes: &mut Changes,
) -> String {
    let pointer = format!("/{member}");
    let kept = cut(redactor, text, bytes);
    if text.len() > bytes {
        changes.erased.add(&pointer);
    }
    if kept.contains(MARK) {
        changes.masked.add(&pointer);
    }
    kept
}

struct Cutter<'a> {
    redactor: &'a Redactor,
    bounds: Bounds,
    erased: &'a mut Pointers,
}

impl Cutter<'_> {
    fn value(&mut self, value: &Value, pointer: &mut String, depth: usize) -> Json {
        match value {
            Value::Null | Value::Undefined => Json::Null,
            Value::Bool(bool) => Json::Bool(*bool),
            Value::Number(_) => serde_json::to_value(value).unwrap_or(Json::Null),
            Value::String(text) => Json::String(self.text(text, pointer)),
            Value::Array(items) => self.list(items.iter(), pointer, depth),
            Value::Set(items) => self.list(items.iter(), pointer, depth),
            Value::Object(fields) => self.object(fields.iter_sorted(), pointer, depth),
        }
    }

    fn list<'v>(
        &mut self,
        items: impl Iterator<Item = &'v Value>,
        pointer: &mut String,
        depth: usize,
    ) -> Json {
        let mut kept = Vec::new();
        for (index, item) in items.enumerate() {
            if !self.has_room(depth) {
                self.erased.add(pointer);
                break;
            }
            let length = pointer.len();
            push_key(pointer, &index.to_string());
            kept.push(self.value(item, pointer, depth - 1));
            pointer.truncate(length);
        }
        Json::Array(kept)
    }

    fn object<'v>(
        &mut self,
        fields: impl Iterator<Item = (&'v Value, &'v Value)>,
        pointer: &mut String,
        depth: usize,
    ) -> Json {
        let mut kept = Map::new();
        for (key, value) in fields {
            if !self.has_room(depth) {
                self.erased.add(pointer);
                break;
            }
            let key = self.key(key, &kept, pointer);
            let length = pointer.len();
            push_key(pointer, &key);
            let value = self.value(value, pointer, depth - 1);
            kept.insert(key, value);
            pointer.truncate(length);
        }
        Json::Object(kept)
    }

    /// Counts one more value, if there is room for it.
    fn has_room(&mut self, depth: usize) -> bool {
        let left = self.bounds.values.checked_sub(1);
        self.bounds.values = left.unwrap_or_default();
        left.is_some() && depth > 0 && self.bounds.bytes > 0
    }

    fn text(&mut self, text: &str, pointer: &str) -> String {
        let bytes = self.bounds.text.min(self.bounds.bytes);
        self.bounds.bytes -= text.len().min(bytes);
        if text.len() > bytes {
            self.erased.add(pointer);
        }
        cut(self.redactor, text, bytes)
    }

    /// The key without secrets, and not the same as another that is there.
    fn key(&mut self, key: &Value, kept: &Map<String, Json>, pointer: &str) -> String {
        let text = match key {
            Value::String(text) => text.as_ref(),
            _ => "",
        };
        if text.len() > KEY_BYTES {
            self.erased.add(pointer);
        }
        self.bounds.bytes = self.bounds.bytes.saturating_sub(text.len().min(KEY_BYTES));
        let key = cut(self.redactor, text, KEY_BYTES);
        let mut free = key.clone();
        let mut number = 2;
        while kept.contains_key(&free) {
            free = format!("{key}#{number}");
            number += 1;
        }
        free
    }
}

/// The beginning of a text without its secrets, and how much there is behind it.
fn cut(redactor: &Redactor, text: &str, bytes: usize) -> String {
    let mut kept = redactor.beginning(text, bytes);
    if let Some(more) = text.len().checked_sub(bytes).filter(|more| *more > 0) {
        kept.push_str(&format!("…[{more} bytes more]"));
    }
    kept
}

/// Notes where secrets stood.
fn note_masked(json: &Json, pointer: &mut String, masked: &mut Pointers) {
    let length = pointer.len();
    match json {
        Json::String(text) if text.contains(MARK) => masked.add(pointer),
        Json::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                push_key(pointer, &index.to_string());
                note_masked(item, pointer, masked);
                pointer.truncate(length);
            }
        }
        Json::Object(fields) => {
            for (key, value) in fields {
                push_key(pointer, key);
                if key.contains(MARK) {
                    masked.add(pointer);
                }
                note_masked(value, pointer, masked);
                pointer.truncate(length);
            }
        }
        _ => {}
    }
}
