//! A rule's id that stands in several policies, so that a report does not say which one spoke.

use std::collections::BTreeMap;

use super::finding::{CheckFinding, Severity, at_spot};
use super::subject::Subject;
use crate::evaluator::rego::{Said, Spot, StatedValue};

pub(super) const ID: &str = "duplicate-rule-id";

pub(super) fn check(subject: &Subject, findings: &mut Vec<CheckFinding>) {
    let mut owners: BTreeMap<&str, (&str, Spot)> = BTreeMap::new();
    for (file, rule_id, spot) in rule_ids(subject) {
        let (owner, first) = *owners.entry(rule_id).or_insert((file, spot));
        if owner != file {
            findings.push(at_spot(
                Severity::Warning,
                ID,
                file,
                spot,
                format!(
                    "the rule id `{rule_id}` is that of `{owner}:{}` already",
                    first.line
                ),
                "give each rule an id of its own",
            ));
        }
    }
}

fn rule_ids(subject: &Subject) -> impl Iterator<Item = (&str, &str, Spot)> {
    subject.surveyed().flat_map(|(_, module)| {
        let fields = module
            .survey
            .decisions
            .iter()
            .flat_map(|decision| match &decision.said {
                Said::Object { fields, .. } => fields.as_slice(),
                _ => &[],
            });
        fields.filter_map(|field| match &field.value {
            StatedValue::Text(id) if field.key == "rule_id" => {
                Some((module.file.as_str(), id.as_str(), field.spot))
            }
            _ => None,
        })
    })
}
