//! What a record says.

use std::fs;
use std::sync::LazyLock;
use std::time::Duration;

use llmspell_engine::{
    AuditEntry, AuditInput, AuditSettings, AuditedEvent, Decision, Event, Harness, Mode,
    TraceContext,
};
use serde_json::{Value as Json, json};

use super::{Logged, refusal};
use crate::support::{UNGUARDED, engine, event, project};

const SECRETS: &str = include_str!("../../../../llmspell-utils/tests/redaction/secrets.txt");
const SCHEMA: &str = include_str!("../../../../docs/schemas/audit.schema.json");
static VALIDATOR: LazyLock<jsonschema::Validator> =
    LazyLock::new(|| jsonschema::validator_for(&serde_json::from_str(SCHEMA).unwrap()).unwrap());
const POLICY: &str = r#"# METADATA
# custom:
#   id: NO-SUDO
#   routing:
#     required_events: [PreToolUse]
package cupcake.policies.no_sudo

deny contains {"rule_id": "NO-SUDO-1", "reason": "not as root", "severity": "HIGH"} if {
	contains(input.tool_input.command, "sudo")
}

modify contains {"rule_id": "NO-SUDO-2", "reason": "quietly", "severity": "LOW", "updated_input": {"command": "ls -q"}} if {
	input.tool_input.command == "ls"
}
"#;
const BROKEN: &str = "package cupcake.policies.broken\n";

fn decided(text: &str) -> (Event, Decision) {
    let folder = project([(".cupcake/policies/no_sudo.rego", POLICY), UNGUARDED]);
    let event = event(text);
    let decision = engine(&folder).evaluate(&event);
    (event, decision)
}

fn bash(command: &str) -> String {
    json!({
        "hook_event_name": "PreToolUse",
        "session_id": "3f1c2a52-9f0e-4a5e-8d8f-1c2d3e4f5a6b",
        "cwd": "/home/me/project",
        "tool_name": "Bash",
        "tool_input": {"command": command},
    })
    .to_string()
}

fn entry<'a>(event: &'a Event, decision: &'a Decision, reply: &'a str) -> AuditEntry<'a> {
    AuditEntry {
        harness: Harness::Claude,
        event: AuditedEvent::Read(event),
        decision: Some(decision),
        refusal: None,
        mode: Mode::Enforce,
        reply,
        exit_code: Some(0),
        trace: None,
        took: Duration::from_micros(1_234),
    }
}

fn record_in(logged: &Logged, entry: &AuditEntry<'_>) -> Json {
    logged.log().record(entry).unwrap();
    let record = logged.records().pop().unwrap();
    let errors: Vec<String> = VALIDATOR
        .iter_errors(&record)
        .map(|error| error.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:?} in {record:#}");
    record
}

fn record(entry: &AuditEntry<'_>) -> Json {
    record_in(&Logged::new(), entry)
}

#[test]
fn a_record_says_who_asked_what_and_what_was_answered() {
    let (event, decision) = decided(&bash("sudo ls"));
    let record = record(&entry(&event, &decision, r#"{"permission":"deny"}"#));
    assert_eq!(record["decision_id"], decision.decision_id.as_str());
    assert_eq!(record["timestamp"], "2023-11-14T22:13:20.000000Z");
    assert_eq!(record["labels"]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(record["path"], "cupcake/system/evaluate");
    assert_eq!(
        (
            &record["harness"],
            &record["event"],
            &record["tool"],
            &record["mode"]
        ),
        (
            &json!("claude"),
            &json!("PreToolUse"),
            &json!("Bash"),
            &json!("enforce")
        )
    );
    assert_eq!(record["session_id"], "3f1c2a52-9f0e-4a5e-8d8f-1c2d3e4f5a6b");
    assert_eq!(record["cwd"], "/home/me/project");
    assert_eq!(
        record["input"],
        serde_json::from_str::<Json>(&bash("sudo ls")).unwrap()
    );
    assert_eq!(record["result"], serde_json::to_value(&decision).unwrap());
    assert_eq!(record["result"]["rules"][0]["rule_id"], "NO-SUDO-1");
    assert_eq!(record["reply"], json!({"permission": "deny"}));
    assert_eq!(record["exit_code"], 0);
    assert_eq!(record["metrics"]["timer_server_handler_ns"], 1_234_000);
    for absent in [
        "would",
        "error",
        "erased",
        "masked",
        "trace_id",
        "torn",
        "continues",
        "input_digest",
    ] {
        assert_eq!(record.get(absent), None, "{absent}");
    }
    assert_eq!(
        (&record["volume"], &record["sequence"], &record["previous"]),
        (&json!(1), &json!(1), &Json::Null)
    );
}

#[test]
fn an_event_that_could_not_be_read_has_an_error_and_no_result() {
    let record = record(&refusal("the event ends too early"));
    assert_eq!(record["error"]["message"], "the event ends too early");
    assert_eq!((record.get("result"), record.get("event")), (None, None));
    assert_eq!(
        (&record["input"], &record["exit_code"]),
        (&json!("{"), &json!(2))
    );
}

#[test]
fn monitor_mode_says_what_it_would_have_done() {
    let (event, decision) = decided(&bash("sudo ls"));
    let monitored = |decision| AuditEntry {
        mode: Mode::Monitor,
        ..entry(&event, decision, "{}")
    };
    let told = record(&monitored(&decision));
    assert_eq!(
        (&told["mode"], &told["would"]),
        (&json!("monitor"), &json!("deny"))
    );

    let folder = project([
        (".cupcake/policies/broken.rego", BROKEN),
        ("llmspell.toml", "[policy]\nmode = 'monitor'\n"),
        UNGUARDED,
    ]);
    let failed = engine(&folder).evaluate(&event);
    let told = record(&monitored(&failed));
    assert_eq!(
        (&told["result"]["decision"], &told["would"]),
        (&json!("allow"), &json!("deny"))
    );
    let none = AuditEntry {
        mode: Mode::Monitor,
        ..refusal("no project")
    };
    assert_eq!(record(&none)["would"], "deny");
}

#[test]
fn a_trace_goes_on_in_a_span_of_its_own() {
    let trace = TraceContext::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    let told = record(&AuditEntry {
        trace: Some(&trace),
        ..refusal("no")
    });
    assert_eq!(told["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(
        (&told["parent_span_id"], &told["trace_flags"]),
        (&json!("00f067aa0ba902b7"), &json!("01"))
    );
    assert_ne!(told["span_id"], told["parent_span_id"]);
    let later = TraceContext::parse("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more");
    assert!(later.trace_id().is_some());
    for malformed in [
        "",
        "00",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473\u{e9}-00f067aa0ba902b7-01",
        " 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    ] {
        let trace = TraceContext::parse(malformed);
        let told = record(&AuditEntry {
            trace: Some(&trace),
            ..refusal("no")
        });
        assert_eq!(
            told["trace_note"], "TRACEPARENT is no traceparent of W3C and was ignored",
            "{malformed}"
        );
        assert_eq!(told.get("span_id"), None);
    }
}

#[test]
fn long_input_is_cut_and_named() {
    let long = "x".repeat(10_000);
    let (event, decision) = decided(&bash(&long));
    let told = record(&entry(&event, &decision, ""));
    let kept = told["input"]["tool_input"]["command"].as_str().unwrap();
    assert!(kept.ends_with("x…[5904 bytes more]"), "{kept}");
    assert_eq!(told["erased"], json!(["/input/tool_input/command"]));
    assert_eq!(told["reply"], Json::Null);

    let full = Logged::with(AuditSettings {
        input: AuditInput::Full,
        ..AuditSettings::default()
    });
    let told = record_in(&full, &entry(&event, &decision, ""));
    assert_eq!(told["input"]["tool_input"]["command"], long.as_str());
    assert_eq!(told.get("erased"), None);
}

#[test]
fn a_line_is_bounded_whatever_the_event_is() {
    let many: Vec<Json> = (0..50_000)
        .map(|number| json!({"a/b~c": [number, "\u{1}".repeat(9)]}))
        .collect();
    let mut deep = json!(1);
    for _ in 0..40 {
        deep = json!({"k": [deep]});
    }
    let wide: serde_json::Map<String, Json> = (0..5_000)
        .map(|number| {
            (
                format!("{number}{}", "\u{2}".repeat(300)),
                json!("\u{3}".repeat(9_000)),
            )
        })
        .take(100)
        .collect();
    let names = "n".repeat(100_000);
    for input in [json!(many), deep, json!(wide)] {
        let text = json!({"hook_event_name": names, "tool_name": names, "session_id": names, "cwd": names, "tool_input": {"x": input}});
        let (event, decision) = decided(&text.to_string());
        let reply = text.to_string();
        let logged = Logged::new();
        let told = record_in(&logged, &entry(&event, &decision, &reply));
        assert!(told["erased"].as_array().unwrap().len() <= 70);
        let length = fs::metadata(logged.path()).unwrap().len();
        assert!(length < 512 * 1024, "{length}");
        assert!(logged.verify().is_whole());
    }
}

#[test]
fn a_digest_or_nothing_stands_in_the_place_of_the_input() {
    let (event, decision) = decided(&bash("ls"));
    assert!(decision.updated_input.is_some());
    for (input, has_digest) in [(AuditInput::Hash, true), (AuditInput::None, false)] {
        let logged = Logged::with(AuditSettings {
            input,
            ..AuditSettings::default()
        });
        let told = record_in(
            &logged,
            &entry(&event, &decision, r#"{"updatedInput":{"command":"ls -q"}}"#),
        );
        assert_eq!(told.get("input"), None);
        assert_eq!(told.get("input_digest").is_some(), has_digest);
        assert_eq!(
            (&told["result"]["updated_input"], &told["reply"]),
            (&Json::Null, &Json::Null)
        );
        assert_eq!(
            told["erased"],
            json!(["/input", "/result/updated_input", "/reply"])
        );
        let again = record_in(&logged, &entry(&event, &decision, ""));
        assert_eq!(told.get("input_digest"), again.get("input_digest"));
        assert!(!fs::read_to_string(logged.path()).unwrap().contains("ls -q"));
    }
}

#[test]
fn a_record_is_one_line_of_plain_characters() {
    let hostile = "a\r\nb\u{1b}[31m\u{0}\u{7f}\u{85}\u{9b}\u{200f}\u{202e}\u{2028}\u{2066}\u{feff}";
    let (event, decision) = decided(&bash(hostile));
    let logged = Logged::new();
    let told = record_in(&logged, &entry(&event, &decision, hostile));
    assert_eq!(told["input"]["tool_input"]["command"], hostile);
    let text = fs::read_to_string(logged.path()).unwrap();
    assert_eq!(text.matches('\n').count(), 1);
    let unsafe_character = text.trim_end_matches('\n').chars().find(|character| {
        character.is_control()
            || ('\u{200e}'..='\u{200f}').contains(character)
            || ('\u{2028}'..='\u{202e}').contains(character)
            || ('\u{2066}'..='\u{2069}').contains(character)
    });
    assert_eq!(unsafe_character, None);
}

/// Every text and key of a value.
fn texts(json: &Json, found: &mut Vec<String>) {
    match json {
        Json::String(text) => found.push(text.clone()),
        Json::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Json::Object(fields) => {
            // Digests and ids are made of digits that a secret may hold too.
            let is_made = |key: &str| {
                matches!(
                    key,
                    "decision_id" | "hash" | "previous" | "policy_digest" | "input_digest"
                )
            };
            for (key, value) in fields.iter().filter(|(key, _)| !is_made(key)) {
                found.push(key.clone());
                texts(value, found);
            }
        }
        _ => {}
    }
}

/// The first six characters in a row of a secret that still stand beside the marks.
fn left_over(text: &str, secret: &str) -> Option<String> {
    let kept: String = text
        .split("[redacted:")
        .enumerate()
        .map(|(index, part)| match part.split_once(']') {
            Some((_, rest)) if index > 0 => rest,
            _ => part,
        })
        .collect();
    let characters: Vec<char> = secret.chars().collect();
    characters
        .windows(characters.len().min(6))
        .map(|window| window.iter().collect::<String>())
        .find(|window| kept.contains(window.as_str()))
}

#[test]
fn no_secret_of_the_corpus_reaches_the_log() {
    let folder = project([(".cupcake/policies/no_sudo.rego", POLICY), UNGUARDED]);
    let engine = engine(&folder);
    let mut secrets = 0;
    for line in SECRETS
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with("# "))
    {
        let line = line.replace('·', "").replace('⏎', "\n");
        let hidden: Vec<String> = line
            .split('«')
            .skip(1)
            .map(|part| part.split_once('»').unwrap().0.to_owned())
            .collect();
        let text = line.replace(['«', '»'], "");
        let padded = format!("{} {text}", "x ".repeat(2_040));
        let input = json!({
            "hook_event_name": "PreToolUse",
            "session_id": text,
            "cwd": text,
            "tool_name": text,
            "tool_input": {"command": text, "content": padded, "list": [text], text.clone(): "value"},
        });
        let event = event(&input.to_string());
        let mut decision = engine.evaluate(&event);
        decision.reason.clone_from(&text);
        decision.context.push(text.as_str().into());
        let reply = json!({"reason": text, "padded": padded}).to_string();
        for kept in [AuditInput::Redacted, AuditInput::Full, AuditInput::Hash] {
            let logged = Logged::with(AuditSettings {
                input: kept,
                ..AuditSettings::default()
            });
            let log = logged.log();
            log.record(&entry(&event, &decision, &reply)).unwrap();
            log.record(&entry(&event, &decision, &text)).unwrap();
            log.record(&AuditEntry {
                event: AuditedEvent::Unread(padded.as_bytes()),
                ..refusal(&text)
            })
            .unwrap();
            let mut found = Vec::new();
            logged
                .records()
                .iter()
                .for_each(|record| texts(record, &mut found));
            for secret in &hidden {
                secrets += 1;
                // A name of our own is no part of a secret that begins as it does.
                for text in found.iter().filter(|text| !text.ends_with("session_id")) {
                    assert_eq!(left_over(text, secret), None, "{text}\nof {line}");
                }
            }
        }
        let logged = Logged::new();
        let told = record_in(&logged, &entry(&event, &decision, &reply));
        assert!(
            told["masked"]
                .as_array()
                .unwrap()
                .contains(&json!("/result/reason")),
            "{told:#}"
        );
    }
    assert!(secrets >= 360, "{secrets}");
}

#[test]
fn what_stands_under_a_secret_name_is_masked() {
    let text = json!({
        "hook_event_name": "PreToolUse",
        "tool_name": "Fetch",
        "tool_input": {"password": "correct horse", "command": "x", "headers": [["Authorization", "zzz yyy"]], "args": ["--token", "abc def"]},
    });
    let (event, decision) = decided(&text.to_string());
    let told = record(&entry(&event, &decision, ""));
    assert_eq!(
        told["input"]["tool_input"]["password"],
        "[redacted:password]"
    );
    let line = told.to_string();
    for secret in ["correct horse", "zzz yyy", "abc def"] {
        assert!(!line.contains(secret), "{line}");
    }
    assert_eq!(
        told["masked"],
        json!([
            "/input/tool_input/args/1",
            "/input/tool_input/headers/0/1",
            "/input/tool_input/password"
        ])
    );
}
