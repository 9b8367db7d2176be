//! The parts of an event that policies read, and the names that they may have meant.

use llmspell_utils::closest;
use serde::Serialize;

use crate::value::Value;

/// Keys of one object among which a missing one is looked for, and how long each may be.
const MAX_KEYS: usize = 200;
const MAX_KEY_BYTES: usize = 64;
/// A shorter name is near to too many others.
const MIN_NAME_BYTES: usize = 3;

/// A part of the event that a policy read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct InputRead {
    /// The path, such as `input.tool_input.command`.
    pub path: String,
    /// The first part of the path that the event does not have, if one is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
    /// The path that the event has instead of the missing one, if a name there is so near that it may have been meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub did_you_mean: Option<String>,
}

impl InputRead {
    /// The path of these keys into what a policy was given; a list may be indexed by a number or by its text.
    #[must_use]
    pub fn of(path: &[Value], input: &Value) -> Self {
        let mut read = Self {
            path: "input".to_owned(),
            missing: None,
            did_you_mean: None,
        };
        let mut current = Some(input);
        for key in path {
            let index = current.and_then(|value| index(value, key));
            let key = index.as_ref().unwrap_or(key);
            let above = read.path.clone();
            push(&mut read.path, key);
            let Some(value) = current else { continue };
            current = child(value, key);
            if current.is_none() {
                read.missing = Some(read.path.clone());
                read.did_you_mean = near(value, key).map(|name| {
                    let mut meant = above;
                    push(&mut meant, &Value::from(name));
                    meant
                });
            }
        }
        read
    }
}

/// The number that a text stands for which indexes a list.
fn index(value: &Value, key: &Value) -> Option<Value> {
    match (value, key) {
        (Value::Array(_), Value::String(text)) => text.parse::<u64>().ok().map(Value::from),
        _ => None,
    }
}

fn child<'value>(value: &'value Value, key: &Value) -> Option<&'value Value> {
    let child = &value[key];
    (*child != Value::Undefined).then_some(child)
}

fn near<'value>(value: &'value Value, key: &Value) -> Option<&'value str> {
    let (Value::Object(fields), Value::String(name)) = (value, key) else {
        return None;
    };
    if !(MIN_NAME_BYTES..=MAX_KEY_BYTES).contains(&name.len()) {
        return None;
    }
    let names = fields.iter().filter_map(|(key, _)| match key {
        Value::String(name) if name.len() <= MAX_KEY_BYTES => Some(&**name),
        _ => None,
    });
    closest(name, names.take(MAX_KEYS))
}

fn push(path: &mut String, key: &Value) {
    match key {
        Value::String(name) if is_name(name) => {
            path.push('.');
            path.push_str(name);
        }
        other => path.push_str(&format!("[{other}]")),
    }
}

fn is_name(text: &str) -> bool {
    let mut characters = text.chars();
    characters
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && characters.all(|character| character.is_ascii_alphanumeric() || character == '_')
}
