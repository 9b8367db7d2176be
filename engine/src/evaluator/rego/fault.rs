//! Errors of regorus, made into kind, message and place.

use crate::decision::DecisionErrorKind;

pub(crate) use crate::evaluator::PolicyFault as Fault;

impl Fault {
    /// Reads an error that regorus found in the text of a policy.
    ///
    /// Such an error is an excerpt under `--> file:line:column`, and then a line `error: message`.
    pub(super) fn of_text(error: &str) -> Self {
        Self::of(error, DecisionErrorKind::Load, cleaned)
    }

    /// Reads an error of an evaluation, whose message may hold values of the event: those are left out.
    pub(super) fn of_evaluation(error: &str) -> Self {
        Self::of(error, DecisionErrorKind::Evaluation, |message| {
            cleaned(&without_values(message))
        })
    }

    fn of(error: &str, otherwise: DecisionErrorKind, clean: impl Fn(&str) -> String) -> Self {
        // The first place is where the policy stands; what follows the first message may come from the event.
        let message = message(error);
        let (file, line) = error.lines().find_map(place).unzip();
        let kind = kind_of(message).unwrap_or(otherwise);
        Self {
            kind,
            message: clean(message),
            file,
            line,
        }
    }
}

/// The line of an error that says what is wrong.
pub(super) fn message(error: &str) -> &str {
    let marked = error.lines().find_map(|line| {
        line.strip_prefix("error: ")
            .or_else(|| line.strip_prefix("warning: "))
    });
    let first = || error.lines().map(str::trim).find(|line| !line.is_empty());
    marked
        .or_else(first)
        .unwrap_or("the evaluator gave no reason")
}

/// The message without what may come from the event: what was got, what follows a colon, and all that is quoted
/// but names of functions.
pub(super) fn without_values(message: &str) -> String {
    const WITH_VALUES: [(&str, &str); 5] = [
        ("Error parsing ", "the address cannot be parsed"),
        ("path ", "the path does not exist"),
        ("set key ", "the value differs from the key of the set"),
        (
            "value from patch ",
            "the value differs from that of the patch",
        ),
        (
            "function produced multiple outputs",
            "the function has several results",
        ),
    ];
    if let Some((_, replacement)) = WITH_VALUES
        .iter()
        .find(|(start, _)| message.starts_with(start))
    {
        return (*replacement).to_owned();
    }
    let message = message.split(" Got ").next().unwrap_or(message);
    let message = message.split(": ").next().unwrap_or(message);
    let is_name = |text: &str| {
        text.chars()
            .all(|character| character.is_ascii_alphanumeric() || "_.".contains(character))
    };
    let parts = message.split('`').enumerate();
    let parts = parts.map(|(index, part)| {
        if index % 2 == 1 && !is_name(part) {
            "…"
        } else {
            part
        }
    });
    let quoted = parts.collect::<Vec<_>>().join("`");
    match quoted.split_once('\'') {
        Some((before, _)) => before.trim_end().to_owned(),
        None => quoted,
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
    } else if message.contains("exceeded memory limit") || message.contains("would be too large") {
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
