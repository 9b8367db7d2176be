//! A rule that tests for an event or a tool which the routing never lets through.

use super::finding::{CheckFinding, Severity, at_spot};
use super::subject::Subject;
use crate::evaluator::rego::Filtered;
use crate::policy::PolicySummary;

pub(super) const ID: &str = "contradicting-filter";

pub(super) fn check(subject: &Subject, findings: &mut Vec<CheckFinding>) {
    for (policy, module) in subject.surveyed() {
        for filter in &module.survey.filters {
            let (routed, key) = routed(&policy.summary, filter.of);
            let is_any = routed.is_empty() || routed.iter().any(|name| name == "*");
            if is_any || filter.names.iter().any(|name| routed.contains(name)) {
                continue;
            }
            let wanted: Vec<String> = filter
                .names
                .iter()
                .map(|name| format!("`{name}`"))
                .collect();
            findings.push(at_spot(
                Severity::Warning,
                ID,
                &module.file,
                filter.spot,
                format!(
                    "the rule is for {}, which the routing does not let through",
                    wanted.join(", ")
                ),
                format!("add it to `{key}`, or remove the rule"),
            ));
        }
    }
}

fn routed(summary: &PolicySummary, of: Filtered) -> (&[String], &'static str) {
    match of {
        Filtered::Event => (&summary.events, "required_events"),
        Filtered::Tool => (&summary.tools, "required_tools"),
    }
}
