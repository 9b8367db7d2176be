//! `sprintf` with Go's verbs, as OPA hands values to it: numbers, strings, and everything else as Rego text.

mod directive;
mod number;

use super::arguments::{MAX_BYTES, Outcome, array, float, text};
use super::{Builtin, BuiltinError, Context, template};
use crate::value::Value;

use directive::{Directive, Reader};

pub(super) const TABLE: &[Builtin] = &[Builtin::new("sprintf", 2, sprintf)];

/// A value as the format sees it.
#[derive(Debug, Clone, PartialEq)]
enum Operand {
    Text(String),
    /// A whole number of any size, with its decimal digits and their sign.
    Whole {
        digits: String,
        value: Value,
    },
    Float(f64),
}

fn sprintf(arguments: &[Value], context: &Context) -> Outcome {
    let format = text(arguments, 0)?;
    let operands = array(arguments, 1)?
        .iter()
        .map(operand)
        .collect::<Result<Vec<_>, _>>()?;
    let mut written = String::new();
    let mut reader = Reader::new(format, &operands);
    while let Some(piece) = reader.next()? {
        match piece {
            directive::Piece::Text(text) => written.push_str(text),
            directive::Piece::Complaint(complaint) => written.push_str(&complaint),
            directive::Piece::Directive(directive, operand) => {
                write(&directive, operand, &mut written);
            }
        }
        if written.len() > MAX_BYTES {
            return Err(BuiltinError::too_large());
        }
    }
    context.check()?;
    let left = reader.left();
    if !left.is_empty() {
        let left: Vec<String> = left.iter().map(described).collect();
        written.push_str(&format!("%!(EXTRA {})", left.join(", ")));
    }
    Ok(Value::from(written))
}

fn operand(value: &Value) -> Result<Operand, BuiltinError> {
    Ok(match value {
        Value::String(text) => Operand::Text(text.to_string()),
        Value::Number(number) if number.is_integer() => Operand::Whole {
            digits: match number.to_big() {
                Ok(whole) => whole.to_string(),
                Err(_) => number.format_decimal(),
            },
            value: value.clone(),
        },
        Value::Number(_) => match float(value) {
            Some(float) => Operand::Float(float),
            None => return Err(BuiltinError::failed("expects numbers that are finite")),
        },
        other => Operand::Text(template::as_rego(other)?),
    })
}

/// An operand as Go shows one that does not fit: its type and its value.
fn described(operand: &Operand) -> String {
    match operand {
        Operand::Text(text) => format!("string={text}"),
        Operand::Whole { digits, .. } => format!("{}={digits}", type_name(operand)),
        Operand::Float(float) => format!("float64={}", number::shortest(*float)),
    }
}

fn type_name(operand: &Operand) -> &'static str {
    match operand {
        Operand::Text(_) => "string",
        Operand::Whole { digits, .. } if digits.parse::<i64>().is_ok() => "int",
        Operand::Whole { .. } => "*big.Int",
        Operand::Float(_) => "float64",
    }
}

fn write(directive: &Directive, operand: &Operand, written: &mut String) {
    let shown = match (directive.verb, operand) {
        ('T', _) => Some(directive.padded(type_name(operand))),
        (_, Operand::Text(text)) => of_text(directive, text),
        (_, Operand::Whole { digits, value }) => number::whole(directive, digits, value),
        (_, Operand::Float(float)) => number::float(directive, *float),
    };
    match shown {
        Some(shown) => written.push_str(&shown),
        None => written.push_str(&format!("%!{}({})", directive.verb, described(operand))),
    }
}

fn of_text(directive: &Directive, text: &str) -> Option<String> {
    let cut = |text: &str| match directive.precision {
        Some(precision) => text.chars().take(precision).collect(),
        None => text.to_owned(),
    };
    match directive.verb {
        's' | 'v' if directive.is_sharp && directive.verb == 'v' => {
            Some(directive.padded(&quoted(text)))
        }
        's' | 'v' => Some(directive.padded(&cut(text))),
        'q' => Some(directive.padded(&quoted(&cut(text)))),
        'x' | 'X' => {
            let most = directive.precision.unwrap_or(usize::MAX);
            let digits: Vec<String> = text
                .bytes()
                .take(most)
                .map(|byte| match directive.verb {
                    'x' => format!("{byte:02x}"),
                    _ => format!("{byte:02X}"),
                })
                .collect();
            let separator = if directive.has_space { " " } else { "" };
            Some(directive.padded(&digits.join(separator)))
        }
        _ => None,
    }
}

/// A text in quotes, with escapes for what cannot be seen.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        escape(character, '"', &mut quoted);
    }
    quoted.push('"');
    quoted
}

fn escape(character: char, quote: char, written: &mut String) {
    match character {
        '\u{7}' => written.push_str("\\a"),
        '\u{8}' => written.push_str("\\b"),
        '\u{b}' => written.push_str("\\v"),
        '\u{c}' => written.push_str("\\f"),
        '\n' => written.push_str("\\n"),
        '\r' => written.push_str("\\r"),
        '\t' => written.push_str("\\t"),
        '\\' => written.push_str("\\\\"),
        _ if character == quote => {
            written.push('\\');
            written.push(character);
        }
        '\0'..='\u{1f}' | '\u{7f}' => {
            written.push_str(&format!("\\x{:02x}", u32::from(character)));
        }
        _ if character.is_control() || (character.is_whitespace() && character != ' ') => {
            written.push_str(&format!("\\u{:04x}", u32::from(character)));
        }
        _ => written.push(character),
    }
}
