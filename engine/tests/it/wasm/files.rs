//! Modules that lie among the policies of a project: what they say, where they are routed, and who keeps them.

use std::thread;
use std::time::Duration;

use llmspell_engine::{DecisionErrorKind as Kind, RuleOutcome, Verdict};

use super::module::{decision, engine_of, engine_within, module, project_of, saying};
use crate::support::{event, repeatable, write};

const DENYING: &str = r#"[{"result":[{"reason":"no","rule_id":"R"}]}]"#;

fn binary(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

#[test]
fn a_module_speaks_like_any_policy() {
    let quiet = decision(&binary(&module(&[])));
    assert_eq!(quiet.decision, Verdict::Allow);
    assert_eq!(quiet.errors, []);

    let decision = decision(&binary(&saying(DENYING)));
    assert_eq!(decision.decision, Verdict::Deny);
    assert_eq!(decision.errors, []);
    assert_eq!(decision.reason, "no");
    assert_eq!(&*decision.rules[0].policy, "GUARD");
    assert_eq!(&*decision.rules[0].file, ".cupcake/policies/guard.wasm");
}

#[test]
fn an_explanation_says_whether_a_module_spoke() {
    for (binary, outcome) in [
        (binary(&saying(DENYING)), RuleOutcome::Fired),
        (binary(&module(&[])), RuleOutcome::Silent),
    ] {
        let project = project_of(&binary);
        let engine = engine_of(project.path());
        let found = engine.explain(&event(r#"{"hook_event_name": "PreToolUse"}"#));
        let mut policies = found.evaluated.iter();
        let policy = policies.find(|policy| &*policy.policy == "GUARD").unwrap();
        let deny = policy.rules.iter().find(|rule| rule.name == "deny");
        assert_eq!(deny.unwrap().outcome, outcome);
    }
}

#[test]
fn a_module_is_asked_for_the_events_of_the_file_beside_it_only() {
    let project = project_of(&binary(&saying(DENYING)));
    let engine = engine_of(project.path());
    let other = engine.evaluate(&event(r#"{"hook_event_name": "Stop"}"#));
    assert_eq!(other.decision, Verdict::Allow);
    assert_eq!(engine.policies()[0].events, ["PreToolUse"]);
}

#[test]
fn a_module_without_routing_is_an_error() {
    let project = project_of(&binary(&saying(DENYING)));
    std::fs::remove_file(project.path().join(".cupcake/policies/guard.wasm.yml")).unwrap();
    let decision = engine_of(project.path()).evaluate(&event(r#"{"hook_event_name": "Stop"}"#));
    assert_eq!(decision.decision, Verdict::Deny);
    assert_eq!(decision.errors[0].kind, Kind::Metadata);
}

#[test]
fn the_routing_of_a_module_that_is_not_there_is_an_error() {
    let project = project_of(&binary(&module(&[])));
    let routing = "custom:\n  routing:\n    required_events: [Stop]\n";
    write(project.path(), ".cupcake/policies/gone.wasm.yml", routing);
    let decision = engine_of(project.path()).evaluate(&event(r#"{"hook_event_name": "Stop"}"#));
    assert_eq!(decision.decision, Verdict::Deny);
    assert_eq!(
        decision.errors[0].file.as_deref(),
        Some(".cupcake/policies/gone.wasm.yml")
    );
}

#[test]
fn two_threads_get_the_decisions_that_one_gets() {
    let project = project_of(&binary(&saying(DENYING)));
    let engine = engine_within(Duration::from_secs(60), project.path());
    let event = event(r#"{"hook_event_name": "PreToolUse"}"#);
    let expected = repeatable(&engine.evaluate(&event));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..200 {
                    assert_eq!(repeatable(&engine.evaluate(&event)), expected);
                }
            });
        }
    });
}

#[test]
fn a_module_with_constants_behind_the_memory_that_it_wants_is_loaded() {
    // OPA 1.7.1 counts a page too few where its last constants begin a new one.
    let denying = saying(DENYING);
    let (text, end) = denying.split_at(denying.rfind(')').unwrap());
    let behind = format!("{text} (data (i32.const 131080) \"constant\") {end}");
    let decision = decision(&binary(&behind));
    assert_eq!(decision.errors, []);
    assert_eq!(decision.decision, Verdict::Deny);
}
