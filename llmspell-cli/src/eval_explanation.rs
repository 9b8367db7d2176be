//! Explanations of decisions as the program prints them.

mod policy;
mod skipped;

use llmspell_engine::{
    Explanation, PolicyExplanation, RuleOutcome, SignalExplanation, SignalOutcome,
};
use llmspell_utils::debug::escaped;

use crate::decision_text;

/// The decision, what each matched policy did, the signals that were gathered, and why other policies were not asked.
pub(crate) fn as_text(explanation: &Explanation) -> String {
    let mut text = decision_text::as_text(&explanation.decision);
    let mut parts: Vec<Vec<String>> = Vec::new();
    let mut policies: Vec<&PolicyExplanation> = explanation.evaluated.iter().collect();
    // Who spoke comes first: that is what was asked for.
    policies.sort_by_key(|policy| !has_spoken(policy));
    let decisive = decisive(explanation);
    for policy in policies {
        parts.push(policy::lines(policy, decisive == Some(&*policy.policy)));
    }
    parts.push(signals(&explanation.signals));
    parts.push(skipped::lines(&explanation.skipped));
    for part in parts.iter().filter(|part| !part.is_empty()) {
        text.push('\n');
        for line in part {
            text.push_str(&escaped(line));
            text.push('\n');
        }
    }
    text
}

fn has_spoken(policy: &PolicyExplanation) -> bool {
    let is_heard = |outcome| matches!(outcome, RuleOutcome::Fired | RuleOutcome::Failed);
    let mut rules = policy.rules.iter();
    rules.any(|rule| rule.verb.is_some() && is_heard(rule.outcome))
}

/// The policy whose rule, or whose failure, made the decision what it is.
fn decisive(explanation: &Explanation) -> Option<&str> {
    let decision = &explanation.decision;
    let name = decision.decision.name();
    let mut rules = decision.rules.iter();
    if let Some(rule) = rules.find(|rule| rule.verb.name() == name) {
        return Some(&rule.policy);
    }
    let mut errors = decision.errors.iter();
    let is_refused = decision.decision.refuses();
    errors.find(|_| is_refused).map(|error| &*error.policy)
}

fn signals(signals: &[SignalExplanation]) -> Vec<String> {
    let mut lines: Vec<String> = signals.iter().map(signal).collect();
    if !lines.is_empty() {
        lines.insert(0, "signals".to_owned());
    }
    lines
}

fn signal(signal: &SignalExplanation) -> String {
    let outcome = match signal.outcome {
        SignalOutcome::Answered => "answered",
        SignalOutcome::Exited | SignalOutcome::Failed => "failed  ",
    };
    let message = signal
        .message
        .as_deref()
        .map(|message| format!(": {message}"));
    format!(
        "  {outcome} {}, {:.1} ms{}",
        signal.name,
        signal.time_us / 1_000.0,
        message.unwrap_or_default()
    )
}

/// A list of names in lines that a terminal shows without breaking them.
fn wrapped(first: &str, next: &str, names: &[&str]) -> Vec<String> {
    const WIDTH: usize = 100;
    let mut lines = Vec::new();
    let mut line = first.to_owned();
    let mut is_empty = true;
    for name in names {
        let comma = if is_empty { "" } else { ", " };
        let longer = line.chars().count() + comma.len() + name.chars().count();
        if !is_empty && longer >= WIDTH {
            lines.push(std::mem::replace(&mut line, next.to_owned()) + ",");
            line.push_str(name);
        } else {
            line.push_str(comma);
            line.push_str(name);
        }
        is_empty = false;
    }
    lines.push(line);
    lines
}
