//! The plugin for OpenCode, run by `node` against programs that answer as they should and as they should not.

mod driver;

use llmspell_engine::{Decision, Harness, OPENCODE_PLUGIN, Timings, Value, Verdict};
use serde_json::{Value as Json, json};

use driver::{Call, Outcome, node, outcomes};

/// The text of the real reply to an event before a tool.
fn reply(event: &str, verdict: Verdict) -> String {
    let input = json!({"command": "ls", "nested": {"__proto__": {"polluted": true}}});
    let decision = Decision {
        decision: verdict,
        reason: "not on a Friday".to_owned(),
        rules: Vec::new(),
        context: vec!["the branch is frozen".into()],
        updated_input: Some(Value::from_json_str(&input.to_string()).unwrap()),
        agent_messages: Vec::new(),
        errors: Vec::new(),
        event: event.into(),
        tool: None,
        default: false,
        decision_id: String::new(),
        policy_digest: "".into(),
        timings_us: Timings::default(),
    };
    Harness::OpenCode.reply(event, &decision).text
}

/// A program that reads its event and writes this.
fn writes(text: &str) -> String {
    format!("cat > \"$0.event\"\ncat <<'END'\n{text}\nEND\n")
}

fn before(program: String) -> Call {
    Call {
        hook: "tool.execute.before",
        program: Some(program),
        input: json!({"tool": "bash", "sessionID": "s", "callID": "c"}),
        output: json!({"args": {"command": "rm -rf /", "timeout": 9}}),
    }
}

fn after(program: String) -> Call {
    Call {
        hook: "tool.execute.after",
        program: Some(program),
        input: json!({"tool": "bash", "sessionID": "s", "callID": "c", "args": {"command": "cat key"}}),
        output: json!({"title": "", "output": "the key", "metadata": {"exit": 0}}),
    }
}

fn permission(program: String) -> Call {
    Call {
        hook: "permission.ask",
        program: Some(program),
        input: json!({"type": "bash", "sessionID": "s", "title": "ls", "metadata": {"command": "ls"}}),
        output: json!({"status": "allow"}),
    }
}

/// What a broken, missing, slow or odd program does instead of answering.
fn faults() -> Vec<(&'static str, String)> {
    let allow = r#"{"decision":"allow"}"#;
    let odd = [
        ("nothing", ""),
        ("half an answer", r#"{"decision":"allow""#),
        (
            "two documents",
            "{\"decision\":\"allow\"}\n{\"decision\":\"allow\"}",
        ),
        ("words before it", "hello {\"decision\":\"allow\"}"),
        ("null", "null"),
        ("a list", r#"[{"decision":"allow"}]"#),
        ("a text", r#""allow""#),
        ("no decision", "{}"),
        ("another case", r#"{"decision":"Allow"}"#),
        ("an unknown decision", r#"{"decision":"maybe"}"#),
        ("a decision that is a list", r#"{"decision":["allow"]}"#),
        (
            "an unknown verdict",
            r#"{"decision":"deny","verdict":"allow"}"#,
        ),
        (
            "a verdict beside an allow",
            r#"{"decision":"allow","verdict":"modify","updated_input":{}}"#,
        ),
        (
            "a modify without an input",
            r#"{"decision":"deny","verdict":"modify"}"#,
        ),
        (
            "a modify with a list",
            r#"{"decision":"deny","verdict":"modify","updated_input":[]}"#,
        ),
        (
            "context that is a text",
            r#"{"decision":"allow","context":"x"}"#,
        ),
        (
            "context of numbers",
            r#"{"decision":"allow","context":[1]}"#,
        ),
        (
            "a reason that is a number",
            r#"{"decision":"allow","reason":1}"#,
        ),
    ];
    let mut faults: Vec<(&str, String)> = odd
        .into_iter()
        .map(|(name, text)| (name, writes(text)))
        .collect();
    faults.extend([
        ("exit 1", format!("{}exit 1\n", writes(allow))),
        ("exit 2", format!("{}exit 2\n", writes(allow))),
        ("exit 127", format!("{}exit 127\n", writes(allow))),
        ("a signal", format!("{}kill -KILL $$\n", writes(allow))),
        (
            "no end",
            format!("{}exec tail -f /dev/null\n", writes(allow)),
        ),
        ("no answer", "exec tail -f /dev/null\n".to_owned()),
        ("too much", "exec cat /dev/zero\n".to_owned()),
    ]);
    faults
}

fn is_refused(outcome: &Outcome) -> bool {
    outcome.error.is_some()
}

#[test]
fn a_program_that_does_not_clearly_allow_blocks_every_hook() {
    let Some(node) = node() else { return };
    let faults = faults();
    let hooks: [fn(String) -> Call; 3] = [before, after, permission];
    let mut calls: Vec<Call> = faults
        .iter()
        .flat_map(|(_, program)| hooks.map(|hook| hook(program.clone())))
        .collect();
    // The program is not there at all.
    calls.extend(hooks.map(|hook| Call {
        program: None,
        ..hook(String::new())
    }));
    let outcomes = outcomes(&node, &calls);
    assert_eq!(outcomes.len(), calls.len());
    for (index, (call, outcome)) in calls.iter().zip(&outcomes).enumerate() {
        let fault = faults.get(index / 3).map_or("no program", |(name, _)| name);
        assert!(is_refused(outcome), "{fault}, {}: {outcome:?}", call.hook);
        let error = outcome.error.clone().unwrap_or_default();
        assert!(
            error.contains("because there is no decision"),
            "{fault}: {error}"
        );
        match call.hook {
            "permission.ask" => assert_eq!(outcome.output["status"], "deny", "{fault}"),
            "tool.execute.after" => assert!(outcome.output["output"] != "the key", "{fault}"),
            _ => {}
        }
    }
}

#[test]
fn what_the_hook_replies_is_what_happens_to_the_tool() {
    let Some(node) = node() else { return };
    let calls: Vec<Call> = Verdict::ALL
        .into_iter()
        .map(|verdict| before(writes(&reply("PreToolUse", verdict))))
        .collect();
    let outcomes = outcomes(&node, &calls);
    let original = json!({"command": "rm -rf /", "timeout": 9});
    for (verdict, outcome) in Verdict::ALL.into_iter().zip(&outcomes) {
        let passes = matches!(verdict, Verdict::Allow | Verdict::Modify);
        assert_eq!(is_refused(outcome), !passes, "{verdict:?} {outcome:?}");
        assert_eq!(outcome.aborted, verdict == Verdict::Halt, "{verdict:?}");
        if let Some(error) = &outcome.error {
            assert!(error.starts_with("not on a Friday"), "{error}");
        }
        let args = &outcome.output["args"];
        match verdict {
            Verdict::Modify => assert_eq!(args["command"], "ls"),
            _ => assert_eq!(*args, original),
        }
        assert_eq!(args["timeout"].is_null(), verdict == Verdict::Modify);
        let event: Json = serde_json::from_str(&outcome.event).unwrap();
        assert_eq!(event["hook_event_name"], "PreToolUse");
        assert_eq!(event["tool"], "bash");
        assert_eq!(event["args"], original);
        assert_eq!(event["session_id"], "s");
    }
}

#[test]
fn a_program_that_decides_without_reading_a_large_event_is_heard() {
    let Some(node) = node() else { return };
    let mut call = before(r#"printf '{"decision":"allow"}'"#.to_owned());
    call.output = json!({"args": {"content": "x".repeat(5 << 20)}});
    let outcomes = outcomes(&node, &[call]);
    assert_eq!(outcomes[0].error, None);
}

#[test]
fn what_the_agent_is_told_stands_behind_the_tools_result() {
    let Some(node) = node() else { return };
    let mut first = before(writes(&reply("PreToolUse", Verdict::Allow)));
    first.input["then"] = json!("tool.execute.after");
    let alone = after(writes(&reply("PostToolUse", Verdict::Allow)));
    let outcomes = outcomes(&node, &[first, alone]);
    assert_eq!(
        outcomes[0].output["output"],
        "ran\nthe branch is frozen\nthe branch is frozen"
    );
    assert_eq!(
        outcomes[1].output["output"],
        "the key\nthe branch is frozen"
    );
}

#[test]
fn a_result_that_is_refused_does_not_reach_the_agent() {
    let Some(node) = node() else { return };
    let verdicts = [
        Verdict::Halt,
        Verdict::Deny,
        Verdict::Block,
        Verdict::Ask,
        Verdict::Modify,
    ];
    let calls = verdicts.map(|verdict| after(writes(&reply("PostToolUse", verdict))));
    for outcome in outcomes(&node, &calls) {
        assert!(is_refused(&outcome), "{outcome:?}");
        assert_ne!(outcome.output["output"], "the key");
    }
}

#[test]
fn a_permission_is_denied_or_asked_for_and_never_granted() {
    let Some(node) = node() else { return };
    let calls: Vec<Call> = Verdict::ALL
        .into_iter()
        .map(|verdict| Call {
            output: json!({"status": "ask"}),
            ..permission(writes(&reply("PermissionRequest", verdict)))
        })
        .collect();
    for (verdict, outcome) in Verdict::ALL.into_iter().zip(outcomes(&node, &calls)) {
        let expected = match verdict {
            Verdict::Allow | Verdict::Ask => "ask",
            _ => "deny",
        };
        assert_eq!(outcome.output["status"], expected, "{verdict:?}");
        assert!(!is_refused(&outcome));
    }
}

#[test]
fn the_plugin_names_its_program_once_and_exports_nothing_but_itself() {
    assert_eq!(
        OPENCODE_PLUGIN
            .matches("const PROGRAM = \"llmspell\";")
            .count(),
        1
    );
    assert_eq!(
        OPENCODE_PLUGIN
            .matches("const DEADLINE_MS = 10000;")
            .count(),
        1
    );
    assert_eq!(OPENCODE_PLUGIN.matches("\nexport ").count(), 1);
}
