//! Replies whose words come from somebody who means ill.

use std::sync::Arc;

use llmspell_engine::{Decision, Harness, Value, Verdict};
use proptest::prelude::*;
use serde_json::Value as Json;

use super::effect::{grants, refuses};
use super::{UNKNOWN, assert_valid, decision, events, has_no_text, json};

/// The longest text that agent programs take.
const MAX_CHARACTERS: usize = 10_000;

fn texts(value: &Json, found: &mut Vec<String>) {
    match value {
        Json::String(text) => found.push(text.clone()),
        Json::Array(values) => values.iter().for_each(|value| texts(value, found)),
        Json::Object(fields) => fields.values().for_each(|value| texts(value, found)),
        _ => {}
    }
}

#[test]
fn a_reason_of_a_megabyte_is_cut_and_says_so() {
    let long = "x".repeat(1 << 20);
    for harness in Harness::ALL {
        for event in events(harness) {
            for verdict in Verdict::ALL {
                let decision = Decision {
                    reason: long.clone(),
                    context: vec![Arc::from(&*long), Arc::from(&*long)],
                    agent_messages: vec![Arc::from(&*long)],
                    ..decision(verdict)
                };
                let reply = harness.reply(event, &decision);
                let mut found = Vec::new();
                texts(
                    &serde_json::from_str(&reply.text).unwrap_or_default(),
                    &mut found,
                );
                for text in &found {
                    assert!(text.chars().count() <= MAX_CHARACTERS);
                    assert!(
                        text.len() < 9_000 || text.contains("cut off"),
                        "{harness} {event}"
                    );
                }
                assert!(reply.text.len() < 60_000, "{harness} {event}");
                assert!(
                    reply
                        .notice
                        .is_none_or(|notice| notice.len() <= 2 * MAX_CHARACTERS)
                );
            }
        }
    }
}

#[test]
fn the_way_to_repeat_a_call_is_not_cut_off_by_a_long_reason() {
    let decision = Decision {
        reason: "y".repeat(1 << 20),
        ..decision(Verdict::Modify)
    };
    let reply = Harness::Cursor.reply("beforeShellExecution", &decision);
    assert!(
        reply
            .text
            .contains(r#"{\"command\":\"ls -la\",\"timeout\":5}"#)
    );
}

#[test]
fn lines_stay_and_what_drives_a_terminal_is_escaped() {
    let decision = Decision {
        reason: "one\r\ntwo\t\u{1b}[31mred\u{202e}\u{7}".to_owned(),
        ..decision(Verdict::Deny)
    };
    let reply = Harness::Claude.reply("PreToolUse", &decision);
    assert_eq!(
        json(&reply)["hookSpecificOutput"]["permissionDecisionReason"],
        "one\ntwo\t\\u{1b}[31mred\\u{202e}\\u{7}"
    );
    let reply = Harness::Claude.reply(UNKNOWN, &decision);
    assert_eq!(
        reply.notice.as_deref(),
        Some("one\\ntwo\\t\\u{1b}[31mred\\u{202e}\\u{7}")
    );
}

#[test]
fn a_denial_without_a_reason_has_one() {
    for harness in Harness::ALL {
        let decision = Decision {
            reason: " \n ".to_owned(),
            ..decision(Verdict::Deny)
        };
        let event = harness.events().next().unwrap();
        let reply = harness.reply(event, &decision);
        assert!(reply.text.contains("refused by policy"), "{}", reply.text);
    }
}

#[test]
fn a_changed_input_keeps_its_numbers_and_its_depth() {
    let mut input = r#"{"a":9007199254740993,"b":0.1,"c":"\u0000\u2028"}"#.to_owned();
    for _ in 0..50 {
        input = format!(r#"{{"deep":[{input}]}}"#);
    }
    let decision = Decision {
        updated_input: Some(Value::from_json_str(&input).unwrap()),
        ..decision(Verdict::Modify)
    };
    let reply = Harness::Claude.reply("PreToolUse", &decision);
    assert!(reply.text.contains("9007199254740993"));
    let told = &json(&reply)["hookSpecificOutput"]["updatedInput"];
    assert_eq!(*told, serde_json::from_str::<Json>(&input).unwrap());
}

#[test]
fn a_changed_input_that_is_no_json_is_a_refusal() {
    let inner = Value::from(std::collections::BTreeMap::from([(
        Value::from("a"),
        Value::Undefined,
    )]));
    for harness in Harness::ALL {
        let event = match harness {
            Harness::Cursor => "preToolUse",
            _ => "PreToolUse",
        };
        let decision = Decision {
            updated_input: Some(inner.clone()),
            ..decision(Verdict::Modify)
        };
        let reply = harness.reply(event, &decision);
        let said = json(&reply);
        let is_passed_on = said["updated_input"] != Json::Null
            || said["hookSpecificOutput"]["updatedInput"] != Json::Null;
        assert!(
            refuses(harness, &reply) || is_passed_on,
            "{harness} {reply:?}"
        );
    }
}

fn any_event() -> impl Strategy<Value = (Harness, String)> {
    let known = Harness::ALL.iter().flat_map(|harness| {
        events(*harness)
            .into_iter()
            .map(|event| (*harness, event.to_owned()))
    });
    let known: Vec<_> = known.collect();
    let named = proptest::sample::select(known);
    let odd = (proptest::sample::select(Harness::ALL.to_vec()), ".{0,30}");
    prop_oneof![named, odd]
}

fn any_texts() -> impl Strategy<Value = Vec<Arc<str>>> {
    proptest::collection::vec("(?s).{0,40}".prop_map(|text| Arc::from(&*text)), 0..4)
}

proptest! {
    #[test]
    fn no_words_make_a_reply_that_is_not_valid_or_says_something_else(
        (harness, event) in any_event(),
        verdict in proptest::sample::select(Verdict::ALL.to_vec()),
        reason in "(?s).{0,200}",
        context in any_texts(),
        agent_messages in any_texts(),
    ) {
        let decision = Decision { reason, context, agent_messages, ..decision(verdict) };
        let reply = harness.reply(&event, &decision);
        prop_assert!(!reply.text.contains(['\n', '\r']));
        prop_assert!(reply.notice.as_deref().is_none_or(|notice| !notice.contains(char::is_control)));
        if !has_no_text(harness, &event) {
            assert_valid(harness, &event, &json(&reply));
        }
        if verdict.refuses() {
            prop_assert!(!grants(&reply));
            let stays_ended = matches!(&*event, "stop" | "subagentStop") && verdict == Verdict::Halt;
            prop_assert!(refuses(harness, &reply) || stays_ended);
        }
    }
}
