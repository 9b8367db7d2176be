//! Writes times in a layout.

use chrono::{DateTime, Datelike, Offset, Timelike};
use chrono_tz::Tz;

use super::layout::{MONTHS, Pad, Part, WEEKDAYS, parts};
use crate::rego_builtins::BuiltinError;
use crate::rego_builtins::arguments::MAX_BYTES;

/// The time in the layout.
pub(super) fn written(time: &DateTime<Tz>, layout: &str) -> Result<String, BuiltinError> {
    let mut text = String::new();
    for part in parts(layout) {
        match part {
            Part::Literal(literal) => text.push_str(literal),
            Part::Year => text.push_str(&format!("{:04}", time.year())),
            Part::ShortYear => text.push_str(&format!("{:02}", time.year().rem_euclid(100))),
            Part::LongMonth => text.push_str(named(&MONTHS, time.month0())),
            Part::Month => text.push_str(short(named(&MONTHS, time.month0()))),
            Part::MonthNumber(pad) => text.push_str(&padded(time.month(), pad, 2)),
            Part::Day(pad) => text.push_str(&padded(time.day(), pad, 2)),
            Part::DayOfYear(pad) => text.push_str(&padded(time.ordinal(), pad, 3)),
            Part::LongWeekday => text.push_str(weekday(time)),
            Part::Weekday => text.push_str(short(weekday(time))),
            Part::Hour24 => text.push_str(&padded(time.hour(), Pad::Zero, 2)),
            Part::Hour12(pad) => text.push_str(&padded(time.hour12().1, pad, 2)),
            Part::Minute(pad) => text.push_str(&padded(time.minute(), pad, 2)),
            Part::Second(pad) => text.push_str(&padded(time.second(), pad, 2)),
            Part::Half { is_upper } => text.push_str(match (time.hour12().0, is_upper) {
                (true, true) => "PM",
                (false, true) => "AM",
                (true, false) => "pm",
                (false, false) => "am",
            }),
            Part::ZoneName => text.push_str(&time.format("%Z").to_string()),
            Part::Offset {
                has_z,
                has_colon,
                has_minutes,
                has_seconds,
            } => {
                let seconds = time.offset().fix().local_minus_utc();
                if has_z && seconds == 0 {
                    text.push('Z');
                } else {
                    push_offset(&mut text, seconds, has_colon, has_minutes, has_seconds);
                }
            }
            Part::Fraction {
                separator,
                digits,
                is_trimmed,
            } => {
                let all = format!("{:0<digits$}", format!("{:09}", time.nanosecond()));
                let mut shown = all.get(..digits).unwrap_or(&all);
                if is_trimmed {
                    shown = shown.trim_end_matches('0');
                }
                if !shown.is_empty() {
                    text.push(separator);
                    text.push_str(shown);
                }
            }
        }
        if text.len() > MAX_BYTES {
            return Err(BuiltinError::too_large());
        }
    }
    Ok(text)
}

fn named(names: &[&'static str], index: u32) -> &'static str {
    let index = usize::try_from(index).unwrap_or(usize::MAX);
    names.get(index).copied().unwrap_or_default()
}

fn weekday(time: &DateTime<Tz>) -> &'static str {
    named(&WEEKDAYS, time.weekday().num_days_from_sunday())
}

/// The first three letters of a name.
fn short(name: &'static str) -> &'static str {
    name.get(..3).unwrap_or(name)
}

fn padded(number: u32, pad: Pad, width: usize) -> String {
    match pad {
        Pad::Nothing => number.to_string(),
        Pad::Zero => format!("{number:0>width$}"),
        Pad::Space => format!("{number:>width$}"),
    }
}

fn push_offset(text: &mut String, seconds: i32, colon: bool, has_minutes: bool, has_seconds: bool) {
    let sign = if seconds < 0 { '-' } else { '+' };
    let left = seconds.abs();
    let colon = if colon { ":" } else { "" };
    text.push(sign);
    text.push_str(&format!("{:02}", left / 3_600));
    if has_minutes {
        text.push_str(&format!("{colon}{:02}", left / 60 % 60));
    }
    if has_seconds {
        text.push_str(&format!("{colon}{:02}", left % 60));
    }
}
