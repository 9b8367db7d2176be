//! Projects of any number of policies, and the event that they are asked about.

use std::fmt::Write as _;
use std::fs;

use llmspell_engine::{EngineOptions, Event, EventLimits, PolicyEngine};
use tempfile::TempDir;

/// A shell event of about 1 KB and three levels, as an agent sends it before a command.
pub const EVENT: &str = include_str!("event.json");

/// Which of a project's policies an event is routed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Routed {
    /// The last one only: each policy names a tool of its own.
    One,
    /// Every one: all name the tool of the event.
    All,
}

/// The guardrail that stands in every project is asked besides the policies that are routed, so that figures of these
/// switch it off; one figure says what it costs.
const NO_GUARDRAIL: &str = "builtins:\n  rulebook_security_guardrails:\n    enabled: false\n";

/// A project on disk, of policies in the usual style, each with one rule that denies.
pub fn write_project(count: usize, routed: Routed) -> TempDir {
    let folder = write_guarded_project(count, routed);
    let rulebook = folder.path().join(".cupcake/rulebook.yml");
    fs::write(rulebook, NO_GUARDRAIL).unwrap();
    folder
}

/// The same with the guardrail that stands in every project.
pub fn write_guarded_project(count: usize, routed: Routed) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let policies = folder.path().join(".cupcake/policies/claude");
    fs::create_dir_all(&policies).unwrap();
    for number in 0..count {
        let is_last = number + 1 == count;
        let tool = if routed == Routed::All || is_last {
            "Bash".to_owned()
        } else {
            format!("Tool{number}")
        };
        fs::write(
            policies.join(format!("p{number}.rego")),
            policy(number, &tool),
        )
        .unwrap();
    }
    folder
}

fn policy(number: usize, tool: &str) -> String {
    let mut text = String::new();
    write!(
        text,
        r#"# METADATA
# scope: package
# title: Policy {number}
# custom:
#   id: P-{number}
#   severity: HIGH
#   routing:
#     required_events: [PreToolUse]
#     required_tools: [{tool}]
package cupcake.policies.p{number}

import rego.v1

deny contains decision if {{
    input.hook_event_name == "PreToolUse"
    input.tool_name == "{tool}"
    contains(input.tool_input.command, "rm -rf")
    decision := {{
        "rule_id": "P-{number}-1",
        "reason": "policy {number} does not allow this command",
        "severity": "HIGH",
    }}
}}
"#
    )
    .unwrap();
    text
}

/// The engine of such a project. The folder may go once it is loaded.
pub fn engine(count: usize, routed: Routed) -> PolicyEngine {
    let project = write_project(count, routed);
    let engine = loaded(&project, count, routed);
    let policies = engine.policies();
    assert!(policies.iter().all(|policy| policy.is_compiled));
    engine
}

/// The same with the guardrail that stands in every project.
pub fn guarded_engine(count: usize, routed: Routed) -> PolicyEngine {
    loaded(&write_guarded_project(count, routed), count, routed)
}

/// The same without the virtual machine, all policies being interpreted.
pub fn engine_of_interpreter(count: usize, routed: Routed) -> PolicyEngine {
    let project = write_project(count, routed);
    let settings = project.path().join("llmspell.toml");
    fs::write(settings, "[policy]\nrvm = \"off\"\n").unwrap();
    loaded(&project, count, routed)
}

fn loaded(project: &TempDir, count: usize, routed: Routed) -> PolicyEngine {
    let engine = PolicyEngine::load(project.path(), &EngineOptions::default()).unwrap();
    let decision = engine.evaluate(&event());
    let spoke = if routed == Routed::All { count } else { 1 };
    assert_eq!(decision.rules.len(), spoke, "{:?}", decision.errors);
    engine
}

/// The event, read.
pub fn event() -> Event {
    Event::parse(EVENT.as_bytes(), &EventLimits::default()).unwrap()
}
