//! `llmspell audit`, over a log that decisions of a project are written to.

use std::fs;
use std::time::Duration;

use llmspell_engine::{
    AuditEntry, AuditLog, AuditSettings, AuditedEvent, EngineOptions, Event, EventLimits, Harness,
    Mode, PolicyEngine, Project,
};
use serde_json::{Value, json};

use crate::program::{Folder, STOP_POLICY};

const FILE: &str = ".cupcake/audit/decisions.jsonl";
const SETTINGS: &str = "[audit]\nfile = '.cupcake/audit/decisions.jsonl'\nmax_size = '4KiB'\n";

fn folder() -> Folder {
    Folder::new(&[
        (".cupcake/policies/stop.rego", STOP_POLICY),
        ("llmspell.toml", SETTINGS),
    ])
}

/// Writes so many decisions, as a hook does.
fn decide(folder: &Folder, count: usize) {
    let engine = PolicyEngine::load(folder.path(), &EngineOptions::default()).unwrap();
    let log = AuditLog::open(folder.path(), &engine.audit())
        .unwrap()
        .unwrap();
    for number in 0..count {
        let name = if number % 2 == 0 {
            "Stop"
        } else {
            "SessionStart"
        };
        let text = json!({"hook_event_name": name, "number": number}).to_string();
        let event = Event::parse(text.as_bytes(), &EventLimits::default()).unwrap();
        let decision = engine.evaluate(&event);
        log.record(&AuditEntry {
            harness: Harness::Claude,
            event: AuditedEvent::Read(&event),
            decision: Some(&decision),
            refusal: None,
            mode: if number == 4 {
                Mode::Monitor
            } else {
                Mode::Enforce
            },
            reply: "{}",
            exit_code: Some(0),
            trace: None,
            took: Duration::from_micros(300),
        })
        .unwrap();
    }
}

#[test]
fn a_log_is_verified_over_all_its_files() {
    let folder = folder();
    decide(&folder, 9);
    let ran = folder.run(&["audit", "verify"]);
    let last = ran
        .out
        .split("  last     ")
        .nth(1)
        .unwrap()
        .lines()
        .next()
        .unwrap()
        .to_owned();
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert_eq!(
        ran.out,
        format!(
            "9 records, chain whole\n  last     {last}\n  a chain cannot show that records are missing at its end: keep the last hash elsewhere, and give it to --expect-last\n"
        )
    );
    let document: Value =
        serde_json::from_str(&folder.run(&["audit", "verify", "--json"]).out).unwrap();
    assert_eq!(
        (&document["whole"], &document["records"]),
        (&json!(true), &json!(9))
    );
    assert!(document["files"].as_array().unwrap().len() > 1);
    assert_eq!(document["last_hash"], last.as_str());

    let expected = folder.run(&["audit", "verify", FILE, "--expect-last", &last]);
    assert_eq!(
        (expected.code, expected.out),
        (
            0,
            format!(
                "9 records, chain whole\n  the record that was expected is there, and 0 records behind it\n  last     {last}\n"
            )
        )
    );
}

#[test]
fn the_first_line_that_was_changed_is_named() {
    let folder = folder();
    decide(&folder, 6);
    let path = folder.path().join(format!("{FILE}.1"));
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("\"block\"", "\"allow\"", 1)).unwrap();
    let ran = folder.run(&["audit", "verify"]);
    assert_eq!(
        (ran.code, ran.out.as_str(), ran.err.as_str()),
        (
            1,
            "decisions.jsonl.1:1: the line is no record of this log, or was changed after it was written\n0 records before it, chain broken\n",
            ""
        )
    );
    let ran = folder.run(&["audit", "verify", "--json"]);
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, &document["whole"]), (1, &json!(false)));
    assert_eq!(document["fault"]["line"], 1);
}

#[test]
fn a_torn_line_is_told_and_no_fault() {
    let folder = folder();
    decide(&folder, 1);
    let path = folder.path().join(FILE);
    let mut bytes = fs::read(&path).unwrap();
    bytes.truncate(100);
    fs::write(&path, bytes).unwrap();
    assert_eq!(folder.run(&["audit", "verify"]).code, 1);
    decide(&folder, 1);
    let ran = folder.run(&["audit", "verify"]);
    assert_eq!(ran.code, 0);
    assert!(
        ran.out.starts_with("  torn     decisions.jsonl:1: its writer was stopped after 100 bytes; the log goes on behind it\n1 record, chain whole\n"),
        "{}",
        ran.out
    );
}

#[test]
fn the_newest_records_are_shown() {
    let folder = folder();
    decide(&folder, 6);
    let ran = folder.run(&["audit", "show", "--last", "3"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let lines: Vec<&str> = ran
        .out
        .lines()
        .map(|line| line.split_once(' ').unwrap().1)
        .collect();
    assert_eq!(
        lines,
        [
            "allow   claude SessionStart",
            "block   claude Stop [monitor, would block] - not yet",
            "allow   claude SessionStart",
        ]
    );
    let ran = folder.run(&["audit", "show", "--json"]);
    let records: Vec<Value> = ran
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!((records.len(), &records[5]["sequence"]), (6, &json!(6)));
}

#[test]
fn what_a_log_holds_drives_no_terminal() {
    let folder = folder();
    let project = Project::at(folder.path()).unwrap();
    let settings = AuditSettings::of_project(&project).unwrap();
    let log = AuditLog::open(project.root(), &settings).unwrap().unwrap();
    log.record(&AuditEntry {
        harness: Harness::Cursor,
        event: AuditedEvent::Unread(b"\x1b[2J"),
        decision: None,
        refusal: Some("a\n\u{1b}[31m\u{202e}b"),
        mode: Mode::Enforce,
        reply: "\u{1b}",
        exit_code: Some(2),
        trace: None,
        took: Duration::ZERO,
    })
    .unwrap();
    let shown = folder.run(&["audit", "show"]).out;
    assert!(
        shown.ends_with(" refused cursor - a\\n\\u{1b}[31m\\u{202e}b\n"),
        "{shown}"
    );
    let json = folder.run(&["audit", "show", "--json"]).out;
    assert_eq!(json.matches('\n').count(), 1);
    assert!(!json.contains(['\u{1b}', '\u{202e}']), "{json}");
}

#[test]
fn what_cannot_be_done_says_what_to_do_instead() {
    let without = Folder::new(&[(".cupcake/policies/stop.rego", STOP_POLICY)]);
    let ran = without.run(&["audit", "verify"]);
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (
            1,
            "error: the project has no audit log\nhelp: set `[audit] file` in `llmspell.toml`, or name the file of a log\n"
        )
    );
    for command in ["verify", "show"] {
        let ran = folder().run(&["audit", command]);
        assert_eq!((ran.code, ran.out.as_str()), (1, ""));
        assert!(
            ran.err.contains("there is no such audit log"),
            "{}",
            ran.err
        );
        let ran = without.run(&["audit", command, ".cupcake"]);
        assert_eq!(ran.code, 1);
        assert!(ran.err.contains("is not a regular file"), "{}", ran.err);
        let ran = without.run(&["audit", command, "nowhere/log"]);
        assert_eq!(ran.code, 1);
        assert!(
            ran.err.contains("there is no such audit log"),
            "{}",
            ran.err
        );
    }
    let other = without.run(&["audit", "verify", ".cupcake/policies/stop.rego"]);
    assert_eq!(other.code, 1);
    let ran = without.run(&["audit", "verify", "--expect-last", "abc"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("64 digits"), "{}", ran.err);
    let broken = Folder::new(&[
        (".cupcake/policies/stop.rego", STOP_POLICY),
        ("llmspell.toml", "[audit]\nrequired = true\n"),
    ]);
    let ran = broken.run(&["audit", "show"]);
    assert!(
        ran.err.contains("llmspell.toml:1:1: `audit` has no `file`"),
        "{}",
        ran.err
    );
}

#[test]
fn a_log_beside_the_policies_disturbs_nobody() {
    let folder = folder();
    decide(&folder, 1);
    folder.run(&["trust", "init"]);
    decide(&folder, 6);
    assert_eq!(folder.run(&["trust", "verify"]).code, 0);
    let check = folder.run(&["check"]);
    assert!(!check.out.contains("audit"), "{}", check.out);
    let eval = folder.run_with(&["eval"], br#"{"hook_event_name":"SessionStart"}"#);
    assert_eq!((eval.code, eval.err.as_str()), (0, ""));
}

#[test]
fn a_hook_writes_down_what_it_answers_and_in_which_trace() {
    use std::io::Write as _;
    use std::process::Stdio;

    let folder = folder();
    let mut command = folder.command(&["hook", "--harness", "claude"]);
    command.env(
        "TRACEPARENT",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    );
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin
        .write_all(br#"{"hook_event_name":"Stop","session_id":"s-1","cwd":"/"}"#)
        .unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let text = fs::read_to_string(folder.path().join(FILE)).unwrap();
    let record: Value = serde_json::from_str(&text).unwrap();
    let reply: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(record["reply"], reply);
    assert_eq!(record["exit_code"], output.status.code().unwrap());
    assert_eq!(record["result"]["decision"], "block");
    assert_eq!(record["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(record["session_id"], "s-1");
    folder.run_with(&["hook", "--harness", "claude"], b"{");
    assert_eq!(folder.run(&["audit", "verify"]).code, 0);
    let shown = folder.run(&["audit", "show", "--last", "1"]).out;
    assert!(shown.contains(" refused claude "), "{shown}");
}

#[test]
fn where_the_log_is_required_and_cannot_be_written_the_answer_is_a_deny() {
    let event =
        br#"{"hook_event_name":"PreToolUse","tool_name":"Read","tool_input":{"file_path":"a"}}"#;
    for (required, denies) in [(false, false), (true, true)] {
        let settings = format!("{SETTINGS}required = {required}\n");
        let folder = Folder::new(&[
            (".cupcake/policies/stop.rego", STOP_POLICY),
            ("llmspell.toml", &settings),
            (".cupcake/audit/decisions.jsonl/in_the_way", ""),
        ]);
        let ran = folder.run_with(&["hook", "--harness", "claude"], event);
        let is_denied = ran.code == 2 || ran.out.contains("\"deny\"");
        assert_eq!(is_denied, denies, "{ran:?}");
        // Told in both cases: a log that is not written is no secret.
        assert!(ran.err.contains("audit log"), "{ran:?}");
    }
}
