//! Makes one verdict of what all policies said.

use std::cmp::{Ordering, Reverse};
use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

use crate::decision::{DecisionError, RuleReport, Verb, Verdict};
use crate::evaluator::{Finding, Findings};
use crate::settings::Mode;
use crate::value::{self, Value};

static TOOL_INPUT: LazyLock<Value> = LazyLock::new(|| Value::from("tool_input"));

/// The part of a decision that follows from the findings.
#[derive(Debug, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) verdict: Verdict,
    pub(crate) reason: String,
    pub(crate) rules: Vec<RuleReport>,
    pub(crate) context: Vec<Arc<str>>,
    pub(crate) updated_input: Option<Value>,
    pub(crate) agent_messages: Vec<Arc<str>>,
    pub(crate) errors: Vec<DecisionError>,
    pub(crate) is_default: bool,
}

/// Weighs the findings: the strongest verb wins, and an error is at least a deny where the mode is to enforce.
pub(crate) fn synthesize(findings: Findings, event: &Value, mode: Mode) -> Outcome {
    let Findings {
        mut rules, errors, ..
    } = findings;
    rules.sort_by(by_weight);
    let strongest = rules
        .iter()
        .map(|finding| finding.report.verb)
        .min()
        .map_or(Verdict::Allow, verdict_of);
    let spoken = || {
        rules
            .iter()
            .map(|finding| &finding.report)
            .filter(|report| verdict_of(report.verb) == strongest)
    };
    let is_weighty = strongest != Verdict::Allow;
    let said = if is_weighty {
        join(&distinct(spoken().map(|report| &report.reason)))
    } else {
        String::new()
    };
    let is_forced = mode == Mode::Enforce && !errors.is_empty() && strongest > Verdict::Deny;

    let verdict = if is_forced { Verdict::Deny } else { strongest };
    let reason = match (is_forced, strongest.refuses()) {
        (false, _) => said,
        (true, true) => format!("{said}; {}", failure(&errors)),
        (true, false) => failure(&errors),
    };
    let agent_messages = if is_weighty {
        distinct(spoken().filter_map(|report| report.agent_context.as_ref()))
    } else {
        Vec::new()
    };
    let context = rules
        .iter()
        .map(|finding| &finding.report)
        .filter(|report| report.verb == Verb::AddContext);
    Outcome {
        verdict,
        reason,
        context: distinct(context.map(|report| &report.reason)),
        updated_input: (verdict == Verdict::Modify).then(|| updated_input(&rules, event)),
        agent_messages,
        is_default: rules.is_empty() && errors.is_empty(),
        rules: rules.into_iter().map(|finding| finding.report).collect(),
        errors,
    }
}

const fn verdict_of(verb: Verb) -> Verdict {
    match verb {
        Verb::Halt => Verdict::Halt,
        Verb::Deny => Verdict::Deny,
        Verb::Block => Verdict::Block,
        Verb::Ask => Verdict::Ask,
        Verb::Modify => Verdict::Modify,
        Verb::AddContext => Verdict::Allow,
    }
}

/// The strongest verb first, then the worst severity, then names, so that the order never depends on chance.
fn by_weight(one: &Finding, other: &Finding) -> Ordering {
    let (one, other) = (&one.report, &other.report);
    one.verb
        .cmp(&other.verb)
        .then_with(|| severity_rank(&other.severity).cmp(&severity_rank(&one.severity)))
        .then_with(|| one.rule_id.cmp(&other.rule_id))
        .then_with(|| one.policy.cmp(&other.policy))
        .then_with(|| one.file.cmp(&other.file))
        .then_with(|| one.reason.cmp(&other.reason))
        .then_with(|| one.agent_context.cmp(&other.agent_context))
}

fn severity_rank(severity: &str) -> u8 {
    match severity {
        "CRITICAL" => 4,
        "HIGH" => 3,
        "MEDIUM" | "MODERATE" => 2,
        "LOW" => 1,
        other if other.bytes().any(|letter| letter.is_ascii_lowercase()) => {
            severity_rank(&other.to_ascii_uppercase())
        }
        _ => 0,
    }
}

/// The texts in their order, each once.
fn distinct<'text>(texts: impl Iterator<Item = &'text Arc<str>>) -> Vec<Arc<str>> {
    let mut seen: HashSet<&str> = HashSet::new();
    texts
        .filter(|text| seen.insert(text))
        .map(Arc::clone)
        .collect()
}

fn join(reasons: &[Arc<str>]) -> String {
    match reasons {
        [only] => only.to_string(),
        _ => reasons
            .iter()
            .map(AsRef::as_ref)
            .collect::<Vec<&str>>()
            .join("; "),
    }
}

/// The reason of a decision that an error forced.
fn failure(errors: &[DecisionError]) -> String {
    let Some(first) = errors.first() else {
        return String::new();
    };
    let rest = match errors.len() {
        1 => String::new(),
        2 => " (and 1 more error)".to_owned(),
        count => format!(" (and {} more errors)", count - 1),
    };
    format!(
        "`{}` could not be evaluated: {}{rest}",
        first.policy, first.message
    )
}

/// The tool's input with every modification merged in: the higher priority wins, among equals the lesser rule id.
fn updated_input(rules: &[Finding], event: &Value) -> Value {
    let mut modifications: Vec<_> = rules
        .iter()
        .filter_map(|finding| Some((finding.modification.as_ref()?, &finding.report)))
        .collect();
    // The last merged wins. The sort is stable, and the rules stand in the order of their weight already.
    modifications.sort_by_key(|(modification, report)| {
        (
            modification.priority,
            Reverse((
                &report.rule_id,
                &report.policy,
                &report.file,
                &modification.updated_input,
            )),
        )
    });
    let original = match event {
        Value::Object(fields) => fields
            .get(&TOOL_INPUT)
            .filter(|input| matches!(input, Value::Object(_))),
        _ => None,
    };
    let original = original.cloned().unwrap_or_else(Value::new_object);
    modifications
        .into_iter()
        .fold(original, |input, (modification, _)| {
            value::merged(input, &modification.updated_input)
        })
}
