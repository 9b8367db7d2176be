//! A project in which no policy is for an agent, so that its guardrails decide alone.

use super::finding::{CheckFinding, Severity, at_line};
use super::subject::Subject;

pub(super) const ID: &str = "no-policies";

pub(super) fn check(subject: &Subject, findings: &mut Vec<CheckFinding>) {
    // A project that would decide nothing at all is an error already.
    if !subject.policies.is_empty() || !subject.errors.is_empty() {
        return;
    }
    let harness = subject.harness;
    findings.push(at_line(
        Severity::Warning,
        ID,
        ".cupcake/policies",
        None,
        format!("no policy of the project is for `{harness}`: the guardrails of its rulebook decide alone"),
        format!("write one into `.cupcake/policies/{harness}`, or name another agent by `--harness`"),
    ));
}
