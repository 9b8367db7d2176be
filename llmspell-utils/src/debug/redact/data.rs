//! Secrets in data: by their shape, by the key they stand under, and by the name beside them.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::Redactor;

/// Redacts a value and everything in it.
pub(super) fn redact(redactor: &Redactor, value: &mut Value) {
    // A list of what is still to be seen instead of recursion: data may be nested deeper than a stack is.
    let mut remaining = vec![value];
    while let Some(value) = remaining.pop() {
        match value {
            Value::String(text) => redactor.string(text),
            Value::Array(items) => {
                mark_arguments(redactor, items);
                remaining.extend(items.iter_mut().filter(|item| is_worth_a_look(item)));
            }
            Value::Object(members) => {
                mark_keys(redactor, members);
                mark_members(redactor, members);
                remaining.extend(members.values_mut().filter(|item| is_worth_a_look(item)));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

const fn is_worth_a_look(value: &Value) -> bool {
    !matches!(value, Value::Null | Value::Bool(_) | Value::Number(_))
}

/// Whether a value under a secret name tells anything.
fn is_told(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) => false,
        Value::String(text) => !text.is_empty() && !text.starts_with("[redacted:"),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::Number(_) => true,
    }
}

fn mark(redactor: &Redactor, name: &str, value: &mut Value) {
    if is_told(value)
        && let Some(mark) = redactor.mark_of_key(name)
    {
        *value = Value::String(mark);
    }
}

/// `{"password": …}`, and `{"name": "password", "value": …}`.
fn mark_members(redactor: &Redactor, members: &mut Map<String, Value>) {
    for (key, value) in members.iter_mut() {
        mark(redactor, key, value);
    }
    if !members.contains_key("value") && !members.contains_key("Value") {
        return;
    }
    let named = ["name", "key", "header", "Name", "Key"]
        .iter()
        .find_map(|key| members.get(*key)?.as_str().map(str::to_owned));
    if let Some(name) = named {
        for key in ["value", "Value"] {
            if let Some(value) = members.get_mut(key) {
                mark(redactor, &name, value);
            }
        }
    }
}

/// `["--password", "…"]`, and `["Authorization", "…"]`.
fn mark_arguments(redactor: &Redactor, items: &mut [Value]) {
    let pair = items.len() == 2;
    let mut index = 0;
    while let Some([name, value]) = items.get_mut(index..index + 2) {
        if let (Value::String(name), Value::String(_)) = (&*name, &*value)
            && (pair || name.starts_with("--"))
            && !name.contains(['=', ' '])
        {
            mark(redactor, name, value);
        }
        index += 1;
    }
}

/// Keys that hold secrets themselves.
fn mark_keys(redactor: &Redactor, members: &mut Map<String, Value>) {
    let held: Vec<(String, String)> = members
        .keys()
        .filter_map(|key| match redactor.text(key) {
            Cow::Owned(redacted) => Some((key.clone(), redacted)),
            Cow::Borrowed(_) => None,
        })
        .collect();
    for (key, redacted) in held {
        if let Some(value) = members.remove(&key) {
            // Two keys may look the same now; both values stay.
            let mut free = redacted.clone();
            let mut number = 2;
            while members.contains_key(&free) {
                free = format!("{redacted}#{number}");
                number += 1;
            }
            members.insert(free, value);
        }
    }
}
