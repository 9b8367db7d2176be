//! Reads arguments by type, with OPA's rules and bounded results.

use std::sync::Arc;

use regorus::value::{Array, Object, Set};

use super::BuiltinError;
use crate::value::Value;

/// Bytes of a text that a function may make.
pub(super) const MAX_BYTES: usize = 4 * 1024 * 1024;
/// Elements of a collection that a function may make.
pub(super) const MAX_ELEMENTS: usize = 100_000;

pub(super) type Outcome = Result<Value, BuiltinError>;

pub(super) fn at(arguments: &[Value], index: usize) -> &Value {
    arguments.get(index).unwrap_or(&Value::Undefined)
}

pub(super) fn text(arguments: &[Value], index: usize) -> Result<&Arc<str>, BuiltinError> {
    match at(arguments, index) {
        Value::String(text) => Ok(text),
        other => Err(BuiltinError::expects(index, "a string", other)),
    }
}

pub(super) fn boolean(arguments: &[Value], index: usize) -> Result<bool, BuiltinError> {
    match at(arguments, index) {
        Value::Bool(value) => Ok(*value),
        other => Err(BuiltinError::expects(index, "a boolean", other)),
    }
}

/// A whole number that fits into 64 bits.
pub(super) fn integer(arguments: &[Value], index: usize) -> Result<i64, BuiltinError> {
    match at(arguments, index) {
        Value::Number(number) => number
            .as_i64()
            .ok_or_else(|| BuiltinError::failed("expects a whole number of at most 64 bits")),
        other => Err(BuiltinError::expects(index, "a number", other)),
    }
}

/// A number as far as 64 bits of floating point hold it.
pub(super) fn float(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number
            .as_f64()
            .or_else(|| number.format_decimal().parse().ok())
            .filter(|float| float.is_finite()),
        _ => None,
    }
}

pub(super) fn array(arguments: &[Value], index: usize) -> Result<&Array, BuiltinError> {
    match at(arguments, index) {
        Value::Array(values) => Ok(values),
        other => Err(BuiltinError::expects(index, "an array", other)),
    }
}

pub(super) fn set(arguments: &[Value], index: usize) -> Result<&Set, BuiltinError> {
    match at(arguments, index) {
        Value::Set(values) => Ok(values),
        other => Err(BuiltinError::expects(index, "a set", other)),
    }
}

pub(super) fn object(arguments: &[Value], index: usize) -> Result<&Object, BuiltinError> {
    match at(arguments, index) {
        Value::Object(entries) => Ok(entries),
        other => Err(BuiltinError::expects(index, "an object", other)),
    }
}

/// The elements of an array or a set.
pub(super) fn elements(
    arguments: &[Value],
    index: usize,
) -> Result<Box<dyn Iterator<Item = &Value> + '_>, BuiltinError> {
    match at(arguments, index) {
        Value::Array(values) => Ok(Box::new(values.iter())),
        Value::Set(values) => Ok(Box::new(values.iter_sorted())),
        other => Err(BuiltinError::expects(index, "an array or a set", other)),
    }
}

/// The strings in an array or a set of strings, or a string by itself.
pub(super) fn texts(arguments: &[Value], index: usize) -> Result<Vec<&Arc<str>>, BuiltinError> {
    if let Value::String(text) = at(arguments, index) {
        return Ok(vec![text]);
    }
    elements(arguments, index)?
        .map(|element| match element {
            Value::String(text) => Ok(text),
            other => Err(BuiltinError::expects(index, "only strings inside", other)),
        })
        .collect()
}

/// A text as a value, if it is of bearable size.
pub(super) fn bounded(text: String) -> Outcome {
    if text.len() > MAX_BYTES {
        return Err(BuiltinError::too_large());
    }
    Ok(Value::from(text))
}
