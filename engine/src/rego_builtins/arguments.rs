//! Reads arguments by type, with OPA's rules and bounded results.

use std::sync::Arc;

use regorus::value::{Array, Object};

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

/// A text as a value, if it is of bearable size.
pub(super) fn bounded(text: String) -> Outcome {
    if text.len() > MAX_BYTES {
        return Err(BuiltinError::too_large());
    }
    Ok(Value::from(text))
}
