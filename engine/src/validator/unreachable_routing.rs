//! A routing that no event can match.

use super::finding::{CheckFinding, Severity, at_line};
use super::names;
use super::subject::Subject;

pub(super) const ID: &str = "unreachable-routing";

pub(super) fn check(subject: &Subject, findings: &mut Vec<CheckFinding>) {
    for policy in &subject.policies {
        let summary = &policy.summary;
        if summary.tools.is_empty() || summary.tools.iter().any(|tool| tool == "*") {
            continue;
        }
        let harness = policy.harness().unwrap_or(subject.harness);
        let lacks_tool = |event: &&String| names::carries_tool(harness, event) == Some(false);
        let unreachable: Vec<&String> = summary.events.iter().filter(lacks_tool).collect();
        let is_never = !unreachable.is_empty() && unreachable.len() == summary.events.len();
        let severity = if is_never {
            Severity::Error
        } else {
            Severity::Warning
        };
        for event in unreachable {
            findings.push(at_line(
                severity,
                ID,
                &summary.file,
                policy.line_of("required_tools"),
                format!("`{event}` of `{harness}` has no tool, so `required_tools` keeps it from the policy"),
                "remove `required_tools`, or the event",
            ));
        }
    }
}
