//! How a fault in a YAML document of the project reads.

use llmspell_utils::nearest;
use serde::de::DeserializeOwned;

use crate::error::Place;

/// Bytes of a document: what people write by hand is far smaller.
const MAX_BYTES: usize = 64 * 1024;
/// Lists and mappings in brackets and braces inside each other, which the parser reads in quadratic time.
const MAX_DEPTH: usize = 32;

/// What is wrong with a document, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) message: String,
    pub(crate) help: String,
    pub(crate) line: Option<u32>,
    pub(crate) column: Option<u32>,
}

impl Fault {
    pub(crate) fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            help: help.into(),
            line: None,
            column: None,
        }
    }

    pub(crate) fn place(&self, file: &str) -> Place {
        Place {
            file: file.to_owned(),
            line: self.line,
            column: self.column,
        }
    }
}

/// Reads a YAML document.
pub(crate) fn from_yaml<T: DeserializeOwned>(text: &str) -> Result<T, Fault> {
    check(text)?;
    yaml_serde::from_str(text).map_err(|error| {
        let full = error.to_string();
        let mut fault = reworded(without_position(&full));
        if let Some(location) = error.location() {
            fault.line = u32::try_from(location.line()).ok();
            fault.column = u32::try_from(location.column()).ok();
        }
        fault
    })
}

/// Reads a value that was read from a YAML document.
pub(crate) fn from_value<T: DeserializeOwned>(value: &yaml_serde::Value) -> Result<T, Fault> {
    yaml_serde::from_value(value.clone()).map_err(|error| reworded(&error.to_string()))
}

/// Refuses what the parser would take long to read; brackets count wherever they stand.
fn check(text: &str) -> Result<(), Fault> {
    if text.len() > MAX_BYTES {
        return Err(Fault::new(
            format!("the document is larger than {MAX_BYTES} bytes"),
            "leave out what the engine does not read",
        ));
    }
    let mut depth: usize = 0;
    for (number, line) in (1_u32..).zip(text.lines()) {
        for character in line.chars() {
            match character {
                '[' | '{' => depth += 1,
                ']' | '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth > MAX_DEPTH {
                return Err(Fault {
                    line: Some(number),
                    ..Fault::new(
                        format!("brackets and braces are nested more than {MAX_DEPTH} deep"),
                        "flatten the document",
                    )
                });
            }
        }
    }
    Ok(())
}

/// The message up to the first position: the parser adds others for the places that led there.
fn without_position(message: &str) -> &str {
    message
        .split_once(" at line ")
        .map_or(message, |(message, _)| message)
}

/// The message of a parser in our words, as far as it has a known form.
fn reworded(message: &str) -> Fault {
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let subject = quoted.first().copied().unwrap_or_default();
    let known = quoted.get(1..).unwrap_or_default();
    if message.contains("unknown field `") {
        Fault::new(format!("unknown key `{subject}`"), nearest(subject, known))
    } else if message.contains("unknown variant `") {
        Fault::new(
            format!("unknown value `{subject}`"),
            nearest(subject, known),
        )
    } else if message.contains("duplicate field `") {
        Fault::new(
            format!("the key `{subject}` stands twice"),
            "keep one of the two",
        )
    } else if let Some(message) = wrong_type(message) {
        Fault::new(message, "give it the type that is expected")
    } else if message.starts_with("`timeout_seconds` must be") {
        Fault::new(
            message.to_owned(),
            "write a number of seconds in that range",
        )
    } else if message.starts_with("the `command` is empty") {
        Fault::new(message.to_owned(), "write the command as for a shell")
    } else if message.contains("cannot start any token") {
        Fault::new(
            "a character stands where none may begin a value",
            "indent with blanks, which YAML wants instead of tabs, and put texts with special characters between quotes",
        )
    } else {
        Fault::new(
            message.to_owned(),
            "look at the brackets, quotes and indentation there and on the line before",
        )
    }
}

/// `a.b: invalid type: string "x", expected a list` in words for people.
fn wrong_type(message: &str) -> Option<String> {
    let (path, rest) = message.split_once("invalid type: ")?;
    let (found, expected) = rest.split_once(", expected ")?;
    let found = match found {
        "unit value" => "nothing".to_owned(),
        "sequence" => "a list".to_owned(),
        "map" => "a mapping".to_owned(),
        other => format!("the {other}"),
    };
    let subject = match path.trim_end_matches([':', ' ', '.']) {
        "" => "the document".to_owned(),
        path => format!("`{path}`"),
    };
    Some(format!("{subject} must be {expected}, not {found}"))
}
