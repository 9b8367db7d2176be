//! What somebody hears of an evaluation who measures it.

use llmspell_engine::{EvaluationProbe, EvaluationStep};
use tempfile::TempDir;

use crate::support::{UNGUARDED, engine, event, policy, project, repeatable};

const EVENT: &str = r#"{"hook_event_name": "PreToolUse", "tool_name": "Bash", "n": 1}"#;

/// The steps as lines, indented by their depth.
#[derive(Default)]
struct Lines {
    lines: Vec<String>,
    depth: usize,
}

impl EvaluationProbe for Lines {
    fn enter(&mut self, step: EvaluationStep<'_>) {
        let step = match step {
            EvaluationStep::Route => "route".to_owned(),
            EvaluationStep::Policy { id, file, line } => format!("{id} {file}:{line}"),
            EvaluationStep::Verb { verb, file, line } => format!("{} {file}:{line}", verb.name()),
            EvaluationStep::Signals { names } => format!("signals {}", names.join(" ")),
            EvaluationStep::Synthesize => "synthesize".to_owned(),
            other => format!("{other:?}"),
        };
        self.lines
            .push(format!("{}{step}", "  ".repeat(self.depth)));
        self.depth += 1;
    }

    fn leave(&mut self) {
        self.depth -= 1;
    }
}

fn one_policy(rules: &str) -> TempDir {
    project([
        UNGUARDED,
        (".cupcake/policies/p.rego", policy("p", rules).as_str()),
    ])
}

/// What a probe hears of the event.
fn heard(project: &TempDir, text: &str) -> Vec<String> {
    let mut lines = Lines::default();
    let _ = engine(project).evaluate_probed(&event(text), &mut lines);
    assert_eq!(lines.depth, 0, "every step has an end");
    lines.lines
}

#[test]
fn a_probe_hears_of_every_policy_and_verb_that_is_asked_and_where_it_is_defined() {
    let rules = "deny contains \"x\" if input.n == 2\n\nask contains \"y\" if input.n == 3\n\ndeny contains \"z\" if input.n == 4";
    let quiet = policy("quiet", "deny contains \"x\" if true").replace("PreToolUse", "Stop");
    let project = project([
        UNGUARDED,
        (".cupcake/policies/p.rego", policy("p", rules).as_str()),
        (".cupcake/policies/quiet.rego", quiet.as_str()),
    ]);
    assert_eq!(
        heard(&project, EVENT),
        [
            "route",
            "p .cupcake/policies/p.rego:6",
            "  deny .cupcake/policies/p.rego:8",
            "  ask .cupcake/policies/p.rego:10",
            "synthesize",
        ]
    );
}

#[cfg(unix)]
#[test]
fn the_signals_of_an_event_are_one_step_before_the_policies() {
    let text = policy("p", "deny contains \"x\" if input.signals.b == \"y\"").replace(
        "[PreToolUse]",
        "[PreToolUse]\n#     required_signals: [b, a, b]",
    );
    let project = project([
        UNGUARDED,
        (".cupcake/policies/p.rego", text.as_str()),
        (".cupcake/signals/a", "#!/bin/sh\necho a\n"),
        (".cupcake/signals/b", "#!/bin/sh\necho b\n"),
    ]);
    for name in ["a", "b"] {
        use std::os::unix::fs::PermissionsExt as _;
        let file = project.path().join(".cupcake/signals").join(name);
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    assert_eq!(
        heard(&project, EVENT),
        [
            "route",
            "signals a b",
            "p .cupcake/policies/p.rego:7",
            "  deny .cupcake/policies/p.rego:9",
            "synthesize",
        ]
    );
    assert_eq!(
        heard(&project, r#"{"hook_event_name": "Stop"}"#),
        ["route", "synthesize"]
    );
}

#[test]
fn a_policy_that_breaks_down_leaves_no_step_open() {
    let rules = "deny contains \"x\" if count(bits.lsh(1, input.n)) > 0\n\nask contains \"y\"";
    let crash = r#"{"hook_event_name": "PreToolUse", "n": 1024}"#;
    assert_eq!(
        heard(&one_policy(rules), crash),
        [
            "route",
            "p .cupcake/policies/p.rego:6",
            "  deny .cupcake/policies/p.rego:8",
            "synthesize",
        ]
    );
}

#[test]
fn an_event_that_no_policy_matches_is_routed_and_synthesized_only() {
    let project = one_policy("deny contains \"x\"");
    let stop = r#"{"hook_event_name": "Stop"}"#;
    assert_eq!(heard(&project, stop), ["route", "synthesize"]);
}

#[test]
fn a_probe_changes_nothing_of_the_decision() {
    let project = one_policy(
        "deny contains {\"reason\": \"r\", \"rule_id\": \"R\", \"severity\": \"HIGH\"} if input.n == 1",
    );
    let engine = engine(&project);
    let event = event(EVENT);
    let probed = engine.evaluate_probed(&event, &mut Lines::default());
    assert_eq!(repeatable(&probed), repeatable(&engine.evaluate(&event)));
}
