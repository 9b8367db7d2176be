//! Writes times in a layout.

use jiff::Zoned;

use super::layout::{MONTHS, Pad, Part, WEEKDAYS, parts};
use crate::rego_builtins::BuiltinError;
use crate::rego_builtins::arguments::MAX_BYTES;

/// The time in the layout.
pub(super) fn written(time: &Zoned, layout: &str) -> Result<String, BuiltinError> {
    let mut text = String::new();
    for part in parts(layout) {
        match part {
            Part::Literal(literal) => text.push_str(literal),
            Part::Year => text.push_str(&format!("{:04}", time.year())),
            Part::ShortYear => text.push_str(&format!("{:02}", time.year().rem_euclid(100))),
            Part::LongMonth => text.push_str(month(time)),
            Part::Month => text.push_str(short(month(time))),
            Part::MonthNumber(pad) => text.push_str(&padded(time.month().into(), pad, 2)),
            Part::Day(pad) => text.push_str(&padded(time.day().into(), pad, 2)),
            Part::DayOfYear(pad) => text.push_str(&padded(time.day_of_year(), pad, 3)),
            Part::LongWeekday => text.push_str(weekday(time)),
            Part::Weekday => text.push_str(short(weekday(time))),
            Part::Hour24 => text.push_str(&padded(time.hour().into(), Pad::Zero, 2)),
            Part::Hour12(pad) => text.push_str(&padded(hour_of_half(time).into(), pad, 2)),
            Part::Minute(pad) => text.push_str(&padded(time.minute().into(), pad, 2)),
            Part::Second(pad) => text.push_str(&padded(time.second().into(), pad, 2)),
            Part::Half { is_upper } => text.push_str(match (time.hour() >= 12, is_upper) {
                (true, true) => "PM",
                (false, true) => "AM",
                (true, false) => "pm",
                (false, false) => "am",
            }),
            Part::ZoneName => text.push_str(&zone_name(time)),
            Part::Offset {
                has_z,
                has_colon,
                has_minutes,
                has_seconds,
            } => {
                let seconds = time.offset().seconds();
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
                // More than nine are not written, however many the layout has.
                let all = format!("{:09}", time.subsec_nanosecond());
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

fn month(time: &Zoned) -> &'static str {
    named(&MONTHS, time.month() - 1)
}

/// The name of the day of the week.
pub(super) fn weekday(time: &Zoned) -> &'static str {
    named(&WEEKDAYS, time.weekday().to_sunday_zero_offset())
}

fn named(names: &[&'static str], index: i8) -> &'static str {
    let index = usize::try_from(index).unwrap_or(usize::MAX);
    names.get(index).copied().unwrap_or_default()
}

/// The letters for the zone at this time, such as `CEST`, or its offset where there are none.
fn zone_name(time: &Zoned) -> String {
    let zone = time.time_zone().to_offset_info(time.timestamp());
    zone.abbreviation().to_owned()
}

/// The hour as clocks with twelve hours show it.
fn hour_of_half(time: &Zoned) -> i8 {
    match time.hour() % 12 {
        0 => 12,
        hour => hour,
    }
}

/// The first three letters of a name.
fn short(name: &'static str) -> &'static str {
    name.get(..3).unwrap_or(name)
}

fn padded(number: i16, pad: Pad, width: usize) -> String {
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
