//! Errors of regorus, made into kind, message and place.

use crate::decision::DecisionErrorKind;

/// What is wrong with a policy, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) kind: DecisionErrorKind,
    pub(crate) message: String,
    /// The file, where it is not the policy's own.
    pub(crate) file: Option<String>,
    pub(crate) line: Option<u32>,
}

impl Fault {
    pub(crate) fn new(kind: DecisionErrorKind, message: impl Into<String>, line: u32) -> Self {
        Self {
            kind,
            message: message.into(),
            file: None,
            line: Some(line),
        }
    }

    pub(crate) fn load(message: impl Into<String>, line: u32) -> Self {
        Self::new(DecisionErrorKind::Load, message, line)
    }

    /// Reads an error of regorus, whose text is an excerpt under `--> file:line:column` and then `error: message`.
    ///
    /// The first place is where the policy stands; the last message is the cause.
    pub(super) fn of(text: &str, otherwise: DecisionErrorKind) -> Self {
        let message = text
            .lines()
            .rev()
            .find_map(|line| {
                line.strip_prefix("error: ")
                    .or_else(|| line.strip_prefix("warning: "))
            })
            .or_else(|| text.lines().map(str::trim).find(|line| !line.is_empty()))
            .unwrap_or("the evaluator gave no reason");
        let (file, line) = text.lines().find_map(place).unzip();
        let kind = kind_of(message).unwrap_or(otherwise);
        Self {
            kind,
            message: cleaned(message),
            file,
            line,
        }
    }
}

/// The file and line of an excerpt's head.
fn place(line: &str) -> Option<(String, u32)> {
    let (rest, _column) = line.strip_prefix("--> ")?.rsplit_once(':')?;
    let (file, line) = rest.rsplit_once(':')?;
    Some((file.to_owned(), line.parse().ok()?))
}

fn kind_of(message: &str) -> Option<DecisionErrorKind> {
    if message.starts_with("could not find function") {
        Some(DecisionErrorKind::UnknownFunction)
    } else if message.contains("exceeded time limit") {
        Some(DecisionErrorKind::Timeout)
    } else if message.contains("exceeded memory limit")
        || message.contains(super::bounded::TOO_LARGE)
    {
        Some(DecisionErrorKind::Memory)
    } else {
        None
    }
}

/// The message in our words where regorus shows its insides, and without a full stop.
fn cleaned(message: &str) -> String {
    if let Some(name) = undefined_name(message) {
        return format!("`{name}` is not defined");
    }
    let message = message.trim().trim_end_matches('.');
    let mut characters = message.chars();
    match characters.next() {
        Some(first) if characters.clone().next().is_some_and(char::is_lowercase) => {
            first.to_lowercase().chain(characters).collect()
        }
        _ => message.to_owned(),
    }
}

/// The variable that a message of regorus says is unsafe.
fn undefined_name(message: &str) -> Option<&str> {
    let quoted = message
        .strip_prefix("use of undefined variable `")
        .and_then(|rest| rest.strip_suffix("` is unsafe"));
    quoted.or_else(|| Some(message.strip_prefix("var ")?.split_once(" is unsafe")?.0))
}
