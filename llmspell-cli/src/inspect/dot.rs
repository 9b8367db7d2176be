//! The routes of a project as a graph: events lead to tools, and tools to policies.

use std::collections::{BTreeMap, BTreeSet};

use llmspell_engine::{InspectedPolicy, Inspection};

/// A graph in the language of Graphviz.
pub(super) fn as_dot(inspection: &Inspection) -> String {
    let mut lines: BTreeSet<String> = BTreeSet::new();
    // The machine's policies may have the ids of the project's, and routes name ids.
    let mut known: BTreeMap<&str, Vec<&InspectedPolicy>> = BTreeMap::new();
    for policy in inspection.policies.iter().chain(&inspection.guardrails) {
        known.entry(&policy.id).or_default().push(policy);
    }
    for (id, policies) in known {
        let broken = if policies.iter().any(|policy| policy.error.is_some()) {
            ", color=red, fontcolor=red"
        } else {
            ""
        };
        let files: Vec<&str> = policies.iter().map(|policy| &*policy.file).collect();
        let label = format!("{id}\n{}", files.join("\n"));
        lines.insert(format!(
            "  {} [shape=box, label={}{broken}];",
            node("policy", id),
            quoted(&label)
        ));
    }
    for route in &inspection.routes {
        let event = node("event", &route.event);
        let tool = node("tool", &format!("{} {}", route.event, route.tool));
        lines.insert(format!(
            "  {event} [shape=ellipse, label={}];",
            quoted(&route.event)
        ));
        lines.insert(format!(
            "  {tool} [shape=plaintext, label={}];",
            quoted(&route.tool)
        ));
        lines.insert(format!("  {event} -> {tool};"));
        for policy in &route.policies {
            lines.insert(format!("  {tool} -> {};", node("policy", policy)));
        }
    }
    let body: Vec<String> = lines.into_iter().collect();
    format!(
        "digraph routes {{\n  rankdir=LR;\n{}\n}}\n",
        body.join("\n")
    )
}

fn node(kind: &str, name: &str) -> String {
    quoted(&format!("{kind} {name}"))
}

/// A text in quotes; line breaks are kept, other control characters are not.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\n' => quoted.push_str("\\n"),
            other if other.is_control() => quoted.push('\u{fffd}'),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}
