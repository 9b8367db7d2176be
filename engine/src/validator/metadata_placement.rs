//! Metadata that does not stand above the package.

use super::finding::{CheckFinding, Severity, at_line};
use super::subject::Subject;

pub(super) const ID: &str = "metadata-placement";

pub(super) fn check(subject: &Subject, findings: &mut Vec<CheckFinding>) {
    for (policy, module) in subject.surveyed() {
        let Some(metadata) = &policy.metadata else {
            continue;
        };
        if metadata.routing.is_some() && metadata.line > module.package_line {
            findings.push(at_line(
                Severity::Error,
                ID,
                &module.file,
                Some(metadata.line),
                "the metadata of the package stands below the package, where it belongs to a rule"
                    .to_owned(),
                format!("move it above line {}", module.package_line),
            ));
        }
        for line in further_routings(&policy.text, metadata.line) {
            findings.push(at_line(
                Severity::Warning,
                ID,
                &module.file,
                Some(line),
                "this routing is not read: only the first metadata of a file has one".to_owned(),
                "remove it, or put the rule into a file of its own",
            ));
        }
    }
}

/// The lines of routings in metadata that follows the first.
fn further_routings(text: &str, first: u32) -> Vec<u32> {
    let mut in_metadata = false;
    let mut found = Vec::new();
    for (number, line) in (1_u32..).zip(text.lines()) {
        let Some(comment) = line.trim_start().strip_prefix('#') else {
            in_metadata = false;
            continue;
        };
        let comment = comment.trim();
        if comment == "METADATA" {
            in_metadata = number > first;
        } else if in_metadata && comment == "routing:" {
            found.push(number);
        }
    }
    found
}
