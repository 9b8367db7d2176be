//! Bytes as text: base64 in its dialects, and queries, as Go reads them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use data_encoding::{BASE64URL_NOPAD, Encoding, Specification};

use super::arguments::{Outcome, at, text};
use super::{Builtin, BuiltinError, Context};
use crate::value::Value;

pub(super) const TABLE: &[Builtin] = &[
    Builtin::new("base64.decode", 1, decode),
    Builtin::new("base64.is_valid", 1, |arguments, _| {
        let is_valid = match at(arguments, 0) {
            Value::String(text) => base64(text).is_some(),
            _ => false,
        };
        Ok(Value::from(is_valid))
    }),
    Builtin::new("urlquery.decode", 1, decode_query),
    Builtin::new("urlquery.decode_object", 1, decode_queries),
];

/// What Go's decoder accepts: line breaks between the characters, and any value in the bits that are left over.
fn lenient(last: &str, padding: Option<char>) -> Option<Encoding> {
    let mut specification = Specification::new();
    let symbols = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    specification.symbols.push_str(symbols);
    specification.symbols.push_str(last);
    specification.padding = padding;
    specification.ignore.push_str("\r\n");
    specification.check_trailing_bits = false;
    specification.encoding().ok()
}

/// The bytes behind base64 with padding.
fn base64(text: &str) -> Option<Vec<u8>> {
    static STANDARD: LazyLock<Option<Encoding>> = LazyLock::new(|| lenient("+/", Some('=')));
    STANDARD.as_ref()?.decode(text.as_bytes()).ok()
}

fn decode(arguments: &[Value], _: &Context) -> Outcome {
    let bytes = base64(text(arguments, 0)?)
        .ok_or_else(|| BuiltinError::failed("expects a text that is base64"))?;
    // Bytes that are no text show as such, as OPA's do once they are printed.
    Ok(Value::from(String::from_utf8_lossy(&bytes).as_ref()))
}

/// A part of a query, with `+` for spaces and `%` before the digits of a byte.
fn unescaped(text: &str) -> Result<String, BuiltinError> {
    let malformed = || BuiltinError::failed("expects a query in which every `%` has two digits");
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || {
                    let digit = rest.next().and_then(|byte| char::from(byte).to_digit(16));
                    digit.and_then(|digit| u8::try_from(digit).ok())
                };
                let (high, low) = digit().zip(digit()).ok_or_else(malformed)?;
                high << 4 | low
            }
            other => other,
        });
    }
    String::from_utf8(bytes).map_err(|_| BuiltinError::failed("expects a query that is a text"))
}

fn decode_query(arguments: &[Value], _: &Context) -> Outcome {
    Ok(Value::from(unescaped(text(arguments, 0)?)?))
}

/// Every key of a query with its values.
fn decode_queries(arguments: &[Value], _: &Context) -> Outcome {
    let mut values = BTreeMap::<Value, Vec<Value>>::new();
    for pair in text(arguments, 0)?
        .split('&')
        .filter(|pair| !pair.is_empty())
    {
        if pair.contains(';') {
            return Err(BuiltinError::failed(
                "expects `&` between the parts of a query",
            ));
        }
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = Value::from(unescaped(value)?);
        values
            .entry(Value::from(unescaped(key)?))
            .or_default()
            .push(value);
    }
    let values = values
        .into_iter()
        .map(|(key, values)| (key, Value::from(values)));
    Ok(Value::from(values.collect::<BTreeMap<Value, Value>>()))
}

/// The bytes behind base64url, with or without padding.
pub(super) fn base64url(text: &str) -> Option<Vec<u8>> {
    static URL: LazyLock<Option<Encoding>> = LazyLock::new(|| lenient("-_", None));
    let bare = text.trim_end_matches('=');
    if text.len() > bare.len() && !text.len().is_multiple_of(4) {
        return None;
    }
    URL.as_ref()?.decode(bare.as_bytes()).ok()
}

/// The bytes as base64url without padding.
pub(super) fn to_base64url(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}
