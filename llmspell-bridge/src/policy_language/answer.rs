//! What a verb's function returns, as the engine reads answers: a list, or nothing at all.

use llmspell_engine::{DecisionErrorKind, PolicyFault, Value, Verb};

use crate::arguments::Returned as Said;
use crate::language::Language;

/// The list that the engine reads; undefined for silence.
///
/// # Errors
/// When it has another shape: nothing that a policy returns by mistake may count as silence.
pub(crate) fn read(verb: Verb, said: Said, language: Language) -> Result<Value, PolicyFault> {
    let value = match said {
        Said::Nothing => return Ok(Value::Undefined),
        Said::Several => return Err(malformed(verb, "more than one value")),
        Said::Value(value) => value,
    };
    match &value {
        Value::Array(_) => Ok(value),
        // A table of Lua that collects decisions and found none is no map.
        Value::Object(fields) if fields.is_empty() && language == Language::Lua => {
            Ok(Value::Undefined)
        }
        Value::Object(_) if verb != Verb::AddContext => Ok(Value::from(vec![value])),
        Value::String(_) if verb == Verb::AddContext => Ok(Value::from(vec![value])),
        _ => Err(malformed(verb, kind_of(&value))),
    }
}

fn malformed(verb: Verb, what: &str) -> PolicyFault {
    let wanted = match verb {
        Verb::AddContext => "nothing, a string or a list of strings",
        _ => "nothing, a decision or a list of decisions",
    };
    PolicyFault {
        kind: DecisionErrorKind::Malformed,
        message: format!("`{}` returned {what}, not {wanted}", verb.name()),
        file: None,
        line: None,
    }
}

/// What a value is, in words.
pub(super) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(true) => "true",
        Value::Bool(false) => "false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) | Value::Set(_) => "a list",
        Value::Object(_) => "a table or object",
        Value::Undefined => "nothing",
    }
}
