//! Reads durations as Go writes them: `1h30m`, `-1.5s`.

use crate::rego_builtins::BuiltinError;

/// The greatest number of nanoseconds, and by one more than there can be of them forwards.
const MAX: u64 = 1 << 63;

/// The units and their nanoseconds.
const UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    // The sign for micro, and the Greek letter that looks like it.
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

fn malformed() -> BuiltinError {
    BuiltinError::failed("expects a duration such as `1h30m`")
}

fn too_long() -> BuiltinError {
    BuiltinError::failed("expects a duration of at most 292 years")
}

/// The nanoseconds of a duration.
pub(super) fn nanoseconds(text: &str) -> Result<i64, BuiltinError> {
    let is_negative = text.starts_with('-');
    let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    // Only nothing needs no unit.
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(malformed());
    }
    let mut sum: u64 = 0;
    while !rest.is_empty() {
        let (part, after) = part(rest)?;
        rest = after;
        // Two parts of the greatest length make none, in Go.
        sum = sum.wrapping_add(part);
        if sum > MAX {
            return Err(too_long());
        }
    }
    match (is_negative, i64::try_from(sum)) {
        (true, _) => Ok(0_i64.wrapping_sub_unsigned(sum)),
        (false, sum) => sum.map_err(|_| too_long()),
    }
}

/// The nanoseconds of a number with its unit at the beginning of a text, and what follows it.
fn part(text: &str) -> Result<(u64, &str), BuiltinError> {
    let (whole, rest) = split_digits(text);
    let (decimals, rest) = rest.strip_prefix('.').map_or(("", rest), split_digits);
    if whole.is_empty() && decimals.is_empty() {
        return Err(malformed());
    }
    let end = rest.find(|next: char| next == '.' || next.is_ascii_digit());
    let (unit, rest) = rest
        .split_at_checked(end.unwrap_or(rest.len()))
        .ok_or_else(malformed)?;
    let (_, unit) = UNITS
        .iter()
        .find(|(name, _)| *name == unit)
        .ok_or_else(malformed)?;
    let whole = if whole.is_empty() {
        0
    } else {
        whole.parse::<u64>().map_err(|_| too_long())?
    };
    let nanoseconds = whole.checked_mul(*unit).filter(|product| *product <= MAX);
    let sum = nanoseconds.ok_or_else(too_long)? + fraction(decimals, *unit);
    if sum > MAX {
        return Err(too_long());
    }
    Ok((sum, rest))
}

/// The digits at the beginning of a text, and what follows them.
fn split_digits(text: &str) -> (&str, &str) {
    let end = text.find(|next: char| !next.is_ascii_digit());
    text.split_at_checked(end.unwrap_or(text.len()))
        .unwrap_or(("", text))
}

/// The nanoseconds of what stands behind the point, rounded as Go rounds them; digits that 63 bits cannot hold do not
/// count.
fn fraction(decimals: &str, unit: u64) -> u64 {
    let (mut number, mut scale) = (0_u64, 1_f64);
    for digit in decimals.bytes() {
        let longer = number
            .checked_mul(10)
            .and_then(|number| number.checked_add(u64::from(digit.wrapping_sub(b'0'))));
        match longer.filter(|longer| *longer <= MAX) {
            Some(longer) => number = longer,
            None => break,
        }
        scale *= 10.0;
    }
    // It is less than one unit, and a unit has few enough nanoseconds for the conversion.
    (number as f64 * (unit as f64 / scale)) as u64
}
