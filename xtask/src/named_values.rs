//! Arguments that are names, each with its value.

use crate::failure::Failure;

/// Hands over each name with its value; `take` says whether it knows the name.
///
/// # Errors
/// When a name is not known or has no value, or `take` refuses the value.
pub fn read(
    arguments: &[&str],
    usage: &str,
    mut take: impl FnMut(&str, &str) -> Result<bool, Failure>,
) -> Result<(), Failure> {
    let not_understood =
        |argument: &str| Failure::new(format!("`{argument}` is not understood")).help(usage);
    let mut rest = arguments;
    while let [name, value, others @ ..] = rest {
        if !take(name, value)? {
            return Err(not_understood(name));
        }
        rest = others;
    }
    match rest {
        [] => Ok(()),
        [name, ..] => Err(not_understood(name)),
    }
}

/// A whole number, as it is handed on.
///
/// # Errors
/// When the text is none.
pub fn number(text: &str, usage: &str) -> Result<String, Failure> {
    let message = format!("`{text}` is not a whole number");
    text.parse::<u32>()
        .map(|number| number.to_string())
        .map_err(|_| Failure::new(message).help(usage))
}
