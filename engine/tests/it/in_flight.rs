//! Many evaluations at once: each event gets its own decision, once, and each decision names what made it.

use std::collections::BTreeSet;
use std::sync::{Arc, Barrier};
use std::time::Duration;

use llmspell_engine::{Decision, EngineOptions, GlobalConfig, PolicyEngine, RegoEvaluator};

use crate::support::{UNGUARDED, event, policy, project};
use crate::wasm;

const IN_FLIGHT: usize = 1_000;

/// A policy that says whose event it saw, one that fails for every third of them, and one with a signal.
fn engine(settings: &str, evaluator: RegoEvaluator) -> (tempfile::TempDir, PolicyEngine) {
    let says = policy(
        "says",
        r#"deny contains {"reason": sprintf("it is %d", [input.number]), "rule_id": "SAYS"} if input.number % 2 == 0"#,
    );
    let fails = policy(
        "fails",
        r#"ask contains {"reason": input.number, "rule_id": "FAILS"} if input.number % 3 == 0"#,
    );
    let tells = policy(
        "tells",
        r#"add_context contains sprintf("%d in all", [count(numbers.range(0, input.number)) - 1])"#,
    );
    let project = project([
        UNGUARDED,
        ("llmspell.toml", settings),
        (".cupcake/policies/says.rego", says.as_str()),
        (".cupcake/policies/fails.rego", fails.as_str()),
        (".cupcake/policies/tells.rego", tells.as_str()),
    ]);
    let options = EngineOptions {
        rego_evaluator: Some(evaluator),
        global: GlobalConfig::Off,
        // A thousand share a few cores: how long each waits is not what is asked here.
        deadline: Duration::from_mins(5),
        ..wasm::with_opa(EngineOptions::default())
    };
    let engine = PolicyEngine::load(project.path(), &options).unwrap();
    (project, engine)
}

/// Whether a decision is that of the event of this number and of no other.
fn check(decision: &Decision, number: usize, digest: &Arc<str>) {
    let said = format!("it is {number}");
    let is_even = number.is_multiple_of(2);
    let is_broken = number.is_multiple_of(3);
    assert_eq!(
        decision.rules.len(),
        if is_even { 2 } else { 1 },
        "{number}"
    );
    assert_eq!(decision.reason == said, is_even, "{}", decision.reason);
    assert_eq!(
        decision.decision.refuses(),
        is_even || is_broken,
        "{number}"
    );
    assert_eq!(decision.errors.len(), usize::from(is_broken), "{number}");
    let context: Vec<&str> = decision.context.iter().map(AsRef::as_ref).collect();
    assert_eq!(context, [format!("{number} in all")], "{number}");
    assert_eq!(&decision.policy_digest, digest);
}

fn check_in_flight(settings: &str, evaluator: RegoEvaluator) {
    let (_project, engine) = engine(settings, evaluator);
    let digest = engine.digest();
    let start = Barrier::new(IN_FLIGHT);
    let mut ids = BTreeSet::new();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..IN_FLIGHT)
            .map(|number| {
                let (engine, start) = (&engine, &start);
                scope.spawn(move || {
                    let text =
                        format!(r#"{{"hook_event_name": "PreToolUse", "number": {number}}}"#);
                    let event = event(&text);
                    start.wait();
                    engine.evaluate(&event)
                })
            })
            .collect();
        for (number, thread) in threads.into_iter().enumerate() {
            let decision = thread.join().unwrap();
            check(&decision, number, &digest);
            ids.insert(decision.decision_id);
        }
    });
    assert_eq!(ids.len(), IN_FLIGHT);
}

#[test]
fn a_thousand_evaluations_in_flight_lose_and_double_no_decision() {
    check_in_flight("", RegoEvaluator::Interpreter);
}

#[test]
fn a_thousand_evaluations_in_flight_on_the_interpreter_lose_and_double_no_decision() {
    check_in_flight("[policy]\nrvm = \"off\"\n", RegoEvaluator::Interpreter);
}

#[test]
fn a_thousand_evaluations_in_flight_on_webassembly_lose_and_double_no_decision() {
    if wasm::opa().is_some() {
        check_in_flight("", RegoEvaluator::Wasm);
    }
}

#[test]
fn every_decision_names_the_digest_of_the_policies_that_made_it() {
    let (project, engine) = engine("", RegoEvaluator::Interpreter);
    let digest = engine.digest();
    let hex = digest.strip_prefix("sha256:").unwrap();
    assert!(hex.len() == 64 && hex.chars().all(|sign| sign.is_ascii_hexdigit()));
    // Denied, failed, told, and by default.
    for text in [
        r#"{"hook_event_name": "PreToolUse", "number": 2}"#,
        r#"{"hook_event_name": "PreToolUse", "number": 3}"#,
        r#"{"hook_event_name": "PreToolUse", "number": 1}"#,
        r#"{"hook_event_name": "Stop"}"#,
    ] {
        assert_eq!(
            engine.evaluate(&event(text)).policy_digest,
            digest,
            "{text}"
        );
    }
    let path = project.path().join(".cupcake/policies/says.rego");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("it is", "it was")).unwrap();
    engine.reload();
    assert_ne!(engine.digest(), digest);
    let decision = engine.evaluate(&event(r#"{"hook_event_name": "PreToolUse", "number": 2}"#));
    assert_eq!(decision.policy_digest, engine.digest());
    assert_eq!(decision.reason, "it was 2");
}
