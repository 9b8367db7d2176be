//! A time with its zone, as policies give it: nanoseconds, or a list with a zone and a layout.

use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, Zoned};

use super::out_of_range;
use crate::rego_builtins::BuiltinError;
use crate::rego_builtins::arguments::at;
use crate::value::Value;

/// A time, where it is read, and how it is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) local: Zoned,
    pub(super) layout: Option<String>,
}

impl Moment {
    /// Reads the argument at this index, counted from 0.
    pub(super) fn read(arguments: &[Value], index: usize) -> Result<Self, BuiltinError> {
        let (time, zone, layout) = match at(arguments, index) {
            // What stands behind the layout is passed over, as in OPA.
            Value::Array(parts) => (parts.get(0), parts.get(1), parts.get(2)),
            time => (Some(time), None, None),
        };
        let nanoseconds = match time {
            Some(Value::Number(number)) => number.as_i64().ok_or_else(|| {
                BuiltinError::failed("expects whole nanoseconds of at most 64 bits")
            })?,
            other => {
                let got = other.unwrap_or(&Value::Undefined);
                return Err(BuiltinError::expects(index, "a time in nanoseconds", got));
            }
        };
        let text = |value: Option<&Value>| match value {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.to_string())),
            Some(other) => Err(BuiltinError::expects(index, "a zone and a layout", other)),
        };
        let zone = match text(zone)?.as_deref() {
            // The zone of the machine would make decisions depend on it.
            None | Some("" | "UTC" | "Local") => TimeZone::UTC,
            Some(name) => named(name)?,
        };
        Ok(Self {
            local: instant(i128::from(nanoseconds))?.to_zoned(zone),
            layout: text(layout)?.filter(|layout| !layout.is_empty()),
        })
    }
}

/// The zone that has exactly this name in the database that is compiled in.
fn named(name: &str) -> Result<TimeZone, BuiltinError> {
    TimeZoneDatabase::bundled()
        .get(name)
        .ok()
        // The database itself finds names in letters of any size, and has one for a zone that nobody knows.
        .filter(|zone| zone.iana_name() == Some(name) && !zone.is_unknown())
        .ok_or_else(|| BuiltinError::failed("does not know the zone"))
}

/// The point in time that is so many nanoseconds after 1970 began.
pub(super) fn instant(nanoseconds: i128) -> Result<Timestamp, BuiltinError> {
    Timestamp::from_nanosecond(nanoseconds).map_err(|_| out_of_range())
}
