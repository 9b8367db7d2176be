//! Reads times that are written in a layout.

use chrono::{Datelike, NaiveDate};

use super::layout::{MONTHS, Pad, Part, WEEKDAYS, parts};
use super::out_of_range;
use crate::rego_builtins::BuiltinError;

/// What was read so far.
#[derive(Debug)]
struct Fields {
    year: i32,
    month: u32,
    day: u32,
    day_of_year: Option<u32>,
    hour: u32,
    minute: u32,
    second: u32,
    nanosecond: i64,
    is_afternoon: Option<bool>,
    /// Seconds east of UTC; zones that are named by letters count as UTC, because their letters are ambiguous.
    offset: i64,
}

fn mismatch() -> BuiltinError {
    BuiltinError::failed("expects a time that fits the layout")
}

/// The nanoseconds since 1970 of a time in a layout.
pub(super) fn nanoseconds(layout: &str, time: &str) -> Result<i64, BuiltinError> {
    let mut fields = Fields {
        year: 0,
        month: 1,
        day: 1,
        day_of_year: None,
        hour: 0,
        minute: 0,
        second: 0,
        nanosecond: 0,
        is_afternoon: None,
        offset: 0,
    };
    let parts = parts(layout);
    let mut rest = time;
    for (index, part) in parts.iter().enumerate() {
        rest = fields.read(part, rest).ok_or_else(mismatch)?;
        let follows_fraction = matches!(parts.get(index + 1), Some(Part::Fraction { .. }));
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
                self.year = i32::try_from(year).ok()?;
                rest
            }
            Part::ShortYear => {
                let (year, rest) = digits(text, 2, 2)?;
                let century = if year >= 69 { 1900 } else { 2000 };
                self.year = i32::try_from(century + year).ok()?;
                rest
            }
            Part::LongMonth | Part::Month => {
                let length = (*part == Part::Month).then_some(3);
                let (month, rest) = named(text, &MONTHS, length)?;
                self.month = month + 1;
                rest
            }
            Part::LongWeekday => named(text, &WEEKDAYS, None)?.1,
            Part::Weekday => named(text, &WEEKDAYS, Some(3))?.1,
            Part::MonthNumber(pad) => {
                let (month, rest) = padded(text, pad)?;
                self.month = month;
                rest
            }
            Part::Day(pad) => {
                let (day, rest) = padded(text, pad)?;
                self.day = day;
                rest
            }
            Part::DayOfYear(pad) => {
                let text = match pad {
                    Pad::Space => text.trim_start_matches(' '),
                    _ => text,
                };
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
                self.is_afternoon = Some(index == 1);
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
                    self.offset = 0;
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
        if digits.len() > found {
            return None;
        }
        let nine: String = format!("{digits:0<9}").chars().take(9).collect();
        self.nanosecond = nine.parse().ok()?;
        Some(rest)
    }

    /// `UTC`, `GMT+3`, or letters that mean nothing certain.
    fn zone_name<'text>(&mut self, text: &'text str) -> Option<&'text str> {
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
        if !is_name {
            return None;
        }
        if name == "GMT"
            && let Some(hours) = rest.strip_prefix(['+', '-'])
            && let Some((number, after)) = digits(hours, 1, 2)
            && number <= 23
        {
            let sign = if rest.starts_with('-') { -1 } else { 1 };
            self.offset = sign * i64::from(number) * 3_600;
            return Some(after);
        }
        self.offset = 0;
        Some(rest)
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
        if hours > 24 || minutes >= 60 || seconds >= 60 {
            return None;
        }
        self.offset = sign * i64::from(hours * 3_600 + minutes * 60 + seconds);
        Some(rest)
    }

    fn nanoseconds(&self) -> Result<i64, BuiltinError> {
        let no_such_day = || BuiltinError::failed("expects a day that there is");
        let date = match self.day_of_year {
            Some(day) => NaiveDate::from_yo_opt(self.year, day),
            None => NaiveDate::from_ymd_opt(self.year, self.month, self.day),
        };
        let date = date.ok_or_else(no_such_day)?;
        let hour = match self.is_afternoon {
            Some(true) if self.hour < 12 => self.hour + 12,
            Some(false) if self.hour == 12 => 0,
            _ => self.hour,
        };
        let days = i64::from(date.num_days_from_ce()) - 719_163;
        let clock = i64::from(hour * 3_600 + self.minute * 60 + self.second);
        let seconds = days * 86_400 + clock - self.offset;
        // The sum fits where its parts may not, before 1970.
        let nanoseconds = i128::from(seconds) * 1_000_000_000 + i128::from(self.nanosecond);
        i64::try_from(nanoseconds).map_err(|_| out_of_range())
    }
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
