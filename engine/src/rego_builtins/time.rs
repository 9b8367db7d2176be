//! Times: nanoseconds since 1970, read and written in Go's layouts, in the zones that are compiled in.

mod arithmetic;
mod duration;
mod format;
mod layout;
mod parse;
mod zone;

use super::arguments::{Outcome, integer, text};
use super::builtin::DependsOn;
use super::{Builtin, BuiltinError, Context};
use crate::value::Value;

use zone::Moment;

pub(super) const TABLE: &[Builtin] = &[
    Builtin::new("time.add_date", 4, add_date),
    Builtin::new("time.clock", 1, clock),
    Builtin::new("time.date", 1, date),
    Builtin::new("time.diff", 2, diff),
    Builtin::new("time.format", 1, format),
    Builtin::new("time.now_ns", 0, now_ns).depending_on(DependsOn::Clock),
    Builtin::new("time.parse_duration_ns", 1, parse_duration_ns),
    Builtin::new("time.parse_ns", 2, parse_ns),
    Builtin::new("time.parse_rfc3339_ns", 1, parse_rfc3339_ns),
    Builtin::new("time.weekday", 1, weekday),
];

const RFC3339: &str = "2006-01-02T15:04:05Z07:00";
const RFC3339_NANO: &str = "2006-01-02T15:04:05.999999999Z07:00";

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
    let moment = Moment::read(arguments, 0)?;
    let layout = moment.layout.as_deref().unwrap_or(RFC3339_NANO);
    format::written(&moment.local, named_layout(layout)).map(Value::from)
}

/// Adds years, months and days.
fn add_date(arguments: &[Value], _: &Context) -> Outcome {
    let local = Moment::read(arguments, 0)?.local;
    let [years, months, days] = [1, 2, 3].map(|index| integer(arguments, index));
    arithmetic::sum(&local, years?, months?, days?).map(Value::from)
}

fn clock(arguments: &[Value], _: &Context) -> Outcome {
    let local = Moment::read(arguments, 0)?.local;
    Ok(list([local.hour(), local.minute(), local.second()]))
}

fn date(arguments: &[Value], _: &Context) -> Outcome {
    let local = Moment::read(arguments, 0)?.local;
    let (month, day) = (i16::from(local.month()), i16::from(local.day()));
    Ok(list([local.year(), month, day]))
}

fn diff(arguments: &[Value], _: &Context) -> Outcome {
    let (first, second) = (Moment::read(arguments, 0)?, Moment::read(arguments, 1)?);
    Ok(list(arithmetic::difference(&first.local, &second.local)))
}

fn parse_duration_ns(arguments: &[Value], _: &Context) -> Outcome {
    duration::nanoseconds(text(arguments, 0)?).map(Value::from)
}

fn weekday(arguments: &[Value], _: &Context) -> Outcome {
    let local = Moment::read(arguments, 0)?.local;
    Ok(Value::from(format::weekday(&local)))
}

fn list<const LENGTH: usize>(numbers: [impl Into<i64>; LENGTH]) -> Value {
    let numbers = numbers.map(|number| Value::from(number.into()));
    Value::from(Vec::from(numbers))
}
