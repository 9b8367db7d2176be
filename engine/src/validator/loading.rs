//! What loading the project reports.

use super::finding::{CheckFinding, Severity, at_line};
use super::subject::Subject;
use crate::decision::{DecisionError, DecisionErrorKind};

const PACKAGE: &str = "package-declaration";
/// The ids of what loading finds: `package-declaration` and `routing-metadata` are the two most frequent cases.
pub(super) const IDS: [&str; 8] = [
    PACKAGE,
    "routing-metadata",
    "load",
    "metadata",
    "unknown-function",
    "signal",
    "trust",
    "project",
];
/// How the advice begins that some messages end with.
const ADVICE: [&str; 10] = [
    "did you mean ",
    "write ",
    "remove ",
    "bind ",
    "rename ",
    "move ",
    "make ",
    "list ",
    "decide ",
    "keep ",
];

pub(super) fn check(subject: &Subject, findings: &mut Vec<CheckFinding>) {
    findings.extend(subject.errors.iter().map(|error| finding(subject, error)));
}

fn finding(subject: &Subject, error: &DecisionError) -> CheckFinding {
    let file = error.file.as_deref().unwrap_or_default();
    let (rule, otherwise) = rule_of(subject, error, file);
    if rule == PACKAGE {
        let message = "the file has no package".to_owned();
        return at_line(Severity::Error, rule, file, Some(1), message, otherwise);
    }
    let (message, help) = split(&error.message);
    let help = help.unwrap_or(otherwise);
    at_line(
        Severity::Error,
        rule,
        file,
        error.line,
        message.to_owned(),
        help,
    )
}

/// The rule's id, and what to do about it where the message does not say.
fn rule_of(subject: &Subject, error: &DecisionError, file: &str) -> (&'static str, &'static str) {
    let policy = subject
        .policies
        .iter()
        .find(|policy| *policy.summary.file == *file);
    match error.kind {
        DecisionErrorKind::Load if lacks_package(subject.text_of(file), file) => (
            PACKAGE,
            "begin the file with `package cupcake.policies.<name>`, below its metadata",
        ),
        DecisionErrorKind::Metadata
            if policy.is_some_and(|policy| {
                let routing = policy
                    .metadata
                    .as_ref()
                    .map(|found| found.routing.is_some());
                routing.map_or_else(|| !policy.has_metadata(), |is_routed| !is_routed)
            }) =>
        {
            (
                "routing-metadata",
                "write `custom.routing.required_events` into a `METADATA` comment above the package",
            )
        }
        DecisionErrorKind::Metadata => (
            "metadata",
            "docs/policies.md lists the keys of the metadata",
        ),
        DecisionErrorKind::UnknownFunction => (
            "unknown-function",
            "use another function: docs/policies.md lists those that there are",
        ),
        DecisionErrorKind::Signal => (
            "signal",
            "declare the signal in the rulebook, or put it into `.cupcake/signals/`",
        ),
        DecisionErrorKind::Trust => (
            "trust",
            "look at what has changed, then sign the project anew",
        ),
        _ if policy.is_none() => (
            "project",
            "repair it: until then every decision is at least a deny",
        ),
        _ if subject.text_of(file).is_none() => (
            "load",
            "make it a readable text file, or remove it: until then every decision is at least a deny",
        ),
        _ => (
            "load",
            "repair the policy: until then every decision is at least a deny",
        ),
    }
}

fn lacks_package(text: Option<&str>, file: &str) -> bool {
    let is_package = |line: &str| {
        line.trim_start_matches('\u{feff}')
            .trim_start()
            .starts_with("package")
    };
    file.ends_with(".rego") && text.is_some_and(|text| !text.lines().any(is_package))
}

/// The message, and the advice that it ends with.
fn split(message: &str) -> (&str, Option<&str>) {
    let mut places = message.match_indices(": ");
    let found = places.find_map(|(place, colon)| {
        let (start, rest) = message.split_at_checked(place)?;
        let advice = rest.strip_prefix(colon)?;
        let is_advice = ADVICE.iter().any(|known| advice.starts_with(known));
        is_advice.then_some((start, advice))
    });
    match found {
        Some((start, advice)) => (start, Some(advice)),
        None => (message, None),
    }
}
