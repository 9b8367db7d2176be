//! Patterns for paths and names: `*` within a part, `**` across parts, `?`, sets in brackets, choices in braces.

use super::arguments::{Outcome, at, text};
use super::regex::{compiled_as, malformed_glob};
use super::{Builtin, BuiltinError, Context};
use crate::value::Value;

pub(super) const TABLE: &[Builtin] = &[
    Builtin::new("glob.match", 3, glob_match),
    Builtin::new("glob.quote_meta", 1, quote_meta),
];

/// Choices inside each other.
const MAX_DEPTH: usize = 32;

fn glob_match(arguments: &[Value], _: &Context) -> Outcome {
    let (pattern, searched) = (text(arguments, 0)?, text(arguments, 2)?);
    let delimiters = delimiters(at(arguments, 1))?;
    // No pattern of `regex.match` begins like this.
    let key = format!("\0{delimiters}\0{pattern}");
    let regex = compiled_as(&key, pattern, |pattern| translated(pattern, &delimiters))?;
    Ok(Value::from(regex.is_match(searched)))
}

/// The characters at which parts end: none for null, the dot where none are given.
fn delimiters(value: &Value) -> Result<String, BuiltinError> {
    match value {
        Value::Null => Ok(String::new()),
        Value::Array(values) if values.is_empty() => Ok(".".to_owned()),
        Value::Array(values) => values
            .iter()
            .map(|value| match value {
                Value::String(text) if text.chars().count() == 1 => Ok(text.as_ref()),
                other => Err(BuiltinError::expects(1, "single characters inside", other)),
            })
            .collect(),
        other => Err(BuiltinError::expects(1, "an array or null", other)),
    }
}

fn escaped(character: char, text: &mut String) {
    text.push_str(&::regex::escape(character.encode_utf8(&mut [0; 4])));
}

fn translated(pattern: &str, delimiters: &str) -> Result<String, BuiltinError> {
    let mut single = String::new();
    if delimiters.is_empty() {
        single.push('.');
    } else {
        single.push_str("[^");
        delimiters
            .chars()
            .for_each(|delimiter| escaped(delimiter, &mut single));
        single.push(']');
    }
    let mut text = String::from("(?s)^");
    let mut depth = 0_usize;
    let mut characters = pattern.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '*' if characters.next_if_eq(&'*').is_some() => text.push_str(".*"),
            '*' => text.push_str(&format!("{single}*")),
            '?' => text.push_str(&single),
            '[' => set(&mut characters, &mut text)?,
            '{' => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(BuiltinError::too_large());
                }
                text.push_str("(?:");
            }
            ',' if depth > 0 => text.push('|'),
            '}' if depth > 0 => {
                depth -= 1;
                text.push(')');
            }
            '\\' => escaped(characters.next().ok_or_else(malformed_glob)?, &mut text),
            other => escaped(other, &mut text),
        }
    }
    // Choices that are not closed end with the pattern.
    text.push_str(&")".repeat(depth));
    text.push('$');
    Ok(text)
}

/// The rest of a set: one range, or characters; `!` in front means all others.
fn set(
    characters: &mut std::iter::Peekable<std::str::Chars<'_>>,
    text: &mut String,
) -> Result<(), BuiltinError> {
    text.push('[');
    if characters.next_if_eq(&'!').is_some() {
        text.push('^');
    }
    let first = characters.next().ok_or_else(malformed_glob)?;
    if characters.next_if_eq(&'-').is_some() {
        let last = characters.next().ok_or_else(malformed_glob)?;
        if last < first || characters.next() != Some(']') {
            return Err(malformed_glob());
        }
        escaped(first, text);
        text.push('-');
        escaped(last, text);
        text.push(']');
        return Ok(());
    }
    let mut next = first;
    let mut is_empty = true;
    loop {
        match next {
            ']' if is_empty => return Err(malformed_glob()),
            ']' => {
                text.push(']');
                return Ok(());
            }
            '\\' => escaped(characters.next().ok_or_else(malformed_glob)?, text),
            other => escaped(other, text),
        }
        is_empty = false;
        next = characters.next().ok_or_else(malformed_glob)?;
    }
}

/// A text as a pattern that only it fits.
fn quote_meta(arguments: &[Value], _: &Context) -> Outcome {
    let text = text(arguments, 0)?;
    let mut quoted = String::with_capacity(text.len());
    for character in text.chars() {
        if "*?\\[]{}".contains(character) {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    super::arguments::bounded(quoted)
}
