//! What a command wrote, as a value: JSON, else the text without the blanks around it.

use crate::event::{EventLimits, read_json};
use crate::value::Value;

/// The same bounds as for events, whose parser reads it.
const LIMITS: EventLimits = EventLimits {
    bytes: super::gather::MAX_OUTPUT,
    depth: 128,
    number_digits: 64,
    number_exponent: 308,
    values: 1_000_000,
};

/// The value of an output.
///
/// # Errors
///
/// Why it cannot be taken: it is JSON, but has a key twice or is over a limit. As a text it would be there and yet
/// have none of the keys that policies look for.
pub(super) fn value_of(output: &[u8]) -> Result<Value, String> {
    let text = String::from_utf8_lossy(output);
    let text = text.trim();
    match read_json(text, &LIMITS) {
        Ok(value) => Ok(value),
        Err(fault) if fault.is_json && text.starts_with(['{', '[']) => Err(fault.message),
        Err(_) => Ok(Value::from(text)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

    use super::*;

    #[track_caller]
    fn check(output: &str, expected: &str) {
        let value = value_of(output.as_bytes()).unwrap();
        assert_eq!(serde_json::to_string(&value).unwrap(), expected);
    }

    #[test]
    fn json_is_a_value_and_the_rest_a_trimmed_text() {
        check("{\"a\": [1, null]}\n", r#"{"a":[1,null]}"#);
        check(" true ", "true");
        check("main\n", r#""main""#);
        check("", r#""""#);
        check("[main 1a2b3c] a commit", r#""[main 1a2b3c] a commit""#);
        check("{not json}", r#""{not json}""#);
        let digits = "1".repeat(100);
        check(&digits, &format!("\"{digits}\""));
    }

    #[test]
    fn json_that_hides_something_is_refused() {
        let deep = "[".repeat(200) + &"]".repeat(200);
        let long = format!("[{}]", "1".repeat(100));
        for output in [r#"{"safe": false, "safe": true}"#, &deep, &long] {
            assert!(value_of(output.as_bytes()).is_err(), "{output}");
        }
    }
}
