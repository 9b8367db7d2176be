//! Values as JSON text and back.

use super::arguments::{MAX_BYTES, Outcome, at, object};
use super::json_text::{Layout, compact, written};
use super::{Builtin, BuiltinError, Context, native};
use crate::value::Value;

/// Characters of an indent or a prefix.
const MAX_INDENT: usize = 64;

pub(super) const TABLE: &[Builtin] = &[
    Builtin::new("json.is_valid", 1, |arguments, _| {
        valid(arguments, "json.is_valid")
    }),
    Builtin::new("json.marshal", 1, marshal),
    Builtin::new("json.marshal_with_options", 2, marshal_with_options),
    Builtin::new("yaml.is_valid", 1, |arguments, _| {
        valid(arguments, "yaml.is_valid")
    }),
];

/// Whether a value is a text that can be read; nothing but texts can.
fn valid(arguments: &[Value], name: &'static str) -> Outcome {
    match at(arguments, 0) {
        Value::String(text) if text.len() > MAX_BYTES => Err(BuiltinError::too_large()),
        Value::String(_) => native::call(name, arguments),
        _ => Ok(Value::from(false)),
    }
}

fn marshal(arguments: &[Value], _: &Context) -> Outcome {
    Ok(Value::from(compact(at(arguments, 0))?))
}

fn marshal_with_options(arguments: &[Value], _: &Context) -> Outcome {
    let options = object(arguments, 1)?;
    let (mut pretty, mut prefix, mut indent) = (None, "", "\t");
    for (name, value) in options.iter_sorted() {
        match (name, value) {
            (Value::String(name), Value::Bool(value)) if name.as_ref() == "pretty" => {
                pretty = Some(*value);
            }
            (Value::String(name), Value::String(text)) if text.len() <= MAX_INDENT => {
                match name.as_ref() {
                    "prefix" => prefix = text,
                    "indent" => indent = text,
                    _ => return Err(unknown_option()),
                }
            }
            _ => return Err(unknown_option()),
        }
    }
    let is_pretty = pretty.unwrap_or_else(|| !options.is_empty());
    if !is_pretty {
        return Ok(Value::from(compact(at(arguments, 0))?));
    }
    let text = written(at(arguments, 0), Layout::Lines { prefix, indent })?;
    Ok(Value::from(format!("{prefix}{text}")))
}

fn unknown_option() -> BuiltinError {
    BuiltinError::failed(
        "knows the options `pretty`, a boolean, and `prefix` and `indent`, short strings",
    )
}
