//! The one in-memory form of JSON data, and what the engine does with it.

use std::collections::BTreeMap;
use std::sync::Arc;

pub use regorus::Value;

/// The text of a string value.
pub(crate) fn text(value: &Value) -> Option<&Arc<str>> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

/// What stands under a key of an object.
pub(crate) fn field<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    // A look-up needs a value, and most objects are too small to be worth one.
    const MAX_SCANNED: usize = 16;
    let Value::Object(fields) = value else {
        return None;
    };
    if fields.len() > MAX_SCANNED {
        return fields.get(&Value::from(key));
    }
    let is_key = |found: &Value| text(found).is_some_and(|found| &**found == key);
    fields
        .iter()
        .find_map(|(found, value)| is_key(found).then_some(value))
}

/// An object of these entries.
pub(crate) fn object<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::from(
        entries
            .into_iter()
            .map(|(key, value)| (Value::from(key), value))
            .collect::<BTreeMap<Value, Value>>(),
    )
}

/// An object of those entries that have a value.
pub(crate) fn present<const N: usize>(entries: [(&str, Option<Value>); N]) -> Value {
    let present = entries
        .into_iter()
        .filter_map(|(key, value)| Some((Value::from(key), value?)));
    Value::from(present.collect::<BTreeMap<Value, Value>>())
}

/// A string value that shares the text.
pub(crate) fn shared(text: &Arc<str>) -> Value {
    Value::String(Arc::clone(text))
}

/// An array of these values.
pub(crate) fn array(values: impl Iterator<Item = Value>) -> Value {
    Value::from(values.collect::<Vec<Value>>())
}

/// What a value is, with its article, for people.
pub(crate) const fn described(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Set(_) => "a set",
        Value::Object(_) => "an object",
        Value::Undefined => "undefined",
    }
}

/// The base with the update's entries; where both hold objects they are merged, elsewhere the update wins.
pub(crate) fn merged(base: Value, update: &Value) -> Value {
    match (base, update) {
        (Value::Object(mut base), Value::Object(update)) => {
            let entries = Arc::make_mut(&mut base);
            for (key, value) in update.iter_sorted() {
                let old = entries.remove(key);
                let new = old.map_or_else(|| value.clone(), |old| merged(old, value));
                entries.insert(key.clone(), new);
            }
            Value::Object(base)
        }
        (_, update) => update.clone(),
    }
}

/// The value as plain JSON: sets become arrays, and what JSON cannot hold is refused by its name.
pub(crate) fn plain(value: &Value) -> Result<Value, &'static str> {
    const MAX_DEPTH: usize = 256;
    plain_within(value, MAX_DEPTH)
}

fn plain_within(value: &Value, depth: usize) -> Result<Value, &'static str> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err("values nested too deep");
    };
    match value {
        Value::Null | Value::Bool(_) | Value::String(_) => Ok(value.clone()),
        Value::Number(number) if number.as_f64().is_some_and(f64::is_finite) => Ok(value.clone()),
        Value::Number(_) => Err("a number that is too large"),
        Value::Undefined => Err("something undefined"),
        Value::Array(values) => values
            .iter()
            .map(|value| plain_within(value, depth))
            .collect::<Result<Vec<_>, _>>()
            .map(Value::from),
        Value::Set(values) => values
            .iter()
            .map(|value| plain_within(value, depth))
            .collect::<Result<Vec<_>, _>>()
            .map(Value::from),
        Value::Object(fields) => fields
            .iter_sorted()
            .map(|(key, value)| match key {
                Value::String(_) => Ok((key.clone(), plain_within(value, depth)?)),
                _ => Err("a key that is not a string"),
            })
            .collect::<Result<BTreeMap<_, _>, _>>()
            .map(Value::from),
    }
}
