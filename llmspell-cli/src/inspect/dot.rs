//! The routes of a project as a graph: events lead to tools, and tools to policies.

use std::collections::BTreeSet;

use llmspell_engine::Inspection;

/// A graph in the language of Graphviz.
pub(super) fn as_dot(inspection: &Inspection) -> String {
    let mut lines: BTreeSet<String> = BTreeSet::new();
    for policy in inspection.policies.iter().chain(&inspection.guardrails) {
        let broken = if policy.error.is_some() {
            ", color=red, fontcolor=red"
        } else {
            ""
        };
        let label = format!("{}\n{}", policy.id, policy.file);
        lines.insert(format!(
            "  {} [shape=box, label={}{broken}];",
            node("policy", &policy.id),
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
