//! Telemetry that the rulebook switches on, and that nobody writes.

use super::finding::{CheckFinding, Severity, at_line};
use super::subject::Subject;

pub(super) const ID: &str = "unwritten-telemetry";

pub(super) fn check(subject: &Subject, findings: &mut Vec<CheckFinding>) {
    let Some(place) = &subject.telemetry else {
        return;
    };
    findings.push(at_line(
        Severity::Warning,
        ID,
        &place.file,
        place.line,
        "`telemetry` writes whole events to files, which this engine does not do".to_owned(),
        "switch it off; `llmspell record` keeps decisions, and redacts secrets".to_owned(),
    ));
}
