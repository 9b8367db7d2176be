//! Takes Go's layouts apart: an example of a time, whose parts stand for the same parts of another time.

/// A part of a layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part<'layout> {
    Literal(&'layout str),
    Year,
    ShortYear,
    LongMonth,
    Month,
    /// With a zero in front or not.
    MonthNumber(Pad),
    Day(Pad),
    DayOfYear(Pad),
    LongWeekday,
    Weekday,
    Hour24,
    Hour12(Pad),
    Minute(Pad),
    Second(Pad),
    /// `PM` or `pm`.
    Half {
        is_upper: bool,
    },
    ZoneName,
    /// `-0700` and its like.
    Offset {
        /// Whether UTC is written as `Z`.
        has_z: bool,
        has_colon: bool,
        has_minutes: bool,
        has_seconds: bool,
    },
    /// `.000` or `.999`.
    Fraction {
        separator: char,
        digits: usize,
        /// Whether zeros at the end are left out.
        is_trimmed: bool,
    },
}

/// What stands before a number of one digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pad {
    Nothing,
    Zero,
    Space,
}

/// The parts of a layout.
pub(super) fn parts(layout: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = layout;
    let mut literal_from = layout;
    while !rest.is_empty() {
        match part(rest) {
            Some((part, after)) => {
                push_literal(&mut parts, literal_from, rest);
                parts.push(part);
                rest = after;
                literal_from = after;
            }
            None => {
                let mut characters = rest.chars();
                characters.next();
                rest = characters.as_str();
            }
        }
    }
    push_literal(&mut parts, literal_from, rest);
    parts
}

/// What stands between the beginning of a literal and what follows it.
fn push_literal<'layout>(parts: &mut Vec<Part<'layout>>, from: &'layout str, to: &str) {
    let length = from.len().saturating_sub(to.len());
    if let Some(literal) = from.get(..length).filter(|literal| !literal.is_empty()) {
        parts.push(Part::Literal(literal));
    }
}

/// The part at the beginning of a text, and what follows it.
fn part(text: &str) -> Option<(Part<'_>, &str)> {
    const FIXED: [(&str, Part<'static>); 27] = [
        ("January", Part::LongMonth),
        ("Monday", Part::LongWeekday),
        ("MST", Part::ZoneName),
        ("002", Part::DayOfYear(Pad::Zero)),
        ("01", Part::MonthNumber(Pad::Zero)),
        ("02", Part::Day(Pad::Zero)),
        ("03", Part::Hour12(Pad::Zero)),
        ("04", Part::Minute(Pad::Zero)),
        ("05", Part::Second(Pad::Zero)),
        ("06", Part::ShortYear),
        ("15", Part::Hour24),
        ("1", Part::MonthNumber(Pad::Nothing)),
        ("2006", Part::Year),
        ("2", Part::Day(Pad::Nothing)),
        ("__2", Part::DayOfYear(Pad::Space)),
        ("_2", Part::Day(Pad::Space)),
        ("3", Part::Hour12(Pad::Nothing)),
        ("4", Part::Minute(Pad::Nothing)),
        ("5", Part::Second(Pad::Nothing)),
        ("PM", Part::Half { is_upper: true }),
        ("pm", Part::Half { is_upper: false }),
        ("-070000", offset(false, false, true, true)),
        ("-07:00:00", offset(false, true, true, true)),
        ("-0700", offset(false, false, true, false)),
        ("-07:00", offset(false, true, true, false)),
        ("-07", offset(false, false, false, false)),
        ("Z070000", offset(true, false, true, true)),
    ];
    const WITH_Z: [(&str, Part<'static>); 4] = [
        ("Z07:00:00", offset(true, true, true, true)),
        ("Z0700", offset(true, false, true, false)),
        ("Z07:00", offset(true, true, true, false)),
        ("Z07", offset(true, false, false, false)),
    ];
    // A year behind a line is a year, and the line stays.
    if text.starts_with("_2006") {
        return None;
    }
    for (name, part) in FIXED.iter().chain(&WITH_Z) {
        if let Some(rest) = text.strip_prefix(name) {
            return Some((*part, rest));
        }
    }
    for (name, part) in [("Jan", Part::Month), ("Mon", Part::Weekday)] {
        let rest = text.strip_prefix(name);
        let rest = rest.filter(|rest| !rest.starts_with(|next: char| next.is_ascii_lowercase()));
        if let Some(rest) = rest {
            return Some((part, rest));
        }
    }
    fraction(text)
}

const fn offset(
    has_z: bool,
    has_colon: bool,
    has_minutes: bool,
    has_seconds: bool,
) -> Part<'static> {
    Part::Offset {
        has_z,
        has_colon,
        has_minutes,
        has_seconds,
    }
}

/// A point or comma with nothing but zeros or nines behind it.
fn fraction(text: &str) -> Option<(Part<'_>, &str)> {
    let separator = text
        .chars()
        .next()
        .filter(|next| matches!(next, '.' | ','))?;
    let digits = text.strip_prefix(separator)?;
    let digit = digits
        .chars()
        .next()
        .filter(|next| matches!(next, '0' | '9'))?;
    let rest = digits.trim_start_matches(digit);
    if rest.starts_with(|next: char| next.is_ascii_digit()) {
        return None;
    }
    let part = Part::Fraction {
        separator,
        digits: digits.len() - rest.len(),
        is_trimmed: digit == '9',
    };
    Some((part, rest))
}

/// The names of the months.
pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The names of the days of a week.
pub(super) const WEEKDAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];
