//! Values as JSON text, written as Go writes it: keys in order, and without what could end a script in HTML.

use std::fmt::Write as _;

use super::BuiltinError;
use super::arguments::MAX_BYTES;
use crate::value::Value;

/// Values inside each other.
const MAX_DEPTH: usize = 256;

/// How the text is laid out.
#[derive(Debug, Clone, Copy)]
pub(super) enum Layout<'text> {
    /// Everything on one line, without spaces.
    Compact,
    /// Every element on its own line.
    Lines {
        /// What every line but the first begins with.
        prefix: &'text str,
        /// What follows it, once for each level.
        indent: &'text str,
    },
}

/// Writes a value on one line.
pub(super) fn compact(value: &Value) -> Result<String, BuiltinError> {
    written(value, Layout::Compact)
}

/// Writes a value. Sets become arrays, and keys that are no strings become texts of JSON.
pub(super) fn written(value: &Value, layout: Layout<'_>) -> Result<String, BuiltinError> {
    let mut writer = Writer {
        text: String::new(),
        layout,
    };
    writer.value(value, 0)?;
    Ok(writer.text)
}

struct Writer<'text> {
    text: String,
    layout: Layout<'text>,
}

impl Writer<'_> {
    fn value(&mut self, value: &Value, depth: usize) -> Result<(), BuiltinError> {
        if depth > MAX_DEPTH || self.text.len() > MAX_BYTES {
            return Err(BuiltinError::too_large());
        }
        match value {
            Value::Null => self.text.push_str("null"),
            Value::Bool(value) => self.text.push_str(if *value { "true" } else { "false" }),
            // Arithmetic of regorus can leave the numbers that JSON has.
            Value::Number(number) if number.as_f64().is_some_and(|float| !float.is_finite()) => {
                return Err(BuiltinError::failed("expects numbers that are finite"));
            }
            Value::Number(_) => self.text.push_str(&number(value)),
            Value::String(text) => self.string(text),
            Value::Array(values) => self.list(values.iter(), depth)?,
            Value::Set(values) => self.list(values.iter_sorted(), depth)?,
            Value::Object(entries) => {
                let mut named = entries
                    .iter_sorted()
                    .map(|(key, value)| match key {
                        Value::String(name) => Ok((name.to_string(), value)),
                        _ => Ok((compact(key)?, value)),
                    })
                    .collect::<Result<Vec<_>, BuiltinError>>()?;
                named.sort_by(|(one, _), (other, _)| one.cmp(other));
                self.text.push('{');
                for (index, (name, value)) in named.iter().enumerate() {
                    self.separate(index, depth + 1);
                    self.string(name);
                    self.text.push(':');
                    if matches!(self.layout, Layout::Lines { .. }) {
                        self.text.push(' ');
                    }
                    self.value(value, depth + 1)?;
                }
                self.close(named.is_empty(), depth, '}');
            }
            Value::Undefined => {
                return Err(BuiltinError::failed("expects values that JSON can hold"));
            }
        }
        Ok(())
    }

    fn list<'value>(
        &mut self,
        values: impl Iterator<Item = &'value Value>,
        depth: usize,
    ) -> Result<(), BuiltinError> {
        self.text.push('[');
        let mut count = 0;
        for value in values {
            self.separate(count, depth + 1);
            self.value(value, depth + 1)?;
            count += 1;
        }
        self.close(count == 0, depth, ']');
        Ok(())
    }

    fn separate(&mut self, index: usize, depth: usize) {
        if index > 0 {
            self.text.push(',');
        }
        self.line(depth);
    }

    fn close(&mut self, is_empty: bool, depth: usize, bracket: char) {
        if !is_empty {
            self.line(depth);
        }
        self.text.push(bracket);
    }

    fn line(&mut self, depth: usize) {
        if let Layout::Lines { prefix, indent } = self.layout {
            self.text.push('\n');
            self.text.push_str(prefix);
            for _ in 0..depth {
                self.text.push_str(indent);
            }
        }
    }

    fn string(&mut self, text: &str) {
        self.text.push('"');
        for character in text.chars() {
            match character {
                '"' => self.text.push_str("\\\""),
                '\\' => self.text.push_str("\\\\"),
                '\n' => self.text.push_str("\\n"),
                '\r' => self.text.push_str("\\r"),
                '\t' => self.text.push_str("\\t"),
                '\u{8}' => self.text.push_str("\\b"),
                '\u{c}' => self.text.push_str("\\f"),
                '\0'..='\u{1f}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                    // Writing to a text cannot fail.
                    let _ = write!(self.text, "\\u{:04x}", u32::from(character));
                }
                _ => self.text.push(character),
            }
        }
        self.text.push('"');
    }
}

/// A number in the fewest digits, with an exponent where Go writes one.
pub(super) fn number(value: &Value) -> String {
    let Value::Number(number) = value else {
        return String::new();
    };
    let decimal = number.format_decimal();
    match number.as_f64() {
        Some(float) if !number.is_integer() && float != 0.0 && float.abs() < 1e-6 => {
            with_exponent(float)
        }
        Some(float) if decimal.len() > 21 && float.abs() >= 1e21 && !is_whole(value) => {
            with_exponent(float)
        }
        _ => decimal,
    }
}

/// Whether a number is held as a whole number, of any size.
fn is_whole(value: &Value) -> bool {
    matches!(value, Value::Number(number) if number.as_big().is_some())
}

fn with_exponent(float: f64) -> String {
    let text = format!("{float:e}");
    match text.split_once("e-") {
        Some((digits, exponent)) if exponent.len() == 1 => format!("{digits}e-0{exponent}"),
        Some(_) => text,
        None => text.replacen('e', "e+", 1),
    }
}
