//! The same policies and the same event lead to the same decision, whoever asks and however often.

use std::collections::BTreeSet;

use llmspell_engine::PolicyEngine;
use tempfile::TempDir;

use crate::support::{engine, event, json, policy, project, repeatable};

const EVENT: &str = r#"{"hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_input": {"command": "rm -rf /", "n": 1}}"#;

/// A project whose policies all speak at once, and some of which fail.
fn talkative() -> TempDir {
    let rules = |index: usize| {
        format!(
            r#"
            ask contains {{"reason": sprintf("%s of {index}", [word]), "rule_id": word, "severity": "HIGH"}} if {{
                some word in split(input.tool_input.command, " ")
            }}

            modify contains {{"reason": "m", "rule_id": "M", "updated_input": {{"who": {index}, "list": {{3, 1, 2}}}}}}

            add_context contains ["b", "a", "c of {index}"]

            deny contains {{"no": "reason"}} if {index} % 3 == 0

            block contains {{"reason": "b", "by": 1 / (input.tool_input.n - {index} % 2)}} if {index} > 5
            "#
        )
    };
    let files: Vec<(String, String)> = (0..9)
        .map(|index| {
            let name = format!("p{index}");
            (
                format!(".cupcake/policies/{name}.rego"),
                policy(&name, &rules(index)),
            )
        })
        .collect();
    project(
        files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str())),
    )
}

fn decide(engine: &PolicyEngine) -> String {
    repeatable(&engine.evaluate(&event(EVENT)))
}

#[test]
fn a_decision_is_the_same_byte_for_byte_again_and_in_another_engine() {
    let project = talkative();
    let first = engine(&project);
    let expected = decide(&first);
    assert!(
        expected.contains("malformed") && expected.contains("evaluation"),
        "{expected}"
    );
    for _ in 0..50 {
        assert_eq!(decide(&first), expected);
    }
    assert_eq!(decide(&engine(&project)), expected);
}

#[test]
fn a_decision_is_the_same_byte_for_byte_from_many_threads_at_once() {
    let project = talkative();
    let engine = engine(&project);
    let expected = decide(&engine);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| (0..20).map(|_| decide(&engine)).collect::<BTreeSet<_>>()))
            .collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), BTreeSet::from([expected.clone()]));
        }
    });
}

#[test]
fn a_crash_leaves_the_policy_ready_for_the_next_event() {
    // Regorus panics when it shows a number beyond the largest of JSON in a message.
    let rules = r#"
        deny contains {"reason": "it starts"} if count(bits.lsh(1, input.n)) > 0

        ask contains {"reason": input.text}
    "#;
    let project = project([(".cupcake/policies/p.rego", policy("p", rules).as_str())]);
    let engine = engine(&project);
    let crash = event(r#"{"hook_event_name": "PreToolUse", "n": 1024}"#);
    let sound = event(r#"{"hook_event_name": "PreToolUse", "text": "sound"}"#);
    for _ in 0..3 {
        assert_eq!(engine.evaluate(&crash).errors[0].kind.code(), "crashed");
        assert_eq!(engine.evaluate(&sound).reason, "sound");
    }
}

#[test]
fn every_decision_has_an_id_of_its_own() {
    let project = project([]);
    let engine = engine(&project);
    let event = event(EVENT);
    let ids: BTreeSet<String> = (0..100)
        .map(|_| engine.evaluate(&event).decision_id)
        .collect();
    assert_eq!(ids.len(), 100);
    assert!(
        ids.iter()
            .all(|id| id.len() == 36 && id.as_bytes()[14] == b'7'),
        "{ids:?}"
    );
}

#[test]
fn the_fields_of_a_decision_stand_in_their_order() {
    let project = project([]);
    let decision = engine(&project).evaluate(&event(EVENT));
    let text = serde_json::to_string(&decision).unwrap();
    let keys = [
        "decision",
        "reason",
        "rules",
        "context",
        "updated_input",
        "agent_messages",
        "errors",
        "event",
        "tool",
        "default",
        "decision_id",
        "policy_digest",
        "timings_us",
    ];
    let places: Vec<usize> = keys
        .iter()
        .map(|key| text.find(&format!("\"{key}\":")).unwrap())
        .collect();
    assert!(places.is_sorted(), "{text}");
    assert_eq!(json(&decision).as_object().unwrap().len(), keys.len());
    for phase in ["route", "signals", "evaluate", "synthesize", "total"] {
        assert!(json(&decision)["timings_us"][phase].is_number());
    }
}
