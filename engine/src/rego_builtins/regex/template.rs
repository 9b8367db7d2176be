//! `regex.template_match`: texts with patterns between delimiters.

use super::pattern::compiled;
use crate::rego_builtins::arguments::{Outcome, text};
use crate::rego_builtins::{BuiltinError, Context};
use crate::value::Value;

/// Whether a text fits a template, as a whole.
pub(super) fn template_match(arguments: &[Value], _: &Context) -> Outcome {
    let (template, searched) = (text(arguments, 0)?, text(arguments, 1)?);
    let (open, close) = (delimiter(arguments, 2)?, delimiter(arguments, 3)?);
    let pattern = pattern(template, open, close)?;
    Ok(Value::from(compiled(&pattern)?.is_match(searched)))
}

fn delimiter(arguments: &[Value], index: usize) -> Result<char, BuiltinError> {
    let mut characters = text(arguments, index)?.chars();
    match (characters.next(), characters.next()) {
        (Some(delimiter), None) => Ok(delimiter),
        _ => Err(BuiltinError::failed(
            "expects delimiters of one character each",
        )),
    }
}

/// What stands between delimiters as it is, and the rest as a literal.
fn pattern(template: &str, open: char, close: char) -> Result<String, BuiltinError> {
    let mut pattern = String::from("^");
    let (mut inside, mut depth) = (String::new(), 0_usize);
    for character in template.chars() {
        if character == open {
            depth += 1;
            if depth > 1 {
                inside.push(character);
            }
        } else if character == close {
            depth = depth.checked_sub(1).ok_or_else(unbalanced)?;
            if depth == 0 {
                pattern.push('(');
                pattern.push_str(&inside);
                pattern.push(')');
                inside.clear();
            } else {
                inside.push(character);
            }
        } else if depth > 0 {
            inside.push(character);
        } else {
            pattern.push_str(&regex::escape(character.encode_utf8(&mut [0; 4])));
        }
    }
    if depth > 0 {
        return Err(unbalanced());
    }
    pattern.push('$');
    Ok(pattern)
}

fn unbalanced() -> BuiltinError {
    BuiltinError::failed("expects a template whose delimiters are balanced")
}
