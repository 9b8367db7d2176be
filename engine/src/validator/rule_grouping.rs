//! Definitions of one set with other rules between them.

use std::collections::BTreeMap;

use super::finding::{CheckFinding, Severity, at_spot};
use super::subject::Subject;

pub(super) const ID: &str = "incremental-rule-grouping";

pub(super) fn check(subject: &Subject, findings: &mut Vec<CheckFinding>) {
    for module in &subject.modules {
        // The place and the line of the last definition of each set.
        let mut last: BTreeMap<&str, (usize, u32)> = BTreeMap::new();
        let rules = module.survey.rules.iter().enumerate();
        for (index, rule) in rules.filter(|(_, rule)| rule.is_set) {
            let before = last.insert(&rule.name, (index, rule.spot.line));
            let Some((before, line)) = before.filter(|(before, _)| before + 1 < index) else {
                continue;
            };
            let between = module.survey.rules.get(before + 1..index);
            let is_set = between.is_some_and(|rules| rules.iter().any(|rule| rule.is_set));
            if is_set {
                findings.push(at_spot(
                    Severity::Warning,
                    ID,
                    &module.file,
                    rule.spot,
                    format!("`{}` is defined in several places of the file", rule.name),
                    format!("put it beneath the definition at line {line}"),
                ));
            }
        }
    }
}
