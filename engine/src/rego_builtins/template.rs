//! `internal.template_string`: what template strings such as `$"a {b}"` are compiled to.

use super::arguments::{MAX_BYTES, Outcome};
use super::{Builtin, BuiltinError};
use crate::value::Value;

/// What stands for an expression that has no value.
const UNDEFINED: &str = "<undefined>";

pub(super) const TABLE: &[Builtin] = &[Builtin::new(
    "internal.template_string",
    1,
    |arguments, _| join(arguments),
)];

/// Joins texts, and sets that hold the value of one expression each.
fn join(arguments: &[Value]) -> Outcome {
    let [Value::Array(parts)] = arguments else {
        return Err(BuiltinError::failed("expects an array of parts"));
    };
    let mut text = String::new();
    for part in parts.iter() {
        match part {
            Value::Set(values) if values.len() > 1 => {
                return Err(BuiltinError::failed(
                    "has an expression with several values",
                ));
            }
            Value::Set(values) => match values.iter().next() {
                Some(value) => outermost(value, &mut text)?,
                None => text.push_str(UNDEFINED),
            },
            other => outermost(other, &mut text)?,
        }
    }
    Ok(Value::from(text))
}

/// A text as it is, and anything else as Rego would write it.
fn outermost(value: &Value, text: &mut String) -> Result<(), BuiltinError> {
    match value {
        Value::String(part) => text.push_str(part),
        other => write(other, text)?,
    }
    within_bounds(text)
}

/// A value as Rego would write it.
pub(super) fn as_rego(value: &Value) -> Result<String, BuiltinError> {
    let mut text = String::new();
    write(value, &mut text)?;
    Ok(text)
}

fn within_bounds(text: &str) -> Result<(), BuiltinError> {
    if text.len() > MAX_BYTES {
        return Err(BuiltinError::too_large());
    }
    Ok(())
}

/// Writes a value as Rego has it; values are nested no deeper than what made them.
fn write(value: &Value, text: &mut String) -> Result<(), BuiltinError> {
    match value {
        Value::Array(values) => list(values.iter(), '[', ']', text)?,
        Value::Set(values) if values.is_empty() => text.push_str("set()"),
        Value::Set(values) => list(values.iter(), '{', '}', text)?,
        Value::Object(fields) => {
            text.push('{');
            for (index, (key, value)) in fields.iter_sorted().enumerate() {
                if index > 0 {
                    text.push_str(", ");
                }
                write(key, text)?;
                text.push_str(": ");
                write(value, text)?;
            }
            text.push('}');
        }
        other => text.push_str(&other.to_string()),
    }
    within_bounds(text)
}

fn list<'value>(
    values: impl Iterator<Item = &'value Value>,
    open: char,
    close: char,
    text: &mut String,
) -> Result<(), BuiltinError> {
    text.push(open);
    for (index, value) in values.enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        write(value, text)?;
    }
    text.push(close);
    Ok(())
}
