//! Decisions as the program prints them.

use llmspell_engine::{Decision, DecisionError, RuleReport, Timings};
use llmspell_utils::debug::escaped;

use crate::failure::Failure;

/// One JSON document.
pub(crate) fn as_json(decision: &Decision) -> Result<String, Failure> {
    let mut text = serde_json::to_string_pretty(decision).map_err(Failure::internal)?;
    text.push('\n');
    Ok(text)
}

/// The decision for a person. Policies and events choose much of the text: each line is escaped, so that
/// none of it looks like a line of ours or drives the terminal.
pub(crate) fn as_text(decision: &Decision) -> String {
    let mut lines = vec![headline(decision), event(decision)];
    lines.extend(decision.rules.iter().map(rule));
    lines.extend(
        decision
            .context
            .iter()
            .map(|text| format!("  context  {text}")),
    );
    lines.extend(decision.errors.iter().map(error));
    if decision.default {
        lines.push("  no policy had anything to say".to_owned());
    }
    lines.push(took(&decision.timings_us));
    lines.iter().map(|line| escaped(line) + "\n").collect()
}

fn headline(decision: &Decision) -> String {
    match decision.reason.as_str() {
        "" => decision.decision.name().to_owned(),
        reason => format!("{}: {reason}", decision.decision.name()),
    }
}

fn event(decision: &Decision) -> String {
    let tool = decision.tool.as_deref().map(|tool| format!(" {tool}"));
    format!("  event    {}{}", decision.event, tool.unwrap_or_default())
}

fn rule(rule: &RuleReport) -> String {
    let RuleReport {
        rule_id,
        severity,
        file,
        line,
        ..
    } = rule;
    format!(
        "  rule     {rule_id} says {} ({severity}) at {file}:{line}",
        rule.verb.name()
    )
}

fn error(error: &DecisionError) -> String {
    let place = match (&error.file, error.line) {
        (Some(file), Some(line)) => format!(" ({file}:{line})"),
        (Some(file), None) => format!(" ({file})"),
        (None, _) => String::new(),
    };
    format!(
        "  error    {} in {}: {}{place}",
        error.kind.code(),
        error.policy,
        error.message
    )
}

fn took(timings: &Timings) -> String {
    let signals = if timings.signals > 0.0 {
        format!(" signals {:.0},", timings.signals)
    } else {
        String::new()
    };
    format!(
        "  took     {:.0} µs: route {:.0},{signals} evaluate {:.0}, synthesize {:.0}",
        timings.total, timings.route, timings.evaluate, timings.synthesize
    )
}
