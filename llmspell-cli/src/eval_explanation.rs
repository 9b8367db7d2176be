//! Explanations of decisions as the program prints them.

use llmspell_engine::{
    Explanation, FailedExpression, PolicyExplanation, RuleExplanation, RuleOutcome,
};
use llmspell_utils::debug::escaped;

use crate::decision_text;

/// The decision, what each matched policy did, and why the others were not asked.
pub(crate) fn as_text(explanation: &Explanation) -> String {
    let mut text = decision_text::as_text(&explanation.decision);
    let mut lines: Vec<String> = Vec::new();
    for policy in &explanation.evaluated {
        lines.push(String::new());
        lines.extend(of_policy(policy));
    }
    if !explanation.skipped.is_empty() {
        lines.push(String::new());
        lines.push("not asked".to_owned());
    }
    lines.extend(explanation.skipped.iter().map(|skipped| {
        format!(
            "  {} ({}): {}",
            skipped.policy, skipped.file, skipped.message
        )
    }));
    for line in lines {
        text.push_str(&escaped(&line));
        text.push('\n');
    }
    text
}

fn of_policy(policy: &PolicyExplanation) -> Vec<String> {
    let took = policy
        .time_us
        .map(|time| format!(", {time:.0} µs"))
        .unwrap_or_default();
    let mut lines = vec![format!("{} ({}{took})", policy.policy, policy.file)];
    let is_asked = |rule: &&RuleExplanation| rule.outcome != RuleOutcome::NotAsked;
    let asked = policy.rules.iter().filter(is_asked);
    lines.extend(asked.flat_map(|rule| of_rule(rule, policy)));
    if policy.rules.is_empty() {
        lines.push("  silent".to_owned());
    }
    let mut unasked: Vec<&str> = Vec::new();
    for rule in policy.rules.iter().filter(|rule| !is_asked(rule)) {
        if !unasked.contains(&rule.name.as_str()) {
            unasked.push(&rule.name);
        }
    }
    let inputs = |missing: bool| -> Vec<&str> {
        let inputs = policy.inputs.iter();
        inputs
            .filter(|input| input.missing.is_some() == missing)
            .map(|input| input.path.as_str())
            .collect()
    };
    for (what, names) in [
        ("unasked", unasked),
        ("read   ", inputs(false)),
        ("missing", inputs(true)),
    ] {
        if !names.is_empty() {
            lines.push(format!("  {what}  {}", names.join(", ")));
        }
    }
    lines
}

fn of_rule(rule: &RuleExplanation, policy: &PolicyExplanation) -> Vec<String> {
    let outcome = match rule.outcome {
        RuleOutcome::Fired => "fired  ",
        RuleOutcome::Silent => "silent ",
        RuleOutcome::Failed => "failed ",
        RuleOutcome::NotAsked => "unasked",
    };
    let place = if rule.file == policy.file {
        format!("line {}", rule.line)
    } else {
        format!("{}:{}", rule.file, rule.line)
    };
    let mut lines = vec![format!("  {outcome}  {} at {place}", rule.name)];
    lines.extend(rule.failed.iter().map(of_expression));
    lines
}

fn of_expression(failed: &FailedExpression) -> String {
    let why = match &failed.error {
        Some(error) => format!("fails: {error}"),
        None => "does not hold".to_owned(),
    };
    format!(
        "           {}:{}  {} {why}",
        failed.line,
        failed.column,
        quoted(&failed.expression)
    )
}

/// The expression on one line, between quotes that it does not hold itself.
fn quoted(expression: &str) -> String {
    // An expression may go over several lines.
    let words: Vec<&str> = expression.split_whitespace().collect();
    let line = words.join(" ");
    if line.contains('`') {
        format!("`` {line} ``")
    } else {
        format!("`{line}`")
    }
}
