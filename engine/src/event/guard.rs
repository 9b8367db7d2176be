//! One pass over the bytes of an event, for what its parser cannot tell or would learn too late.

use super::{EventErrorKind, EventLimits};

/// A fault and the byte where it begins.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) kind: EventErrorKind,
    pub(super) offset: usize,
}

/// Checks size, encoding, depth and the length of numbers, without recursion and without a copy.
///
/// Text that is not JSON may pass: the parser refuses it.
pub(super) fn guarded<'text>(text: &'text [u8], limits: &EventLimits) -> Result<&'text str, Fault> {
    if text.len() > limits.bytes {
        return Err(Fault {
            kind: EventErrorKind::Size,
            offset: limits.bytes,
        });
    }
    scan(text, limits)?;
    std::str::from_utf8(text).map_err(|error| Fault {
        kind: EventErrorKind::Encoding,
        offset: error.valid_up_to(),
    })
}

fn scan(text: &[u8], limits: &EventLimits) -> Result<(), Fault> {
    let mut depth = 0_usize;
    let mut at = 0_usize;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => at = end_of_string(text, at),
            b'{' | b'[' => {
                depth += 1;
                if depth > limits.depth {
                    return Err(Fault {
                        kind: EventErrorKind::Depth,
                        offset: at,
                    });
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'0'..=b'9' => {
                at = end_of_number(text, at, limits)?;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    Ok(())
}

/// The offset of the quote that closes the string opened at `start`, or of the end of the text.
fn end_of_string(text: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        match rest.iter().position(|byte| matches!(byte, b'"' | b'\\')) {
            None => return text.len(),
            Some(length) if rest.get(length) == Some(&b'"') => return at + length,
            Some(length) => at += length + 2,
        }
    }
}

/// The offset behind the number whose first digit is at `start`.
fn end_of_number(text: &[u8], start: usize, limits: &EventLimits) -> Result<usize, Fault> {
    let mut digits = 0_usize;
    let mut exponent: Option<u32> = None;
    let mut at = start;
    while let Some(byte) = text.get(at) {
        match byte {
            b'0'..=b'9' => {
                digits += 1;
                exponent = exponent.map(|value| {
                    value
                        .saturating_mul(10)
                        .saturating_add(u32::from(byte - b'0'))
                });
            }
            b'e' | b'E' => exponent = Some(0),
            b'.' | b'+' | b'-' => {}
            _ => break,
        }
        at += 1;
    }
    if digits > limits.number_digits || exponent.is_some_and(|value| value > limits.number_exponent)
    {
        return Err(Fault {
            kind: EventErrorKind::Number,
            offset: start,
        });
    }
    Ok(at)
}
