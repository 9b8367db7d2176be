//! Numbers by Go's verbs.

use super::directive::Directive;
use super::escape;
use crate::value::Value;

/// A whole number; `None` if the verb is not for numbers.
pub(super) fn whole(directive: &Directive, digits: &str, value: &Value) -> Option<String> {
    let Value::Number(number) = value else {
        return None;
    };
    let (sign, magnitude) = match digits.strip_prefix('-') {
        Some(magnitude) => ("-", magnitude),
        None => ("", digits),
    };
    let (prefix, body) = match directive.verb {
        'd' | 'v' => ("", magnitude.to_owned()),
        // Go has a larger kind of number, which is text as well.
        's' if digits.parse::<i64>().is_err() => ("", magnitude.to_owned()),
        // Whether a whole number was written with a point is not known here.
        'e' | 'E' | 'f' | 'F' | 'g' | 'G' => return float(directive, digits.parse().ok()?),
        'b' => ("0b", bare(&number.format_bin())),
        'o' => ("0", bare(&number.format_octal())),
        'O' => ("0o", bare(&number.format_octal())),
        'x' => ("0x", bare(&number.format_hex())),
        'X' => ("0X", bare(&number.format_hex()).to_uppercase()),
        'c' | 'q' | 'U' => return character(directive, digits),
        _ => return None,
    };
    let prefix = if directive.is_sharp || directive.verb == 'O' {
        prefix
    } else {
        ""
    };
    let body = match directive.precision {
        Some(0) if magnitude == "0" => String::new(),
        Some(precision) => format!("{body:0>precision$}"),
        None => body,
    };
    let zeros = directive.has_zero && directive.precision.is_none();
    Some(signed(directive, sign, prefix, &body, zeros))
}

/// The digits without their sign.
fn bare(digits: &str) -> String {
    digits.trim_start_matches('-').to_owned()
}

fn character(directive: &Directive, digits: &str) -> Option<String> {
    let code = digits.parse::<u32>().unwrap_or(u32::MAX);
    let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
    let text = match directive.verb {
        'c' => character.to_string(),
        'U' => format!("U+{code:04X}"),
        _ => {
            let mut text = String::from("'");
            escape(character, '\'', &mut text);
            text.push('\'');
            text
        }
    };
    Some(directive.padded(&text))
}

/// A number with a point; `None` if the verb is not for such.
pub(super) fn float(directive: &Directive, float: f64) -> Option<String> {
    let sign = if float.is_sign_negative() { "-" } else { "" };
    let magnitude = float.abs();
    let body = match directive.verb {
        'e' | 'E' => exponential(magnitude, directive.precision.unwrap_or(6)),
        'f' | 'F' => format!("{magnitude:.*}", directive.precision.unwrap_or(6)),
        'g' | 'G' | 'v' => match directive.precision {
            None => shortest(magnitude),
            Some(precision) => significant(magnitude, precision.max(1)),
        },
        _ => return None,
    };
    let body = if matches!(directive.verb, 'E' | 'G') {
        body.to_uppercase()
    } else {
        body
    };
    Some(signed(directive, sign, "", &body, directive.has_zero))
}

/// The sign, the prefix and the digits within the width.
fn signed(directive: &Directive, sign: &str, prefix: &str, body: &str, zeros: bool) -> String {
    let sign = match sign {
        "" if directive.has_plus => "+",
        "" if directive.has_space => " ",
        sign => sign,
    };
    if zeros && !directive.has_minus {
        let width = directive.width.saturating_sub(sign.len() + prefix.len());
        return format!("{sign}{prefix}{body:0>width$}");
    }
    directive.padded(&format!("{sign}{prefix}{body}"))
}

fn exponential(magnitude: f64, precision: usize) -> String {
    with_two_digits(&format!("{magnitude:.precision$e}"))
}

/// An exponent has a sign and at least two digits.
fn with_two_digits(text: &str) -> String {
    match text.split_once('e') {
        Some((digits, exponent)) => {
            let (sign, exponent) = match exponent.strip_prefix('-') {
                Some(exponent) => ('-', exponent),
                None => ('+', exponent),
            };
            format!("{digits}e{sign}{exponent:0>2}")
        }
        None => text.to_owned(),
    }
}

/// The decimal exponent of a number.
fn exponent(text: &str) -> i32 {
    let exponent = text.split_once('e').map(|(_, exponent)| exponent);
    exponent
        .and_then(|exponent| exponent.parse().ok())
        .unwrap_or_default()
}

/// The fewest digits that say which number it is.
pub(super) fn shortest(float: f64) -> String {
    let text = format!("{float:e}");
    if (-4..6).contains(&exponent(&text)) {
        format!("{float}")
    } else {
        with_two_digits(&text)
    }
}

/// So many digits, without zeros at the end.
fn significant(magnitude: f64, precision: usize) -> String {
    let text = format!("{magnitude:.*e}", precision - 1);
    let exponent = exponent(&text);
    let trimmed = |text: &str| {
        if text.contains('.') {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        } else {
            text.to_owned()
        }
    };
    let most = i32::try_from(precision).unwrap_or(i32::MAX);
    if exponent < -4 || exponent >= most {
        return match text.split_once('e') {
            Some((digits, exponent)) => with_two_digits(&format!("{}e{exponent}", trimmed(digits))),
            None => text,
        };
    }
    let decimals = usize::try_from(most - 1 - exponent).unwrap_or_default();
    trimmed(&format!("{magnitude:.decimals$}"))
}
