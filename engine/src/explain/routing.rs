//! Why an event does not lead to a policy.

use std::sync::Arc;

use llmspell_utils::nearest;

use super::{SkipReason, SkippedPolicy};
use crate::event::Event;
use crate::harness::{Harness, is_known};
use crate::policy::PolicySummary;

/// Says why the event does not lead to the policy.
pub(super) fn skipped(summary: &PolicySummary, event: &Event) -> SkippedPolicy {
    let (because, message) = if summary.error.is_some() {
        let message = "it is broken, as the errors of the decision say".to_owned();
        (SkipReason::Broken, message)
    } else if summary.events.iter().any(|name| name == event.name()) {
        (SkipReason::Tool, of_tool(&summary.tools, event.tool()))
    } else {
        (SkipReason::Event, of_event(&summary.events, event.name()))
    };
    SkippedPolicy {
        policy: Arc::clone(&summary.id),
        file: Arc::clone(&summary.file),
        because,
        message,
    }
}

/// Says that nothing led to the policy any more.
pub(super) fn decided_before(summary: &PolicySummary) -> SkippedPolicy {
    SkippedPolicy {
        policy: Arc::clone(&summary.id),
        file: Arc::clone(&summary.file),
        because: SkipReason::Decided,
        message: "the global configuration had refused the action already".to_owned(),
    }
}

fn of_event(events: &[String], name: &str) -> String {
    let for_events = format!("it is for {}, and the event is", listed(events));
    // An event that is written as some agent writes it is meant as it is.
    if Harness::ALL.iter().any(|harness| is_known(name, *harness)) {
        return format!("{for_events} `{name}`");
    }
    unlike(events, &for_events, name)
}

fn of_tool(tools: &[String], tool: Option<&str>) -> String {
    let kind = if tools.len() > 1 { "tools" } else { "tool" };
    let for_tools = format!("it is for the {kind} {}, and the event", listed(tools));
    match tool {
        None => format!("{for_tools} has no tool"),
        Some(tool) => unlike(tools, &format!("{for_tools} is of"), tool),
    }
}

/// The start of the sentence, the name, and the known name that is near.
fn unlike(known: &[String], start: &str, name: &str) -> String {
    let names: Vec<&str> = known.iter().map(String::as_str).collect();
    let close = nearest(name, &names);
    if close.starts_with("did") {
        format!("{start} `{name}`: {close}")
    } else {
        format!("{start} `{name}`")
    }
}

fn listed(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}
