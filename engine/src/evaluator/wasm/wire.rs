//! The text in which values cross the border of a module: JSON with sets and with keys of any type.
//!
//! The form is that of OPA's `opa_value_parse` and `opa_value_dump`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::value::Value;

/// Collections inside each other.
const MAX_DEPTH: usize = 200;
/// Characters of one number.
const MAX_NUMBER: usize = 400;
/// Digits of a whole number that JSON reads exactly.
const EXACT_DIGITS: usize = 15;
/// Values of one text.
const MAX_VALUES: usize = 1_000_000;

/// Why a text is not a value, or a value no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct WireError(&'static str);

type Outcome<T> = Result<T, WireError>;

/// The text of a value, its keys in order.
pub(super) fn write(value: &Value) -> Outcome<String> {
    let mut text = String::new();
    write_into(&mut text, value, MAX_DEPTH)?;
    Ok(text)
}

fn write_into(text: &mut String, value: &Value, depth: usize) -> Outcome<()> {
    let depth = depth.checked_sub(1).ok_or(TOO_DEEP)?;
    match value {
        Value::Undefined => return Err(WireError("something undefined cannot be handed over")),
        Value::Set(elements) if elements.is_empty() => text.push_str("set()"),
        Value::Set(elements) => separated(text, ('{', '}'), elements.iter(), |text, element| {
            write_into(text, element, depth)
        })?,
        Value::Array(elements) => separated(text, ('[', ']'), elements.iter(), |text, element| {
            write_into(text, element, depth)
        })?,
        Value::Object(fields) => {
            separated(
                text,
                ('{', '}'),
                fields.iter_sorted(),
                |text, (key, value)| {
                    write_into(text, key, depth)?;
                    text.push(':');
                    write_into(text, value, depth)
                },
            )?;
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            let leaf = serde_json::to_string(value)
                .map_err(|_| WireError("a number cannot be handed over"))?;
            text.write_str(&leaf)
                .map_err(|_| WireError("a value cannot be written"))?;
        }
    }
    Ok(())
}

fn separated<Item>(
    text: &mut String,
    (open, close): (char, char),
    items: impl Iterator<Item = Item>,
    mut write: impl FnMut(&mut String, Item) -> Outcome<()>,
) -> Outcome<()> {
    text.push(open);
    for (index, item) in items.enumerate() {
        if index > 0 {
            text.push(',');
        }
        write(text, item)?;
    }
    text.push(close);
    Ok(())
}

const TOO_DEEP: WireError = WireError("the value is nested too deep");
const ENDS: WireError = WireError("the text ends in the middle of a value");

/// Reads the text of one value.
pub(super) fn read(text: &[u8]) -> Outcome<Value> {
    let text = std::str::from_utf8(text).map_err(|_| WireError("the text is not UTF-8"))?;
    let mut reader = Reader {
        text,
        at: 0,
        values: 0,
    };
    let value = reader.value(MAX_DEPTH)?;
    match reader.peek() {
        None => Ok(value),
        Some(_) => Err(WireError("something follows the value")),
    }
}

struct Reader<'text> {
    text: &'text str,
    at: usize,
    values: usize,
}

impl Reader<'_> {
    /// The next byte that is not a blank.
    fn peek(&mut self) -> Option<u8> {
        let rest = self.text.as_bytes().get(self.at..)?;
        let blanks = rest
            .iter()
            .take_while(|byte| byte.is_ascii_whitespace())
            .count();
        self.at += blanks;
        rest.get(blanks).copied()
    }

    /// Steps over a byte if it comes next.
    fn skip(&mut self, wanted: u8) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    fn word(&mut self, word: &str) -> bool {
        let found = self
            .text
            .get(self.at..)
            .is_some_and(|rest| rest.starts_with(word));
        self.at += if found { word.len() } else { 0 };
        found
    }

    fn value(&mut self, depth: usize) -> Outcome<Value> {
        let depth = depth.checked_sub(1).ok_or(TOO_DEEP)?;
        self.values += 1;
        if self.values > MAX_VALUES {
            return Err(WireError("the text holds too many values"));
        }
        match self.peek().ok_or(ENDS)? {
            b'"' => self.string(),
            b'[' => self.array(depth),
            b'{' => self.braces(depth),
            b'-' | b'0'..=b'9' => self.number(),
            _ if self.word("null") => Ok(Value::Null),
            _ if self.word("true") => Ok(Value::from(true)),
            _ if self.word("false") => Ok(Value::from(false)),
            _ if self.word("set()") => Ok(Value::from(BTreeSet::new())),
            _ => Err(WireError("the text is not a value")),
        }
    }

    fn string(&mut self) -> Outcome<Value> {
        let bytes = self.text.as_bytes();
        let mut end = self.at + 1;
        loop {
            match bytes.get(end).ok_or(ENDS)? {
                b'"' => break,
                b'\\' => end += 2,
                _ => end += 1,
            }
        }
        let quoted = self.text.get(self.at..=end).ok_or(ENDS)?;
        self.at = end + 1;
        let string: String = serde_json::from_str(quoted)
            .map_err(|_| WireError("a string is not written as JSON has it"))?;
        Ok(Value::from(string))
    }

    fn number(&mut self) -> Outcome<Value> {
        let rest = self.text.get(self.at..).ok_or(ENDS)?;
        let length = rest
            .bytes()
            .take_while(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'))
            .count();
        let number = rest
            .get(..length)
            .filter(|number| number.len() <= MAX_NUMBER);
        self.at += length;
        let number = number.ok_or(WireError("a number is too long"))?;
        let not_one = WireError("a number is not one");
        let digits = number.strip_prefix('-').unwrap_or(number);
        if digits.len() > EXACT_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            // JSON makes a float of it.
            return Value::from_numeric_string(number).map_err(|_| not_one);
        }
        serde_json::from_str::<Value>(number).map_err(|_| not_one)
    }

    fn array(&mut self, depth: usize) -> Outcome<Value> {
        self.at += 1;
        let mut elements = Vec::new();
        if self.skip(b']') {
            return Ok(Value::from(elements));
        }
        loop {
            elements.push(self.value(depth)?);
            if self.skip(b']') {
                return Ok(Value::from(elements));
            }
            self.comma()?;
        }
    }

    /// An object, or a set: what follows the first value tells.
    fn braces(&mut self, depth: usize) -> Outcome<Value> {
        self.at += 1;
        if self.skip(b'}') {
            return Ok(Value::new_object());
        }
        let first = self.value(depth)?;
        if self.skip(b':') {
            let value = self.value(depth)?;
            self.object(BTreeMap::from([(first, value)]), depth)
        } else {
            self.set(BTreeSet::from([first]), depth)
        }
    }

    fn object(&mut self, mut fields: BTreeMap<Value, Value>, depth: usize) -> Outcome<Value> {
        while !self.skip(b'}') {
            self.comma()?;
            let key = self.value(depth)?;
            if !self.skip(b':') {
                return Err(WireError("a key has no value"));
            }
            let value = self.value(depth)?;
            if fields.insert(key, value).is_some() {
                return Err(WireError("a key stands there twice"));
            }
        }
        Ok(Value::from(fields))
    }

    fn set(&mut self, mut elements: BTreeSet<Value>, depth: usize) -> Outcome<Value> {
        while !self.skip(b'}') {
            self.comma()?;
            elements.insert(self.value(depth)?);
        }
        Ok(Value::from(elements))
    }

    fn comma(&mut self) -> Outcome<()> {
        if self.skip(b',') {
            return Ok(());
        }
        Err(self
            .peek()
            .map_or(ENDS, |_| WireError("a comma is missing")))
    }
}
