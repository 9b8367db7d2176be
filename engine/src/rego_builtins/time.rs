//! Times: nanoseconds since 1970, read and written in Go's layouts, in the zones that are compiled in.

mod format;
mod layout;
mod parse;
mod zone;

use chrono::{DateTime, Datelike, Duration, NaiveDate, TimeZone};

use super::arguments::{Outcome, at, integer, text};
use super::builtin::DependsOn;
use super::{Builtin, BuiltinError, Context};
use crate::value::Value;

use zone::Moment;

pub(super) const TABLE: &[Builtin] = &[
    Builtin::new("time.add_date", 4, add_date),
    Builtin::new("time.format", 1, format),
    Builtin::new("time.now_ns", 0, now_ns).depending_on(DependsOn::Clock),
    Builtin::new("time.parse_ns", 2, parse_ns),
    Builtin::new("time.parse_rfc3339_ns", 1, parse_rfc3339_ns),
];

const RFC3339: &str = "2006-01-02T15:04:05Z07:00";
const RFC3339_NANO: &str = "2006-01-02T15:04:05.999999999Z07:00";

/// Years, months or days that are added.
const MAX_ADDED: i64 = 1_000_000;

fn now_ns(_: &[Value], context: &Context) -> Outcome {
    Ok(Value::from(context.nanoseconds()?))
}

/// The layout that a name of Go stands for.
fn named_layout(layout: &str) -> &str {
    match layout {
        "ANSIC" => "Mon Jan _2 15:04:05 2006",
        "UnixDate" => "Mon Jan _2 15:04:05 MST 2006",
        "RubyDate" => "Mon Jan 02 15:04:05 -0700 2006",
        "RFC822" => "02 Jan 06 15:04 MST",
        "RFC822Z" => "02 Jan 06 15:04 -0700",
        "RFC850" => "Monday, 02-Jan-06 15:04:05 MST",
        "RFC1123" => "Mon, 02 Jan 2006 15:04:05 MST",
        "RFC1123Z" => "Mon, 02 Jan 2006 15:04:05 -0700",
        "RFC3339" => RFC3339,
        "RFC3339Nano" => RFC3339_NANO,
        other => other,
    }
}

fn out_of_range() -> BuiltinError {
    BuiltinError::failed("makes a time outside of the years 1677 to 2262")
}

fn parse_ns(arguments: &[Value], _: &Context) -> Outcome {
    let (layout, time) = (text(arguments, 0)?, text(arguments, 1)?);
    parse::nanoseconds(named_layout(layout), time).map(Value::from)
}

fn parse_rfc3339_ns(arguments: &[Value], _: &Context) -> Outcome {
    parse::nanoseconds(RFC3339, text(arguments, 0)?).map(Value::from)
}

fn format(arguments: &[Value], _: &Context) -> Outcome {
    let moment = Moment::read(at(arguments, 0))?;
    let layout = moment.layout.as_deref().unwrap_or(RFC3339_NANO);
    format::written(&moment.local(), named_layout(layout)).map(Value::from)
}

/// Adds years, months and days; what a month does not have runs over into the next one.
fn add_date(arguments: &[Value], _: &Context) -> Outcome {
    let moment = Moment::read(at(arguments, 0))?;
    let [years, months, days] = [1, 2, 3].map(|index| added(arguments, index));
    let (years, months, days) = (years?, months?, days?);
    let local = moment.local();
    let month = i64::from(local.month0()) + months;
    let year = i64::from(local.year()) + years + month.div_euclid(12);
    let first = i32::try_from(year)
        .ok()
        .zip(u32::try_from(month.rem_euclid(12) + 1).ok())
        .and_then(|(year, month)| NaiveDate::from_ymd_opt(year, month, 1));
    let date = first.and_then(|first| {
        first.checked_add_signed(Duration::try_days(i64::from(local.day0()) + days)?)
    });
    let naive = date.ok_or_else(out_of_range)?.and_time(local.time());
    let found = moment.zone.from_local_datetime(&naive);
    // An hour that a clock skips is counted as if it did not.
    let time = found
        .earliest()
        .or_else(|| {
            let before = moment
                .zone
                .from_local_datetime(&(naive - Duration::try_hours(3)?))
                .earliest()?;
            Some(before + Duration::try_hours(3)?)
        })
        .ok_or_else(out_of_range)?;
    let nanoseconds = DateTime::timestamp_nanos_opt(&time).ok_or_else(out_of_range)?;
    Ok(Value::from(nanoseconds))
}

fn added(arguments: &[Value], index: usize) -> Result<i64, BuiltinError> {
    let number = integer(arguments, index)?;
    if number.unsigned_abs() > MAX_ADDED.unsigned_abs() {
        return Err(out_of_range());
    }
    Ok(number)
}
