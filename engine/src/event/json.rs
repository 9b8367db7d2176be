//! JSON that is no event, under the bounds of one.

use super::guard::{self, Fault};
use super::reader::{self, DUPLICATE};
use super::{EventErrorKind, EventLimits};
use crate::value::Value;

/// Why a text is not taken.
#[derive(Debug)]
pub(crate) struct JsonFault {
    /// Whether it seems to be JSON nevertheless.
    pub(crate) is_json: bool,
    pub(crate) message: String,
}

/// Reads one JSON document.
///
/// # Errors
///
/// When the text is no JSON, over a limit, or has a key twice in one object.
pub(crate) fn read_json(text: &str, limits: &EventLimits) -> Result<Value, JsonFault> {
    guard::guarded(text.as_bytes(), limits).map_err(|fault| JsonFault {
        is_json: true,
        message: described(&fault, limits),
    })?;
    reader::read(text).map_err(|error| {
        let message = error.to_string();
        let is_json = message.contains(DUPLICATE);
        let message = if is_json {
            "a key stands twice in one object".to_owned()
        } else {
            message
        };
        JsonFault { is_json, message }
    })
}

fn described(fault: &Fault, limits: &EventLimits) -> String {
    match fault.kind {
        EventErrorKind::Size => format!("it is larger than {} bytes", limits.bytes),
        EventErrorKind::Depth => format!("it is nested deeper than {} levels", limits.depth),
        EventErrorKind::Number => "it holds a number that is too long".to_owned(),
        _ => "it is not UTF-8".to_owned(),
    }
}
