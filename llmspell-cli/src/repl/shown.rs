//! Values and explanations as the prompt shows them.

use llmspell_bridge::{DumpNode, DumpOptions, dump};
use llmspell_engine::{Decision, Event, PolicySummary};
use llmspell_utils::debug::escaped;
use llmspell_utils::debug::report::duration;

use crate::measure::{Measurement, Series};

/// How many characters of value fit on one line.
const LINE: usize = 100;

/// How much of a value is looked at and shown.
pub(super) fn limits() -> DumpOptions {
    DumpOptions {
        max_depth: 6,
        max_string_length: 1000,
        show_types: false,
        ..DumpOptions::default()
    }
}

/// Values on one line if they fit there, and else over several.
pub(super) fn values(values: &[DumpNode]) -> String {
    let several = limits();
    let one = DumpOptions {
        compact_mode: true,
        ..limits()
    };
    let shown = values.iter().map(|value| dump(value, None, &one));
    let line = shown.collect::<Vec<_>>().join("  ");
    if line.chars().count() <= LINE {
        return line;
    }
    let shown = values.iter().map(|value| dump(value, None, &several));
    shown.collect::<Vec<_>>().join("\n")
}

/// Which policies an event reached and what they said, and why it did not reach the others.
pub(super) fn explanation(
    decision: &str,
    spoken: &Decision,
    event: &Event,
    policies: &[PolicySummary],
    measured: &Measurement,
) -> String {
    let series = measured.runs.in_order();
    let mut failed = Vec::new();
    let mut matched = Vec::new();
    let mut skipped = Vec::new();
    for policy in policies {
        if let Some(error) = &policy.error {
            let why = format!("cannot be evaluated: {}", error.message);
            failed.push(format!("  {}  {why}", name(policy)));
            continue;
        }
        let time = time_of(policy, &series);
        match why_not(policy, event) {
            Some(why) => skipped.push(format!("  {}  {why}", name(policy))),
            None => matched.push(format!(
                "  {}  {}{time}",
                name(policy),
                said(policy, spoken)
            )),
        }
    }
    let mut lines = Vec::new();
    for (title, list) in [
        ("failed", failed),
        ("matched", matched),
        ("skipped", skipped),
    ] {
        if !list.is_empty() {
            lines.push(title.to_owned());
            lines.extend(list);
        }
    }
    if policies.is_empty() {
        lines.push("the project has no policies".to_owned());
    }
    let lines = lines.iter().map(|line| escaped(line) + "\n");
    decision.to_owned() + &lines.collect::<String>()
}

fn name(policy: &PolicySummary) -> String {
    format!("{} ({})", policy.id, policy.file)
}

fn time_of(policy: &PolicySummary, series: &[&Series]) -> String {
    let begins = format!("{} (", policy.id);
    let found = series
        .iter()
        .find(|part| part.name.starts_with(&begins) && part.name.contains(&*policy.file));
    found.map_or_else(String::new, |part| {
        format!(", in {}", duration(part.sorted().quantile(0.5)))
    })
}

/// What a policy said, as far as the decision tells.
fn said(policy: &PolicySummary, decision: &Decision) -> String {
    let rules = decision.rules.iter();
    let mut said: Vec<String> = rules
        .filter(|rule| rule.policy == policy.id && rule.file == policy.file)
        .map(|rule| format!("{} says {}", rule.rule_id, rule.verb.name()))
        .collect();
    let errors = decision.errors.iter();
    said.extend(
        errors
            .filter(|error| error.policy == policy.id)
            .map(|error| format!("failed: {}", error.message)),
    );
    if said.is_empty() {
        "said nothing".to_owned()
    } else {
        said.join(", ")
    }
}

/// Why an event does not reach a policy; nothing if it does.
fn why_not(policy: &PolicySummary, event: &Event) -> Option<String> {
    if !policy.events.iter().any(|name| name == event.name()) {
        return Some(format!("is for {} only", listed(&policy.events)));
    }
    let tools = &policy.tools;
    let any = tools.is_empty() || tools.iter().any(|tool| tool == "*");
    match event.tool() {
        _ if any => None,
        Some(tool) if tools.iter().any(|known| known == tool) => None,
        Some(_) => Some(format!("is for the tools {} only", listed(tools))),
        None => Some(format!(
            "is for the tools {} only, and the event has no tool",
            listed(tools)
        )),
    }
}

fn listed(names: &[String]) -> String {
    if names.is_empty() {
        return "no event".to_owned();
    }
    names.join(", ")
}
