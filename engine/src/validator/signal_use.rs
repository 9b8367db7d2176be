//! Signals that are read and not asked for, or asked for and not read.

use super::finding::{CheckFinding, Severity, at_line, at_spot};
use super::subject::Subject;

const UNDECLARED: &str = "undeclared-signal";
const UNUSED: &str = "unused-signal";
pub(super) const IDS: [&str; 2] = [UNDECLARED, UNUSED];

/// What the signals that guardrails gather for themselves begin with.
const OF_GUARDRAILS: &str = "__builtin_";

pub(super) fn check(subject: &Subject, findings: &mut Vec<CheckFinding>) {
    for (policy, module) in subject.surveyed() {
        let asked = &policy.summary.signals;
        let survey = &module.survey;
        let mut told: Vec<&str> = Vec::new();
        for (name, spot) in &survey.signals {
            let is_known = asked.contains(name)
                || name.starts_with(OF_GUARDRAILS)
                || told.contains(&name.as_str());
            if is_known {
                continue;
            }
            told.push(name);
            findings.push(at_spot(
                Severity::Warning,
                UNDECLARED,
                &module.file,
                *spot,
                format!("the signal `{name}` is read, but the routing does not ask for it"),
                format!("add `{name}` to `required_signals`: else it is there only if another policy asks"),
            ));
        }
        if survey.reads_any_signal {
            continue;
        }
        let reads = |name: &String| survey.signals.iter().any(|(read, _)| read == name);
        for name in asked.iter().filter(|name| !reads(name)) {
            findings.push(at_line(
                Severity::Note,
                UNUSED,
                &module.file,
                policy.line_of("required_signals"),
                format!("the routing asks for the signal `{name}`, which the policy does not read"),
                "remove it: a signal costs a process for every event",
            ));
        }
    }
}
