//! Policies with the same id.

use std::collections::BTreeMap;

use super::finding::{CheckFinding, Severity, at_line};
use super::subject::{CheckedPolicy, Subject};

pub(super) const ID: &str = "shadowed-policy-id";

pub(super) fn check(subject: &Subject, findings: &mut Vec<CheckFinding>) {
    let mut owners: BTreeMap<&str, &CheckedPolicy> = BTreeMap::new();
    for policy in &subject.policies {
        let id = &policy.summary.id;
        let owner = owners.entry(id).or_insert(policy);
        if owner.summary.file != policy.summary.file {
            findings.push(at_line(
                Severity::Warning,
                ID,
                &policy.summary.file,
                policy.line_of("id:"),
                format!(
                    "the policy id `{id}` is that of `{}` already",
                    owner.summary.file
                ),
                "give each policy a `custom.id` of its own: decisions name policies by it",
            ));
        }
    }
}
