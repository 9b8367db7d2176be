//! Reads times that are written in a layout.

use jiff::civil::Date;

use super::arithmetic::days;
use super::layout::{MONTHS, Pad, Part, WEEKDAYS, parts};
use super::out_of_range;
use crate::rego_builtins::BuiltinError;

/// What was read so far.
#[derive(Debug)]
struct Fields {
    year: i16,
    month: Option<u32>,
    day: Option<u32>,
    day_of_year: Option<u32>,
    hour: u32,
    minute: u32,
    second: u32,
    nanosecond: i32,
    is_morning: bool,
    is_afternoon: bool,
    /// Whether the time is said to be in UTC, whatever else is said about its zone.
    is_utc: bool,
    /// Seconds east of UTC, said in digits. What is only said by a name, even one such as `GMT+3`, counts as none.
    offset: Option<i64>,
}

fn mismatch() -> BuiltinError {
    BuiltinError::failed("expects a time that fits the layout")
}

/// The nanoseconds since 1970 of a time in a layout.
pub(super) fn nanoseconds(layout: &str, time: &str) -> Result<i64, BuiltinError> {
    let mut fields = Fields {
        year: 0,
        month: None,
        day: None,
        day_of_year: None,
        hour: 0,
        minute: 0,
        second: 0,
        nanosecond: 0,
        is_morning: false,
        is_afternoon: false,
        is_utc: false,
        offset: None,
    };
    let parts = parts(layout);
    let mut rest = time;
    for (index, part) in parts.iter().enumerate() {
        rest = fields.read(part, rest).ok_or_else(mismatch)?;
        let mut next = parts.iter().skip(index + 1);
        let next = next.find(|part| !matches!(part, Part::Literal(_)));
        let follows_fraction = matches!(next, Some(Part::Fraction { .. }));
        if matches!(part, Part::Second(_)) && !follows_fraction {
            rest = fields.optional_fraction(rest).ok_or_else(mismatch)?;
        }
    }
    if !rest.is_empty() {
        return Err(mismatch());
    }
    fields.nanoseconds()
}

/// Digits at the beginning of a text, at least and at most so many, as a number.
fn digits(text: &str, least: usize, most: usize) -> Option<(u32, &str)> {
    let count = text
        .bytes()
        .take(most)
        .take_while(u8::is_ascii_digit)
        .count();
    if count < least {
        return None;
    }
    let (number, rest) = text.split_at_checked(count)?;
    Some((number.parse().ok()?, rest))
}

/// A number of two digits, of which the first may be missing unless it is a zero that has to be there.
fn padded(text: &str, pad: Pad) -> Option<(u32, &str)> {
    match pad {
        Pad::Zero => digits(text, 2, 2),
        Pad::Nothing => digits(text, 1, 2),
        Pad::Space => digits(text.strip_prefix(' ').unwrap_or(text), 1, 2),
    }
}

/// Which of the names stands at the beginning of a text, in letters of any size.
fn named<'text>(
    text: &'text str,
    names: &[&str],
    length: Option<usize>,
) -> Option<(u32, &'text str)> {
    for (index, name) in names.iter().enumerate() {
        let name = name.get(..length.unwrap_or(name.len()))?;
        let Some((start, rest)) = text.split_at_checked(name.len()) else {
            continue;
        };
        if start.eq_ignore_ascii_case(name) {
            return Some((u32::try_from(index).ok()?, rest));
        }
    }
    None
}

impl Fields {
    /// Reads one part, and returns what follows it.
    fn read<'text>(&mut self, part: &Part<'_>, text: &'text str) -> Option<&'text str> {
        let rest = match *part {
            Part::Literal(literal) => return literal_read(literal, text),
            Part::Year => {
                let (year, rest) = digits(text, 4, 4)?;
                self.year = i16::try_from(year).ok()?;
                rest
            }
            Part::ShortYear => {
                let (year, rest) = text.split_at_checked(2)?;
                // A sign is allowed in front of one digit, as in Go.
                let year: i16 = year.parse().ok()?;
                self.year = year + if year >= 69 { 1900 } else { 2000 };
                rest
            }
            Part::LongMonth | Part::Month => {
                let length = (*part == Part::Month).then_some(3);
                let (month, rest) = named(text, &MONTHS, length)?;
                self.month = Some(month + 1);
                rest
            }
            Part::LongWeekday => named(text, &WEEKDAYS, None)?.1,
            Part::Weekday => named(text, &WEEKDAYS, Some(3))?.1,
            Part::MonthNumber(pad) => {
                let (month, rest) = padded(text, pad)?;
                self.month = Some(month);
                (1..=12).contains(&month).then_some(rest)?
            }
            Part::Day(pad) => {
                let (day, rest) = padded(text, pad)?;
                self.day = Some(day);
                rest
            }
            Part::DayOfYear(pad) => {
                let mut text = text;
                for _ in 0..2 {
                    text = text
                        .strip_prefix(' ')
                        .filter(|_| pad == Pad::Space)
                        .unwrap_or(text);
                }
                let least = if pad == Pad::Zero { 3 } else { 1 };
                let (day, rest) = digits(text, least, 3)?;
                self.day_of_year = Some(day);
                rest
            }
            Part::Hour24 => {
                let (hour, rest) = digits(text, 1, 2)?;
                self.hour = hour;
                (hour < 24).then_some(rest)?
            }
            Part::Hour12(pad) => {
                let (hour, rest) = padded(text, pad)?;
                self.hour = hour;
                (hour <= 12).then_some(rest)?
            }
            Part::Minute(pad) => {
                let (minute, rest) = padded(text, pad)?;
                self.minute = minute;
                (minute < 60).then_some(rest)?
            }
            Part::Second(pad) => {
                let (second, rest) = padded(text, pad)?;
                self.second = second;
                (second < 60).then_some(rest)?
            }
            Part::Half { is_upper } => {
                let names = if is_upper { ["AM", "PM"] } else { ["am", "pm"] };
                let (index, name) = names
                    .iter()
                    .enumerate()
                    .find(|(_, name)| text.starts_with(**name))?;
                self.is_morning |= index == 0;
                self.is_afternoon |= index == 1;
                text.strip_prefix(name)?
            }
            Part::ZoneName => self.zone_name(text)?,
            Part::Offset {
                has_z,
                has_colon,
                has_minutes,
                has_seconds,
            } => match text.strip_prefix('Z').filter(|_| has_z) {
                Some(rest) => {
                    self.is_utc = true;
                    rest
                }
                None => self.offset(text, has_colon, has_minutes, has_seconds)?,
            },
            Part::Fraction {
                digits, is_trimmed, ..
            } => {
                if is_trimmed {
                    self.optional_fraction(text)?
                } else {
                    self.fraction(text, Some(digits))?
                }
            }
        };
        Some(rest)
    }

    /// A fraction of a second that a layout need not mention.
    fn optional_fraction<'text>(&mut self, text: &'text str) -> Option<&'text str> {
        let digits = text.strip_prefix(['.', ',']);
        match digits {
            Some(digits) if digits.starts_with(|next: char| next.is_ascii_digit()) => {
                self.fraction(text, None)
            }
            _ => Some(text),
        }
    }

    fn fraction<'text>(&mut self, text: &'text str, count: Option<usize>) -> Option<&'text str> {
        let text = text.strip_prefix(['.', ','])?;
        let found = text.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, rest) = text.split_at_checked(count.unwrap_or(found))?;
        // A sign is allowed in front of the digits, and nobody reads what stands behind nine of them, as in Go.
        let nine: String = digits.chars().chain("000000000".chars()).take(9).collect();
        self.nanosecond = nine.parse().ok().filter(|number| *number >= 0)?;
        Some(rest)
    }

    /// `UTC`, or a name that means nothing certain.
    fn zone_name<'text>(&mut self, text: &'text str) -> Option<&'text str> {
        if let Some(rest) = text.strip_prefix("UTC") {
            self.is_utc = true;
            return Some(rest);
        }
        if let Some(rest) = text.strip_prefix("ChST").or(text.strip_prefix("MeST")) {
            return Some(rest);
        }
        if let Some(rest) = text.strip_prefix("GMT") {
            return Some(after_hours(rest).unwrap_or(rest));
        }
        if text.starts_with(['+', '-']) {
            // A name has three characters at least.
            return after_hours(text).filter(|_| text.len() > 2);
        }
        let count = text
            .bytes()
            .take(6)
            .take_while(u8::is_ascii_uppercase)
            .count();
        let (name, rest) = text.split_at_checked(count)?;
        let is_name = match count {
            3 => true,
            4 => name.ends_with('T') || name == "WITA",
            5 => name.ends_with('T'),
            _ => false,
        };
        is_name.then_some(rest)
    }

    fn offset<'text>(
        &mut self,
        text: &'text str,
        has_colon: bool,
        has_minutes: bool,
        has_seconds: bool,
    ) -> Option<&'text str> {
        let sign = match text.chars().next()? {
            '+' => 1,
            '-' => -1,
            _ => return None,
        };
        let (hours, mut rest) = digits(text.get(1..)?, 2, 2)?;
        let (mut minutes, mut seconds) = (0, 0);
        for (is_wanted, number) in [(has_minutes, &mut minutes), (has_seconds, &mut seconds)] {
            if is_wanted {
                if has_colon {
                    rest = rest.strip_prefix(':')?;
                }
                (*number, rest) = digits(rest, 2, 2)?;
            }
        }
        // Some people write a whole hour of minutes.
        if hours > 24 || minutes > 60 || seconds > 60 {
            return None;
        }
        let offset = sign * i64::from(hours * 3_600 + minutes * 60 + seconds);
        // A second behind UTC means that there is none, in Go.
        self.offset = Some(offset).filter(|offset| *offset != -1);
        Some(rest)
    }

    fn nanoseconds(&self) -> Result<i64, BuiltinError> {
        let no_such_day = || BuiltinError::failed("expects a day that there is");
        let date = self.date().ok_or_else(no_such_day)?;
        let hour = match self.hour {
            ..12 if self.is_afternoon => self.hour + 12,
            12 if self.is_morning => 0,
            hour => hour,
        };
        let days = days(date.year().into(), date.month().into(), date.day().into());
        let clock = i128::from(hour * 3_600 + self.minute * 60 + self.second);
        let offset = self.offset.filter(|_| !self.is_utc).unwrap_or(0);
        let seconds = days * 86_400 + clock - i128::from(offset);
        let nanoseconds = seconds * 1_000_000_000 + i128::from(self.nanosecond);
        i64::try_from(nanoseconds).map_err(|_| out_of_range())
    }

    /// The day, by its number in the year, which no month and no day of it may contradict, or by both of these.
    fn date(&self) -> Option<Date> {
        let year = self.year;
        let Some(day_of_year) = self.day_of_year else {
            let month = i8::try_from(self.month.unwrap_or(1)).ok()?;
            let day = i8::try_from(self.day.unwrap_or(1)).ok()?;
            return Date::new(year, month, day).ok();
        };
        let day_of_year = i16::try_from(day_of_year).ok()?;
        let first = Date::new(year, 1, 1).ok()?;
        let date = first.with().day_of_year(day_of_year).build().ok()?;
        let agrees =
            |said: Option<u32>, is: i8| said.is_none_or(|said| i8::try_from(said) == Ok(is));
        (agrees(self.month, date.month()) && agrees(self.day, date.day())).then_some(date)
    }
}

/// What follows a number of hours with its sign, such as `+3`, at the beginning of a text.
fn after_hours(text: &str) -> Option<&str> {
    let digits = text.strip_prefix(['+', '-'])?;
    let rest = digits.trim_start_matches(|next: char| next.is_ascii_digit());
    let hours: u64 = digits.strip_suffix(rest)?.parse().ok()?;
    (hours <= 23).then_some(rest)
}

/// A literal, in which every space stands for any number of them.
fn literal_read<'text>(literal: &str, text: &'text str) -> Option<&'text str> {
    let mut rest = text;
    let mut literal = literal;
    while let Some(next) = literal.chars().next() {
        if next == ' ' {
            if !rest.is_empty() && !rest.starts_with(' ') {
                return None;
            }
            literal = literal.trim_start_matches(' ');
            rest = rest.trim_start_matches(' ');
        } else {
            literal = literal.strip_prefix(next)?;
            rest = rest.strip_prefix(next)?;
        }
    }
    Some(rest)
}
