//! Sums of and differences between times, as calendars and clocks show them.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use super::out_of_range;
use crate::rego_builtins::BuiltinError;

const DAY: i128 = 86_400;
const SECOND: i128 = 1_000_000_000;

/// The days from 1970's first day to a day, which may stand outside of its month, whose month may stand outside of its
/// year. Every fourth, no hundredth and every four hundredth year is a leap year, before and after people knew of it.
pub(super) fn days(year: i128, month: i128, day: i128) -> i128 {
    let months = month - 1;
    // A year that begins with March has its leap day at its end.
    let (year, month) = (year + months.div_euclid(12), months.rem_euclid(12));
    let (year, month) = if month < 2 {
        (year - 1, month + 10)
    } else {
        (year, month - 2)
    };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let days_before_month = (153 * month + 2) / 5;
    // That many days lie between the first of March of the year 0 and 1970.
    year * 365 + leap_days + days_before_month + day - 1 - 719_468
}

/// A time with so many years, months and days more, as nanoseconds since 1970; what a month does not have runs over
/// into the next one.
pub(super) fn sum(
    time: &Zoned,
    years: i64,
    months: i64,
    extra_days: i64,
) -> Result<i64, BuiltinError> {
    let days = days(
        i128::from(time.year()) + i128::from(years),
        i128::from(time.month()) + i128::from(months),
        i128::from(time.day()) + i128::from(extra_days),
    );
    let clock = i128::from(time.hour()) * 3_600
        + i128::from(time.minute()) * 60
        + i128::from(time.second());
    let seconds = days * DAY + clock;
    // As Go does it: the offset that holds where the clock's time would be one of UTC leads to the one that is taken.
    // So much for hours that a clock shows twice or skips.
    let near = seconds - offset(time.time_zone(), seconds)?;
    let seconds = seconds - offset(time.time_zone(), near)?;
    let nanoseconds = seconds * SECOND + i128::from(time.subsec_nanosecond());
    i64::try_from(nanoseconds).map_err(|_| out_of_range())
}

/// The seconds by which clocks of the zone are ahead of UTC.
fn offset(zone: &TimeZone, seconds: i128) -> Result<i128, BuiltinError> {
    let seconds = i64::try_from(seconds).map_err(|_| out_of_range())?;
    let instant = Timestamp::from_second(seconds).map_err(|_| out_of_range())?;
    Ok(i128::from(zone.to_offset(instant).seconds()))
}

/// The years, months, days, hours, minutes and seconds between two times, both read in the zone of the first.
///
/// It is OPA's algorithm: the fields are subtracted, and a negative one borrows from the next. Where a clock went back
/// between the two, the borrowing may end in negative years.
pub(super) fn difference(first: &Zoned, second: &Zoned) -> [i64; 6] {
    let second = second.with_time_zone(first.time_zone().clone());
    let (from, to) = if first.timestamp() > second.timestamp() {
        (&second, first)
    } else {
        (first, &second)
    };
    let mut years = i64::from(to.year()) - i64::from(from.year());
    let between = |to: i8, from: i8| i64::from(to) - i64::from(from);
    let mut months = between(to.month(), from.month());
    let mut days = between(to.day(), from.day());
    let mut hours = between(to.hour(), from.hour());
    let mut minutes = between(to.minute(), from.minute());
    let mut seconds = between(to.second(), from.second());
    borrow(&mut seconds, &mut minutes, 60);
    borrow(&mut minutes, &mut hours, 60);
    borrow(&mut hours, &mut days, 24);
    borrow(&mut days, &mut months, i64::from(from.days_in_month()));
    borrow(&mut months, &mut years, 12);
    [years, months, days, hours, minutes, seconds]
}

/// Takes one of the greater unit when there are less than none of the smaller one.
const fn borrow(small: &mut i64, great: &mut i64, in_one: i64) {
    if *small < 0 {
        *small += in_one;
        *great -= 1;
    }
}
