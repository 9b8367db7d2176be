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
    lines.extend(policy.rules.iter().flat_map(of_rule));
    let names = |missing: bool| -> Vec<&str> {
        let inputs = policy.inputs.iter();
        inputs
            .filter(|input| input.missing.is_some() == missing)
            .map(|input| input.path.as_str())
            .collect()
    };
    for (what, names) in [("read   ", names(false)), ("missing", names(true))] {
        if !names.is_empty() {
            lines.push(format!("  {what}  {}", names.join(", ")));
        }
    }
    lines
}

fn of_rule(rule: &RuleExplanation) -> Vec<String> {
    let outcome = match rule.outcome {
        RuleOutcome::Fired => "fired  ",
        RuleOutcome::Silent => "silent ",
        RuleOutcome::Failed => "failed ",
        RuleOutcome::NotAsked => "unasked",
    };
    let mut lines = vec![format!(
        "  {outcome}  {} at {}:{}",
        rule.name, rule.file, rule.line
    )];
    lines.extend(rule.failed.iter().map(of_expression));
    lines
}

fn of_expression(failed: &FailedExpression) -> String {
    let why = match &failed.error {
        Some(error) => format!("fails: {error}"),
        None => "is not true".to_owned(),
    };
    // An expression may go over several lines.
    let expression = failed.expression.split_whitespace().collect::<Vec<_>>();
    format!(
        "           `{}` {why} at {}:{}:{}",
        expression.join(" "),
        failed.file,
        failed.line,
        failed.column
    )
}
