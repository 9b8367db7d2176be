//! Functions of text.

use super::arguments::{MAX_BYTES, Outcome, bounded, object, text};
use super::{Builtin, BuiltinError, Context};
use crate::value::Value;

pub(super) const TABLE: &[Builtin] = &[
    Builtin::new("strings.count", 2, count),
    Builtin::new("strings.replace_n", 2, replace_n),
];

/// How often a text stands in another, without overlap; the empty text stands around every character.
fn count(arguments: &[Value], _: &Context) -> Outcome {
    let (searched, wanted) = (text(arguments, 0)?, text(arguments, 1)?);
    Ok(Value::from(searched.matches(wanted.as_ref()).count()))
}

/// Replaces every key of an object with its value in one pass; of keys that fit at one place the first wins.
fn replace_n(arguments: &[Value], _: &Context) -> Outcome {
    let (patterns, searched) = (object(arguments, 0)?, text(arguments, 1)?);
    let patterns: Vec<(&str, &str)> = patterns
        .iter_sorted()
        .map(|(old, new)| match (old, new) {
            (Value::String(old), Value::String(new)) => Ok((old.as_ref(), new.as_ref())),
            (Value::String(_), other) | (other, _) => {
                Err(BuiltinError::expects(0, "only strings inside", other))
            }
        })
        .collect::<Result<_, _>>()?;
    let (mut replaced, mut rest, mut after_match) = (String::new(), searched.as_ref(), false);
    loop {
        let found = patterns
            .iter()
            .find(|(old, _)| rest.starts_with(old) && !(after_match && old.is_empty()));
        if let Some((old, new)) = found {
            replaced.push_str(new);
            rest = rest.strip_prefix(old).unwrap_or(rest);
            after_match = true;
            if !old.is_empty() {
                continue;
            }
        }
        let mut characters = rest.chars();
        let Some(character) = characters.next() else {
            return bounded(replaced);
        };
        replaced.push(character);
        if replaced.len() > MAX_BYTES {
            return Err(BuiltinError::too_large());
        }
        rest = characters.as_str();
        after_match = false;
    }
}
