//! An event that the agent program is not known to send.

use super::finding::{CheckFinding, Severity, at_line};
use super::subject::Subject;
use crate::harness::{self, Harness};

pub(super) const ID: &str = "unknown-event";

pub(super) fn check(subject: &Subject, findings: &mut Vec<CheckFinding>) {
    for policy in &subject.policies {
        let owner = policy.harness();
        let harnesses = owner.map_or_else(|| Harness::ALL.to_vec(), |harness| vec![harness]);
        let is_known = |event: &String| {
            let mut harnesses = harnesses.iter();
            harnesses.any(|harness| harness::is_known(event, *harness))
        };
        for event in policy
            .summary
            .events
            .iter()
            .filter(|event| !is_known(event))
        {
            let of = owner.map_or("no agent".to_owned(), |harness| format!("`{harness}`"));
            let sends = if owner.is_some() {
                "is not known to send"
            } else {
                "is known to send"
            };
            findings.push(at_line(
                Severity::Warning,
                ID,
                &policy.summary.file,
                policy.line_of("required_events"),
                format!("{of} {sends} an event `{event}`"),
                "correct the name, unless the event is new",
            ));
        }
    }
}
