//! Keys of the metadata that nobody reads, and that look like one that is read.

use llmspell_utils::nearest;
use yaml_serde::{Mapping, Value};

use super::finding::{CheckFinding, Severity, at_line};
use super::subject::{CheckedPolicy, Subject};
use crate::{document, metadata};

pub(super) const ID: &str = "unknown-key";

/// The keys that OPA knows.
const KEYS: [&str; 10] = [
    "authors",
    "compile",
    "custom",
    "description",
    "entrypoint",
    "organizations",
    "related_resources",
    "schemas",
    "scope",
    "title",
];
/// The keys under `custom` that are read; others are the author's own.
const CUSTOM_KEYS: [&str; 3] = ["id", "routing", "severity"];

pub(super) fn check(subject: &Subject, findings: &mut Vec<CheckFinding>) {
    for policy in &subject.policies {
        let Some((line, text)) = metadata::first_block(&policy.text, policy.comment) else {
            continue;
        };
        let Ok(Some(keys)) = document::from_yaml::<Option<Mapping>>(&text) else {
            continue;
        };
        for key in names(&keys).filter(|key| !KEYS.contains(key)) {
            let custom = nearest(key, &CUSTOM_KEYS);
            let help = if CUSTOM_KEYS.contains(&key) {
                format!("move it under `custom`, where `{key}` is read")
            } else if custom.starts_with("did") {
                format!("{custom} It stands under `custom`")
            } else {
                nearest(key, &KEYS)
            };
            findings.push(finding(policy, key, line, help));
        }
        let custom = match keys.get("custom") {
            Some(Value::Mapping(custom)) => custom,
            _ => continue,
        };
        for key in names(custom).filter(|key| !CUSTOM_KEYS.contains(key)) {
            let close = nearest(key, &CUSTOM_KEYS);
            if close.starts_with("did") {
                findings.push(finding(policy, key, line, close));
            } else if key.starts_with("required_") {
                findings.push(finding(
                    policy,
                    key,
                    line,
                    "move it under `routing`".to_owned(),
                ));
            }
        }
    }
}

fn names(keys: &Mapping) -> impl Iterator<Item = &str> {
    keys.keys().filter_map(Value::as_str)
}

fn finding(policy: &CheckedPolicy, key: &str, line: u32, help: String) -> CheckFinding {
    let line = policy.line_of(&format!("{key}:")).unwrap_or(line);
    at_line(
        Severity::Warning,
        ID,
        &policy.summary.file,
        Some(line),
        format!("the key `{key}` of the metadata is not read"),
        help,
    )
}
