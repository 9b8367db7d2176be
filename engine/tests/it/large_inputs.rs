//! Events and policies of a size that once switched everything off: what is too large is refused, and the rest is decided.

use llmspell_engine::{
    EngineOptions, Event, EventErrorKind, GlobalConfig, PolicyEngine, RegoEvaluator, Verdict,
};
use tempfile::TempDir;

use crate::support::{UNGUARDED, policy, project};
use crate::wasm;

fn evaluators() -> Vec<RegoEvaluator> {
    let mut evaluators = vec![RegoEvaluator::Interpreter];
    evaluators.extend(wasm::opa().map(|_| RegoEvaluator::Wasm));
    evaluators
}

fn engine(project: &TempDir, evaluator: RegoEvaluator) -> PolicyEngine {
    let options = EngineOptions {
        rego_evaluator: Some(evaluator),
        global: GlobalConfig::Off,
        // Builds for tests are slow, and how fast a large event is decided is not the question here.
        deadline: std::time::Duration::from_secs(60),
        ..wasm::with_opa(EngineOptions::default())
    };
    PolicyEngine::load(project.path(), &options).unwrap()
}

/// An event whose command is followed by as many blanks and a comment.
fn padded(command: &str, bytes: usize) -> String {
    format!(
        r#"{{"hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_input": {{"command": "{command} #{}"}}}}"#,
        "x".repeat(bytes)
    )
}

const MEBIBYTE: usize = 1024 * 1024;

#[test]
fn a_command_that_is_padded_with_megabytes_is_denied_or_no_event_and_never_allowed() {
    let rule = r#"deny contains {"reason": "no deleting", "rule_id": "RM", "severity": "HIGH"} if contains(input.tool_input.command, "rm -rf")"#;
    let text = policy("rm", rule);
    let project = project([UNGUARDED, (".cupcake/policies/rm.rego", text.as_str())]);
    for evaluator in evaluators() {
        let engine = engine(&project, evaluator);
        for bytes in [0, MEBIBYTE, 4 * MEBIBYTE, 7 * MEBIBYTE] {
            let event = padded("rm -rf /", bytes);
            let event = Event::parse(event.as_bytes(), engine.event_limits()).unwrap();
            let decision = engine.evaluate(&event);
            assert_eq!(decision.decision, Verdict::Deny, "{evaluator:?} {bytes}");
            assert_eq!(decision.reason, "no deleting", "{evaluator:?} {bytes}");
            assert_eq!(decision.errors, [], "{evaluator:?} {bytes}");
        }
        let event = padded("rm -rf /", 8 * MEBIBYTE);
        let error = Event::parse(event.as_bytes(), engine.event_limits()).unwrap_err();
        assert_eq!(error.kind, EventErrorKind::Size);
    }
}

#[test]
fn a_command_that_is_padded_beyond_what_guardrails_read_never_passes() {
    let text = policy("none", r#"ask contains {"reason": "x"} if input.never"#);
    let project = project([(".cupcake/policies/none.rego", text.as_str())]);
    let engine = engine(&project, RegoEvaluator::Interpreter);
    // What is visible in the text is seen all the same; the rest is for a person to say.
    for (command, verdict) in [("rm -rf .cupcake", Verdict::Halt), ("ls", Verdict::Ask)] {
        let event = padded(command, 4 * MEBIBYTE);
        let event = Event::parse(event.as_bytes(), engine.event_limits()).unwrap();
        let decision = engine.evaluate(&event);
        assert_eq!(decision.decision, verdict, "{command}");
    }
}

/// A policy with a list of names of about this size, the last of which is denied.
fn with_constants(bytes: usize) -> String {
    let line =
        |number: usize| format!("    \"name-of-something-that-nobody-may-use-{number:08}\",\n");
    let count = bytes / line(0).len();
    let names: String = (0..=count).map(line).collect();
    policy(
        "names",
        &format!(
            "names := {{\n{names}}}\n\ndeny contains {{\"reason\": \"listed\", \"rule_id\": \"N\", \"severity\": \"HIGH\"}} if input.name in names"
        ),
    )
}

#[test]
fn a_policy_with_hundreds_of_kilobytes_of_constants_still_denies() {
    for bytes in [100 * 1024, 300 * 1024, 600 * 1024] {
        let text = with_constants(bytes);
        let name = text.rsplit("name-of").next().unwrap();
        let name = format!("name-of{}", name.split('"').next().unwrap());
        let project = project([UNGUARDED, (".cupcake/policies/names.rego", text.as_str())]);
        for evaluator in evaluators() {
            let engine = engine(&project, evaluator);
            for (name, verdict) in [(name.as_str(), Verdict::Deny), ("other", Verdict::Allow)] {
                let event = format!(r#"{{"hook_event_name": "PreToolUse", "name": "{name}"}}"#);
                let event = Event::parse(event.as_bytes(), engine.event_limits()).unwrap();
                let decision = engine.evaluate(&event);
                assert_eq!(decision.errors, [], "{evaluator:?} {bytes}");
                assert_eq!(decision.decision, verdict, "{evaluator:?} {bytes}");
            }
        }
    }
}
