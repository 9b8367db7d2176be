//! Answers of commands on standard output.

use std::io::{ErrorKind, IsTerminal as _, Write as _, stdout};

use serde::Serialize;

use crate::failure::Failure;

/// Writes the answer. A reader who has heard enough and closes the pipe is no fault.
pub(crate) fn answer(text: &str) -> Result<(), Failure> {
    let mut output = stdout().lock();
    let written = output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush());
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            let message = format_args!("the answer cannot be written: {error}");
            Err(Failure::internal(message))
        }
        _ => Ok(()),
    }
}

/// One JSON document.
pub(crate) fn json_document(value: &impl Serialize) -> Result<String, Failure> {
    let mut text = serde_json::to_string_pretty(value).map_err(Failure::internal)?;
    text.push('\n');
    Ok(text)
}

/// Whether standard output shows colours: only on a terminal, and not if `NO_COLOR` says so.
pub(crate) fn colour() -> bool {
    stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// A number with the noun, in the plural where it is not one.
pub(crate) fn counted(number: usize, noun: &str) -> String {
    match (number, noun.strip_suffix('y')) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) => format!("{number} {stem}ies"),
        (_, None) => format!("{number} {noun}s"),
    }
}
