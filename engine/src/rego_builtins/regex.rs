//! Patterns, with Go's syntax and meaning.

mod globs;
mod pattern;
mod template;

use super::arguments::{MAX_BYTES, MAX_ELEMENTS, Outcome, at, integer, text};
use super::{Builtin, BuiltinError, Context};
use crate::value::Value;

use pattern::compiled;
pub(super) use pattern::compiled_as;

pub(super) const TABLE: &[Builtin] = &[
    Builtin::new("re_match", 2, is_match),
    Builtin::new("regex.find_all_string_submatch_n", 3, find_groups),
    Builtin::new("regex.find_n", 3, find),
    Builtin::new("regex.globs_match", 2, globs::globs_match),
    Builtin::new("regex.is_valid", 1, |arguments, _| {
        let is_valid = match at(arguments, 0) {
            Value::String(pattern) => compiled(pattern).is_ok(),
            _ => false,
        };
        Ok(Value::from(is_valid))
    }),
    Builtin::new("regex.match", 2, is_match),
    Builtin::new("regex.replace", 3, replace),
    Builtin::new("regex.split", 2, split),
    Builtin::new("regex.template_match", 4, template::template_match),
];

fn is_match(arguments: &[Value], _: &Context) -> Outcome {
    let (pattern, searched) = (text(arguments, 0)?, text(arguments, 1)?);
    Ok(Value::from(compiled(pattern)?.is_match(searched)))
}

/// How many matches are wanted: all of them for a negative number.
fn wanted(arguments: &[Value]) -> Result<usize, BuiltinError> {
    let wanted = usize::try_from(integer(arguments, 2)?).unwrap_or(usize::MAX);
    // One more than bearable, so that more than that can be told from just that.
    Ok(wanted.min(MAX_ELEMENTS + 1))
}

fn bearable(found: Vec<Value>) -> Outcome {
    if found.len() > MAX_ELEMENTS {
        return Err(BuiltinError::too_large());
    }
    Ok(Value::from(found))
}

fn find(arguments: &[Value], _: &Context) -> Outcome {
    let (pattern, searched) = (text(arguments, 0)?, text(arguments, 1)?);
    let found = compiled(pattern)?
        .find_iter(searched)
        .take(wanted(arguments)?)
        .map(|found| Value::from(found.as_str()))
        .collect();
    bearable(found)
}

fn find_groups(arguments: &[Value], _: &Context) -> Outcome {
    let (pattern, searched) = (text(arguments, 0)?, text(arguments, 1)?);
    let pattern = compiled(pattern)?;
    let wanted = wanted(arguments)?.min(MAX_ELEMENTS / pattern.captures_len().max(1) + 1);
    let found: Vec<Value> = pattern
        .captures_iter(searched)
        .take(wanted)
        .map(|groups| {
            let groups = groups
                .iter()
                .map(|group| Value::from(group.map_or("", |group| group.as_str())));
            Value::from(groups.collect::<Vec<Value>>())
        })
        .collect();
    if found.len() * pattern.captures_len() > MAX_ELEMENTS {
        return Err(BuiltinError::too_large());
    }
    Ok(Value::from(found))
}

/// Replaces every match; `$1` and `${name}` stand for groups.
fn replace(arguments: &[Value], context: &Context) -> Outcome {
    let (searched, pattern) = (text(arguments, 0)?, text(arguments, 1)?);
    let replacement = text(arguments, 2)?;
    let pattern = compiled(pattern)?;
    let mut replaced = String::new();
    let mut end = 0;
    for groups in pattern.captures_iter(searched) {
        let Some(whole) = groups.get(0) else { continue };
        replaced.push_str(searched.get(end..whole.start()).unwrap_or_default());
        groups.expand(replacement, &mut replaced);
        end = whole.end();
        if replaced.len() > MAX_BYTES {
            return Err(BuiltinError::too_large());
        }
    }
    context.check()?;
    replaced.push_str(searched.get(end..).unwrap_or_default());
    super::arguments::bounded(replaced)
}

/// The texts between matches, as Go cuts them: matches of nothing cut between characters, not around.
fn split(arguments: &[Value], _: &Context) -> Outcome {
    let (pattern, searched) = (text(arguments, 0)?, text(arguments, 1)?);
    let expression = compiled(pattern)?;
    if searched.is_empty() && !pattern.is_empty() {
        return Ok(Value::from(vec![Value::from("")]));
    }
    let mut parts = Vec::new();
    let (mut begin, mut end) = (0, 0);
    for found in expression.find_iter(searched) {
        if found.end() == 0 {
            continue;
        }
        end = found.start();
        parts.push(Value::from(searched.get(begin..end).unwrap_or_default()));
        begin = found.end();
        if parts.len() > MAX_ELEMENTS {
            return Err(BuiltinError::too_large());
        }
    }
    if end != searched.len() {
        parts.push(Value::from(searched.get(begin..).unwrap_or_default()));
    }
    Ok(Value::from(parts))
}

/// A pattern of `glob.match` that is none.
pub(super) fn malformed_glob() -> BuiltinError {
    BuiltinError::failed("expects a pattern whose brackets are closed")
}
