//! Functions of text.

use super::arguments::{MAX_BYTES, MAX_ELEMENTS, Outcome, at, bounded, object, text};
use super::{Builtin, BuiltinError, Context};
use crate::value::Value;

pub(super) const TABLE: &[Builtin] = &[
    Builtin::new("indexof", 2, |arguments, _| {
        let found = places(arguments)?.next();
        Ok(found.map_or_else(|| Value::from(-1), Value::from))
    }),
    Builtin::new("indexof_n", 2, |arguments, _| {
        let found: Vec<Value> = places(arguments)?
            .map(Value::from)
            .take(MAX_ELEMENTS + 1)
            .collect();
        if found.len() > MAX_ELEMENTS {
            return Err(BuiltinError::too_large());
        }
        Ok(Value::from(found))
    }),
    Builtin::new("lower", 1, |arguments, _| {
        let lower = |character: char| character.to_lowercase().next().unwrap_or(character);
        Ok(Value::from(
            text(arguments, 0)?.chars().map(lower).collect::<String>(),
        ))
    }),
    Builtin::new("strings.count", 2, count),
    Builtin::new("strings.replace_n", 2, replace_n),
    Builtin::new("to_number", 1, to_number),
    Builtin::new("upper", 1, |arguments, _| {
        Ok(Value::from(
            text(arguments, 0)?.chars().map(upper).collect::<String>(),
        ))
    }),
];

/// Characters of a number in a text.
const MAX_NUMBER: usize = 64;

/// The large form of a character, where that is one character.
fn upper(character: char) -> char {
    let mut large = character.to_uppercase();
    match (large.next(), large.next()) {
        (Some(large), None) => large,
        _ => character,
    }
}

/// The places at which a text stands in another, counted in characters.
fn places(arguments: &[Value]) -> Result<impl Iterator<Item = usize> + '_, BuiltinError> {
    let (searched, wanted) = (text(arguments, 0)?.as_ref(), text(arguments, 1)?.as_ref());
    if wanted.is_empty() {
        return Err(BuiltinError::failed("expects a text to look for"));
    }
    let mut places = searched.char_indices().enumerate();
    Ok(std::iter::from_fn(move || {
        let mut next = || {
            places.find(|(_, (start, _))| {
                let rest = searched.get(*start..);
                rest.is_some_and(|rest| rest.starts_with(wanted))
            })
        };
        next().map(|(place, _)| place)
    }))
}

/// The number that a value stands for; a text has to be a number as JSON writes it.
fn to_number(arguments: &[Value], _: &Context) -> Outcome {
    let malformed = || BuiltinError::failed("expects a text that is a number");
    match at(arguments, 0) {
        Value::Null => Ok(Value::from(0)),
        Value::Bool(value) => Ok(Value::from(u64::from(*value))),
        number @ Value::Number(_) => Ok(number.clone()),
        Value::String(text) => {
            let exponent = text.split(['e', 'E']).nth(1).unwrap_or_default();
            let digits = exponent.trim_start_matches(['+', '-']).len();
            if text.len() > MAX_NUMBER || digits > 3 {
                return Err(malformed());
            }
            let is_number = text
                .bytes()
                .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
            Value::from_numeric_string(text)
                .ok()
                .filter(|_| is_number)
                .ok_or_else(malformed)
        }
        other => Err(BuiltinError::expects(
            0,
            "a string, a boolean or null",
            other,
        )),
    }
}

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
