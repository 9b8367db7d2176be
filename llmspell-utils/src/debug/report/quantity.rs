//! Durations as reports write them: three digits and a unit for people, plain numbers for programs.

use std::time::Duration;

use super::super::clock::saturating_nanoseconds;

/// A duration for people: three significant digits and the unit; nanoseconds are whole.
#[must_use]
pub fn duration(duration: Duration) -> String {
    let nanoseconds = duration.as_nanos();
    let (unit, divisor) = match nanoseconds {
        0..1_000 => return format!("{nanoseconds} ns"),
        1_000..999_500 => ("µs", 1e3),
        999_500..999_500_000 => ("ms", 1e6),
        _ => ("s", 1e9),
    };
    let value = nanoseconds as f64 / divisor;
    match value {
        ..9.995 => format!("{value:.2} {unit}"),
        ..99.95 => format!("{value:.1} {unit}"),
        _ => format!("{value:.0} {unit}"),
    }
}

/// The same without zeros behind the point, for a duration that somebody set.
pub(in crate::debug) fn set_duration(set: Duration) -> String {
    let text = duration(set);
    let Some((number, unit)) = text.split_once(' ') else {
        return text;
    };
    let number = if number.contains('.') {
        number.trim_end_matches('0').trim_end_matches('.')
    } else {
        number
    };
    format!("{number} {unit}")
}

/// Milliseconds, with nanoseconds behind the point.
pub(in crate::debug) fn milliseconds(duration: Duration) -> f64 {
    saturating_nanoseconds(duration) as f64 / 1e6
}

/// Microseconds, with nanoseconds behind the point.
pub(super) fn microseconds(duration: Duration) -> f64 {
    saturating_nanoseconds(duration) as f64 / 1e3
}

/// The share of a part, with one digit behind the point.
pub(super) fn percent(part: Duration, whole: Duration) -> String {
    if whole.is_zero() {
        return "-".to_owned();
    }
    format!("{:.1}%", 100.0 * part.as_secs_f64() / whole.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_three_digits_and_a_unit() {
        let cases: [(u64, &str); 12] = [
            (0, "0 ns"),
            (999, "999 ns"),
            (1_000, "1.00 µs"),
            (9_994, "9.99 µs"),
            (9_996, "10.0 µs"),
            (99_960, "100 µs"),
            (999_499, "999 µs"),
            (999_500, "1.00 ms"),
            (12_345_678, "12.3 ms"),
            (999_500_000, "1.00 s"),
            (61_000_000_000, "61.0 s"),
            (3_600_000_000_000, "3600 s"),
        ];
        for (nanoseconds, expected) in cases {
            assert_eq!(duration(Duration::from_nanos(nanoseconds)), expected);
        }
    }

    #[test]
    fn a_set_duration_has_no_zeros_behind_the_point() {
        let cases: [(u64, &str); 5] = [
            (100, "100 ns"),
            (1_000_000, "1 ms"),
            (1_500_000, "1.5 ms"),
            (50_000_000, "50 ms"),
            (100_000_000, "100 ms"),
        ];
        for (nanoseconds, expected) in cases {
            assert_eq!(set_duration(Duration::from_nanos(nanoseconds)), expected);
        }
    }
}
