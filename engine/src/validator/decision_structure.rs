//! Decisions that lack what every decision has, as far as they stand in the policy.

use llmspell_utils::nearest;

use super::finding::{CheckFinding, Severity, at_spot};
use super::subject::Subject;
use crate::decision::Verb;
use crate::evaluator::rego::{Said, StatedDecision, StatedField, StatedValue};

const STRUCTURE: &str = "decision-structure";
const SEVERITY: &str = "decision-severity";
const RULE_ID: &str = "decision-rule-id";
const KEY: &str = "decision-key";
pub(super) const IDS: [&str; 4] = [STRUCTURE, SEVERITY, RULE_ID, KEY];

const KEYS: [&str; 6] = [
    "agent_context",
    "priority",
    "reason",
    "rule_id",
    "severity",
    "updated_input",
];
const TEXTS: [&str; 4] = ["agent_context", "reason", "rule_id", "severity"];
const SEVERITIES: [&str; 4] = ["CRITICAL", "HIGH", "LOW", "MEDIUM"];
const MOST_PRIORITY: u64 = 255;

pub(super) fn check(subject: &Subject, findings: &mut Vec<CheckFinding>) {
    for (policy, module) in subject.surveyed() {
        let severity = policy
            .metadata
            .as_ref()
            .and_then(|metadata| metadata.severity.as_ref());
        for decision in &module.survey.decisions {
            Decision {
                file: &module.file,
                decision,
                policy_severity: severity.map(String::as_str),
            }
            .check(findings);
        }
    }
}

/// One decision of a file.
struct Decision<'subject> {
    file: &'subject str,
    decision: &'subject StatedDecision,
    policy_severity: Option<&'subject str>,
}

impl Decision<'_> {
    fn check(&self, findings: &mut Vec<CheckFinding>) {
        let verb = self.decision.verb;
        let (message, help) = match (&self.decision.said, verb) {
            (Said::Text | Said::List, Verb::AddContext) => return,
            (Said::Object { .. } | Said::Other(_), Verb::AddContext) => (
                "`add_context` holds something that is no text".to_owned(),
                "write `add_context contains \"…\"`",
            ),
            (Said::Object { fields, is_whole }, _) => {
                self.check_fields(fields, *is_whole, findings);
                return;
            }
            (said, _) => {
                let what = match said {
                    Said::Text => "a text",
                    Said::Other(what) => what,
                    Said::List | Said::Object { .. } => "a list",
                };
                (
                    format!("`{}` holds {what}, not a decision", verb.name()),
                    "write an object with `reason`, `rule_id` and `severity`",
                )
            }
        };
        findings.push(self.finding(Severity::Error, STRUCTURE, message, help));
    }

    fn check_fields(
        &self,
        fields: &[StatedField],
        is_whole: bool,
        findings: &mut Vec<CheckFinding>,
    ) {
        let has = |key: &str| !is_whole || fields.iter().any(|field| field.key == key);
        let name = self.decision.verb.name();
        let missing = |key: &str| format!("a decision of `{name}` has no `{key}`");
        if !has("reason") {
            let help = "add a sentence for people: without it the decision is an error";
            findings.push(self.finding(Severity::Error, STRUCTURE, missing("reason"), help));
        }
        if self.decision.verb == Verb::Modify && !has("updated_input") {
            let help = "add an object that is merged over the tool's input";
            findings.push(self.finding(Severity::Error, STRUCTURE, missing("updated_input"), help));
        }
        if !has("severity") {
            let counts = self.policy_severity.unwrap_or("MEDIUM");
            let help = format!("add LOW, MEDIUM, HIGH or CRITICAL: without it `{counts}` counts");
            findings.push(self.finding(Severity::Warning, SEVERITY, missing("severity"), help));
        }
        if !has("rule_id") {
            let help = "add a stable name: without it the policy's id counts";
            findings.push(self.finding(Severity::Warning, RULE_ID, missing("rule_id"), help));
        }
        findings.extend(fields.iter().filter_map(|field| self.check_field(field)));
    }

    fn check_field(&self, field: &StatedField) -> Option<CheckFinding> {
        let key = field.key.as_str();
        if !KEYS.contains(&key) {
            let close = nearest(key, &KEYS);
            return close.starts_with("did").then(|| {
                self.of_field(
                    field,
                    Severity::Warning,
                    KEY,
                    format!("`{key}` is no field of a decision"),
                    close,
                )
            });
        }
        let what = match &field.value {
            StatedValue::Computed => return None,
            StatedValue::Text(_) => "a text",
            StatedValue::Number(_) => "a number",
            StatedValue::Object => "an object",
            StatedValue::Other(what) => what,
        };
        let wanted = match (&field.value, key) {
            (StatedValue::Text(text), "severity") => return self.check_severity(field, text),
            (StatedValue::Text(text), "reason") if text.trim().is_empty() => {
                let message = "the `reason` is empty".to_owned();
                let help = "say in one sentence why".to_owned();
                return Some(self.of_field(field, Severity::Warning, STRUCTURE, message, help));
            }
            (StatedValue::Text(_), key) if TEXTS.contains(&key) => return None,
            (StatedValue::Object, "updated_input") => return None,
            (StatedValue::Number(Some(priority)), "priority") if *priority <= MOST_PRIORITY => {
                return None;
            }
            (_, "priority") => "a whole number from 0 to 255",
            (_, "updated_input") => "an object",
            _ => "a text",
        };
        let message = format!("the `{key}` of a decision is {what}");
        Some(self.of_field(
            field,
            Severity::Error,
            STRUCTURE,
            message,
            format!("make it {wanted}"),
        ))
    }

    fn check_severity(&self, field: &StatedField, text: &str) -> Option<CheckFinding> {
        if SEVERITIES.contains(&text) {
            return None;
        }
        let message = format!("`{text}` is no known severity");
        let help = "write LOW, MEDIUM, HIGH or CRITICAL".to_owned();
        Some(self.of_field(field, Severity::Warning, SEVERITY, message, help))
    }

    fn finding(
        &self,
        severity: Severity,
        rule: &'static str,
        message: String,
        help: impl Into<String>,
    ) -> CheckFinding {
        at_spot(severity, rule, self.file, self.decision.spot, message, help)
    }

    fn of_field(
        &self,
        field: &StatedField,
        severity: Severity,
        rule: &'static str,
        message: String,
        help: String,
    ) -> CheckFinding {
        at_spot(severity, rule, self.file, field.spot, message, help)
    }
}
