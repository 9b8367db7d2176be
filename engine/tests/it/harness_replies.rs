//! What each agent program is told: every verb for every event, held to the schema of what that program reads.

mod document;
mod effect;
mod hostile;

use std::sync::Arc;

use llmspell_engine::{Decision, Harness, Reply, Timings, Value, Verdict, WireFit, WireVerb};
use serde_json::{Value as Json, json};

use effect::{grants, refuses, stops};

/// An event that no agent program is known to send.
const UNKNOWN: &str = "BrandNewEvent";

/// A decision with this verdict, as a policy may have made it.
fn decision(verdict: Verdict) -> Decision {
    let changed = json!({"command": "ls -la", "timeout": 5});
    Decision {
        decision: verdict,
        reason: match verdict {
            Verdict::Allow => String::new(),
            _ => "not on a Friday".to_owned(),
        },
        rules: Vec::new(),
        context: Vec::new(),
        updated_input: (verdict == Verdict::Modify)
            .then(|| Value::from_json_str(&changed.to_string()).unwrap()),
        agent_messages: Vec::new(),
        errors: Vec::new(),
        event: "".into(),
        tool: None,
        default: false,
        decision_id: String::new(),
        policy_digest: "".into(),
        timings_us: Timings::default(),
    }
}

/// The same with something to tell the agent.
fn with_context(verdict: Verdict) -> Decision {
    Decision {
        context: vec![Arc::from("the branch is frozen")],
        agent_messages: vec![Arc::from("use a pull request")],
        ..decision(verdict)
    }
}

/// Every event of a harness, and one that is not known.
fn events(harness: Harness) -> Vec<&'static str> {
    harness.events().chain([UNKNOWN]).collect()
}

/// Every agent program, event, verdict, without context and with it.
fn cells() -> impl Iterator<Item = (Harness, &'static str, Decision)> {
    Harness::ALL.into_iter().flat_map(|harness| {
        events(harness).into_iter().flat_map(move |event| {
            Verdict::ALL.into_iter().flat_map(move |verdict| {
                [decision(verdict), with_context(verdict)]
                    .map(|decision| (harness, event, decision))
            })
        })
    })
}

fn json(reply: &Reply) -> Json {
    match &*reply.text {
        "" => Json::Null,
        text => serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}")),
    }
}

fn schema_text(harness: Harness) -> &'static str {
    match harness {
        Harness::Claude => include_str!("../harness_schemas/claude.json"),
        Harness::Cursor => include_str!("../harness_schemas/cursor.json"),
        Harness::Factory => include_str!("../harness_schemas/factory.json"),
        Harness::OpenCode => include_str!("../harness_schemas/opencode.json"),
    }
}

/// Whether a reply is one that this agent program takes for this event; `*` stands for an event that is not known.
fn assert_valid(harness: Harness, event: &str, reply: &Json) {
    let mut schema: Json = serde_json::from_str(schema_text(harness)).unwrap();
    let known = schema["$defs"].get(event).map_or("*", |_| event);
    schema["$ref"] = format!("#/$defs/{known}").into();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let faults: Vec<String> = validator
        .iter_errors(reply)
        .map(|fault| fault.to_string())
        .collect();
    assert!(faults.is_empty(), "{harness} {event} {reply}: {faults:?}");
}

/// The one event for which a hook has to do the work itself, so that nothing but an exit code is said.
const fn has_no_text(harness: Harness, event: &str) -> bool {
    matches!(harness, Harness::Claude) && matches!(event.as_bytes(), b"WorktreeCreate")
}

#[test]
fn the_schemas_are_schemas_and_name_every_event() {
    for harness in Harness::ALL {
        let schema: Json = serde_json::from_str(schema_text(harness)).unwrap();
        jsonschema::meta::validate(&schema).unwrap();
        let mut named: Vec<&str> = schema["$defs"]
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .filter(|name| !matches!(*name, "*" | "common"))
            .collect();
        let mut known: Vec<&str> = harness.events().collect();
        named.sort_unstable();
        known.sort_unstable();
        assert_eq!(named, known, "{harness}");
    }
    assert_eq!(Harness::Claude.events().count(), 33);
}

#[test]
fn every_reply_is_one_json_object_on_one_line_that_its_agent_program_takes() {
    for (harness, event, decision) in cells() {
        let reply = harness.reply(event, &decision);
        assert!(matches!(reply.exit_code, 0 | 2));
        assert!(!reply.text.contains('\n'));
        if has_no_text(harness, event) {
            assert_eq!((&*reply.text, reply.exit_code), ("", 2));
            continue;
        }
        let json = json(&reply);
        assert!(json.is_object(), "{json}");
        assert_valid(harness, event, &json);
    }
}

#[test]
fn a_refusing_verdict_is_a_form_that_refuses_for_every_event() {
    for (harness, event, decision) in cells().filter(|(_, _, said)| said.decision.refuses()) {
        let reply = harness.reply(event, &decision);
        // An agent that has ended and is to be halted is told nothing, so that it stays so.
        let stays_ended = harness == Harness::Cursor
            && matches!(event, "stop" | "subagentStop")
            && decision.decision == Verdict::Halt;
        if stays_ended {
            assert_eq!(reply.text, "{}");
            assert_eq!(reply.notice.as_deref(), Some("not on a Friday"));
            continue;
        }
        assert!(refuses(harness, &reply), "{harness} {event} {reply:?}");
    }
}

#[test]
fn an_ask_and_a_modify_that_cannot_be_told_are_refused() {
    let weak = [Verdict::Ask, Verdict::Modify];
    for (harness, event, decision) in cells().filter(|(_, _, said)| weak.contains(&said.decision)) {
        let reply = harness.reply(event, &decision);
        let json = json(&reply);
        let specific = &json["hookSpecificOutput"];
        let is_told = match decision.decision {
            Verdict::Ask => {
                specific["permissionDecision"] == "ask"
                    || json["permission"] == "ask"
                    || json["decision"] == "ask"
                    || (harness, event) == (Harness::Claude, "PermissionRequest")
            }
            _ => {
                let changed = json!({"command": "ls -la", "timeout": 5});
                specific["updatedInput"] == changed || json["updated_input"] == changed
            }
        };
        assert!(
            is_told || refuses(harness, &reply),
            "{harness} {event} {reply:?}"
        );
    }
}

#[test]
fn no_reply_grants_what_the_agent_program_itself_would_ask_about() {
    for (harness, event, decision) in cells() {
        let reply = harness.reply(event, &decision);
        // Cursor knows no other word for going on, and its own lists hold all the same.
        let goes_on = match decision.decision {
            Verdict::Allow => true,
            Verdict::Modify => event == "preToolUse",
            _ => false,
        };
        let is_cursor = harness == Harness::Cursor && goes_on;
        assert!(!grants(&reply) || is_cursor, "{harness} {event} {reply:?}");
    }
}

#[test]
fn a_plain_allow_says_nothing_where_nothing_has_to_be_said() {
    for harness in [Harness::Claude, Harness::Factory] {
        for event in events(harness) {
            let reply = harness.reply(event, &decision(Verdict::Allow));
            if !has_no_text(harness, event) {
                assert_eq!(
                    (&*reply.text, reply.exit_code, reply.notice),
                    ("{}", 0, None)
                );
            }
        }
    }
}

#[test]
fn the_verbs_differ_where_the_agent_program_can_tell_them_apart() {
    let told = |harness: Harness, event: &str, verdict| harness.reply(event, &decision(verdict));
    for (harness, event, verdict) in [
        (Harness::Claude, "PreToolUse", Verdict::Halt),
        (Harness::Claude, "PreToolUse", Verdict::Ask),
        (Harness::Claude, "PreToolUse", Verdict::Modify),
        (Harness::Claude, "PermissionRequest", Verdict::Halt),
        (Harness::Claude, "PermissionRequest", Verdict::Ask),
        (Harness::Claude, "PostToolUse", Verdict::Halt),
        (Harness::Claude, "Stop", Verdict::Halt),
        (Harness::Factory, "PreToolUse", Verdict::Halt),
        (Harness::Factory, "PreToolUse", Verdict::Ask),
        (Harness::Factory, "PreToolUse", Verdict::Modify),
        (Harness::Cursor, "beforeShellExecution", Verdict::Halt),
        (Harness::Cursor, "beforeShellExecution", Verdict::Ask),
        (Harness::Cursor, "preToolUse", Verdict::Modify),
        (Harness::OpenCode, "PreToolUse", Verdict::Halt),
        (Harness::OpenCode, "PreToolUse", Verdict::Block),
        (Harness::OpenCode, "PreToolUse", Verdict::Modify),
        (Harness::OpenCode, "PermissionRequest", Verdict::Ask),
    ] {
        let deny = told(harness, event, Verdict::Deny);
        let other = told(harness, event, verdict);
        assert_ne!(deny, other, "{harness} {event}");
    }
}

#[test]
fn halt_stops_claude_and_factory_and_refuses_the_action_besides() {
    for harness in [Harness::Claude, Harness::Factory] {
        for event in events(harness) {
            let reply = harness.reply(event, &decision(Verdict::Halt));
            if has_no_text(harness, event) {
                continue;
            }
            let json = json(&reply);
            assert!(stops(&reply), "{harness} {event} {json}");
            assert_eq!(json["stopReason"], "not on a Friday");
        }
    }
    let reply = Harness::Claude.reply("PermissionRequest", &decision(Verdict::Halt));
    let told = &json(&reply)["hookSpecificOutput"]["decision"];
    assert_eq!(
        *told,
        json!({"behavior": "deny", "interrupt": true, "message": "not on a Friday"})
    );
}

#[test]
fn the_reason_of_a_denial_reaches_somebody_for_every_event() {
    for (harness, event, decision) in cells().filter(|(_, _, said)| said.decision.refuses()) {
        let reply = harness.reply(event, &decision);
        let heard = format!("{}{}", reply.text, reply.notice.clone().unwrap_or_default());
        let is_mute = (harness, event) == (Harness::Cursor, "beforeTabFileRead");
        assert!(
            heard.contains("not on a Friday") || is_mute,
            "{harness} {event}"
        );
    }
}

#[test]
fn context_and_messages_arrive_unless_the_table_says_that_they_are_lost() {
    for (harness, event, decision) in cells().filter(|(_, _, said)| !said.context.is_empty()) {
        let row = harness
            .wires()
            .iter()
            .find(|row| row.event() == event)
            .or(harness.wires().last())
            .unwrap();
        let reply = harness.reply(event, &decision);
        let is_lost = row.cell(WireVerb::AddContext).fit == WireFit::Lost;
        for told in ["the branch is frozen", "use a pull request"] {
            assert!(
                is_lost || reply.text.contains(told),
                "{harness} {event} {reply:?}"
            );
        }
    }
}

#[test]
fn a_changed_input_that_cannot_be_passed_on_is_a_denial_that_says_how_to_repeat_the_call() {
    for (harness, event) in [
        (Harness::Cursor, "beforeShellExecution"),
        (Harness::Cursor, "beforeMCPExecution"),
        (Harness::Claude, "PermissionRequest"),
        (Harness::OpenCode, "PermissionRequest"),
        (Harness::Cursor, UNKNOWN),
    ] {
        let reply = harness.reply(event, &decision(Verdict::Modify));
        assert!(refuses(harness, &reply));
        let shown = r#"Repeat it with this input: {\"command\":\"ls -la\",\"timeout\":5}"#;
        assert!(reply.text.contains(shown), "{}", reply.text);
    }
}

#[test]
fn a_modify_without_an_input_never_lets_the_old_one_pass() {
    for harness in Harness::ALL {
        for event in harness.events() {
            for input in [None, Some(Value::Null), Some(Value::from("ls"))] {
                let decision = Decision {
                    updated_input: input,
                    ..decision(Verdict::Modify)
                };
                let reply = harness.reply(event, &decision);
                assert!(refuses(harness, &reply), "{harness} {event} {reply:?}");
            }
        }
    }
}

#[test]
fn a_refusal_refuses_whatever_is_known_of_the_event() {
    for harness in Harness::ALL {
        let named = events(harness).into_iter().map(Some);
        for event in named.chain([None]) {
            let reply = harness.refusal(event, "the policies\ncannot be read");
            assert!(refuses(harness, &reply), "{harness} {event:?} {reply:?}");
            assert_eq!(
                reply.notice.as_deref(),
                Some("the policies\\ncannot be read")
            );
            let name = event.unwrap_or(UNKNOWN);
            if !has_no_text(harness, name) {
                assert_valid(harness, name, &json(&reply));
            }
            if event.is_none_or(|event| event == UNKNOWN) {
                assert_eq!(reply.exit_code, 2, "{harness}");
            }
        }
    }
}

#[test]
fn what_is_told_about_a_tools_call_reads_as_it_always_did() {
    let told = |harness: Harness, event: &str, verdict| {
        let reply = harness.reply(event, &with_context(verdict));
        (reply.text, reply.exit_code)
    };
    let expected = include_str!("../harness_replies.txt");
    let mut shown = String::new();
    for (harness, event) in [
        (Harness::Claude, "PreToolUse"),
        (Harness::Cursor, "beforeShellExecution"),
        (Harness::Cursor, "preToolUse"),
        (Harness::Factory, "PreToolUse"),
        (Harness::OpenCode, "PreToolUse"),
    ] {
        shown.push_str(&format!("{harness} {event}\n"));
        for verdict in Verdict::ALL {
            let (text, exit_code) = told(harness, event, verdict);
            shown.push_str(&format!("  {} {exit_code} {text}\n", verdict.name()));
        }
    }
    assert_eq!(shown, expected, "{shown}");
}
