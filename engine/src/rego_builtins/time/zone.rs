//! A time with its zone, as policies give it: nanoseconds, or a list with a zone and a layout.

use chrono::{DateTime, TimeZone};
use chrono_tz::Tz;

use crate::rego_builtins::BuiltinError;
use crate::value::Value;

/// A time, where it is read, and how it is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Moment {
    nanoseconds: i64,
    pub(super) zone: Tz,
    pub(super) layout: Option<String>,
}

impl Moment {
    pub(super) fn read(value: &Value) -> Result<Self, BuiltinError> {
        let (time, zone, layout) = match value {
            Value::Array(parts) => {
                if parts.len() > 3 {
                    return Err(BuiltinError::failed(
                        "expects a time, a zone and a layout, and nothing else",
                    ));
                }
                (parts.get(0), parts.get(1), parts.get(2))
            }
            time => (Some(time), None, None),
        };
        let nanoseconds = match time {
            Some(Value::Number(number)) => number.as_i64().ok_or_else(|| {
                BuiltinError::failed("expects whole nanoseconds of at most 64 bits")
            })?,
            other => {
                let got = other.unwrap_or(&Value::Undefined);
                return Err(BuiltinError::expects(0, "a time in nanoseconds", got));
            }
        };
        let text = |value: Option<&Value>| match value {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.to_string())),
            Some(other) => Err(BuiltinError::expects(0, "a zone and a layout", other)),
        };
        let zone = match text(zone)?.as_deref() {
            // The zone of the machine would make decisions depend on it.
            None | Some("" | "UTC" | "Local") => Tz::UTC,
            Some(name) => name
                .parse::<Tz>()
                .map_err(|_| BuiltinError::failed("does not know the zone"))?,
        };
        Ok(Self {
            nanoseconds,
            zone,
            layout: text(layout)?.filter(|layout| !layout.is_empty()),
        })
    }

    pub(super) fn local(&self) -> DateTime<Tz> {
        self.zone.timestamp_nanos(self.nanoseconds)
    }
}
