//! What one matched policy did.

use llmspell_engine::{
    FailedExpression, InputRead, PolicyExplanation, RuleExplanation, RuleOutcome, SeenValue,
};

use super::wrapped;

/// The policy with its rules, and what it read of the event.
pub(super) fn lines(policy: &PolicyExplanation, is_decisive: bool) -> Vec<String> {
    let took = policy
        .time_us
        .map(|time| format!(", {time:.0} µs"))
        .unwrap_or_default();
    let decides = if is_decisive { " decides" } else { "" };
    let mut lines = vec![format!(
        "{} ({}{took}){decides}",
        policy.policy, policy.file
    )];
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
    lines.extend(listed("unasked", &unasked));
    lines.extend(inputs(policy));
    lines
}

fn inputs(policy: &PolicyExplanation) -> Vec<String> {
    if !policy.inputs_recorded {
        return vec!["  read     (not recorded)".to_owned()];
    }
    let read: Vec<&str> = policy
        .inputs
        .iter()
        .filter(|input| input.missing.is_none())
        .map(|input| input.path.as_str())
        .collect();
    let missing: Vec<String> = policy.inputs.iter().filter_map(missing).collect();
    let missing: Vec<&str> = missing.iter().map(String::as_str).collect();
    let mut lines = listed("read   ", &read);
    lines.extend(listed("missing", &missing));
    lines
}

fn missing(input: &InputRead) -> Option<String> {
    let missing = input.missing.as_ref()?;
    let part = if *missing == input.path {
        String::new()
    } else {
        format!(" (there is no `{missing}`)")
    };
    Some(match &input.did_you_mean {
        Some(near) => format!("{}{part}: the event has `{near}`", input.path),
        None => format!("{}{part}", input.path),
    })
}

fn listed(what: &str, names: &[&str]) -> Vec<String> {
    if names.is_empty() {
        return Vec::new();
    }
    wrapped(&format!("  {what}  "), "           ", names)
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
    lines.extend(rule.failed.iter().flat_map(of_expression));
    lines
}

fn of_expression(failed: &FailedExpression) -> Vec<String> {
    let why = match &failed.error {
        Some(error) => format!("fails: {error}"),
        None => "does not hold".to_owned(),
    };
    let mut lines = vec![format!(
        "           {}:{}  {} {why}",
        failed.line,
        failed.column,
        quoted(&failed.expression)
    )];
    lines.extend(failed.values.iter().map(of_value));
    lines
}

fn of_value(seen: &SeenValue) -> String {
    let value = match seen.values.as_slice() {
        [] => "undefined".to_owned(),
        values => values.join(" or "),
    };
    format!("             {} is {value}", quoted(&seen.expression))
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
