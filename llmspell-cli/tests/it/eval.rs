//! `llmspell eval`.

use serde_json::Value;

use std::fs;

use crate::program::Folder;

const POLICY: &str = r#"# METADATA
# custom:
#   id: SHELL
#   routing:
#     required_events: [PreToolUse]
#     required_tools: [Bash]
package cupcake.policies.shell

import rego.v1

deny contains {"rule_id": "RM", "reason": "no deleting", "severity": "HIGH"} if {
    startswith(input.tool_input.command, "rm")
}

ask contains {"rule_id": "PUSH", "reason": "push now?", "severity": "LOW"} if {
    startswith(input.tool_input.command, "git push")
}
"#;

const FILE: &str = ".cupcake/policies/claude/shell.rego";

fn event(command: &str) -> String {
    format!(
        r#"{{"hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{{"command":"{command}"}}}}"#
    )
}

#[test]
fn the_exit_code_is_the_decision() {
    let folder = Folder::new(&[(FILE, POLICY)]);
    for (command, decision, code) in [
        ("rm x", "deny", 2),
        ("git push", "ask", 0),
        ("ls", "allow", 0),
    ] {
        let ran = folder.run_with(&["eval", "--json"], event(command).as_bytes());
        assert_eq!((ran.code, ran.err.as_str()), (code, ""), "{command}");
        let answer: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(answer["decision"], decision, "{command}");
    }
}

#[test]
fn without_json_a_person_reads_the_rule_and_where_it_stands() {
    let folder = Folder::new(&[(FILE, POLICY), ("event.json", &event("rm -r x"))]);
    let ran = folder.run(&["eval", "event.json"]);
    let (text, timings) = ran.out.split_once("\n  took ").unwrap();
    assert_eq!(
        text,
        "deny: no deleting\n  event    PreToolUse Bash\n  rule     RM says deny (HIGH) at .cupcake/policies/claude/shell.rego:11"
    );
    assert!(timings.contains("evaluate"), "{timings}");
    assert_eq!(ran.code, 2);
}

#[test]
fn a_broken_policy_denies_and_is_named_with_file_and_line() {
    let broken = POLICY.replace(
        "startswith(input.tool_input.command, \"rm\")",
        "startswith(input.tool_input.command \"rm\")",
    );
    let folder = Folder::new(&[(FILE, &broken)]);
    let ran = folder.run_with(&["eval", "--json"], event("ls").as_bytes());
    assert_eq!(ran.code, 2);
    let answer: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(answer["decision"], "deny");
    assert_eq!(answer["errors"][0]["kind"], "load");
    assert_eq!(answer["errors"][0]["file"], FILE);
    assert_eq!(answer["errors"][0]["line"], 12);
}

#[test]
fn input_that_is_no_event_is_the_users_fault_and_answers_nothing() {
    let folder = Folder::new(&[(FILE, POLICY)]);
    let deep = format!(
        r#"{{"hook_event_name":"Stop","x":{}1{}}}"#,
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    let long = format!(
        r#"{{"hook_event_name":"Stop","x":"{}"}}"#,
        "x".repeat(100 << 20)
    );
    let number = format!(r#"{{"hook_event_name":"Stop","x":{}}}"#, "1".repeat(70));
    for (input, part) in [
        (&b""[..], "empty"),
        (
            b"\xef\xbb\xbf{\"hook_event_name\":\"Stop\"}",
            "byte order mark",
        ),
        (b"[]", "an array, not an object"),
        (b"{\"hook_event_name\":\"Stop\"} {}", "follows the event"),
        (
            b"{\"hook_event_name\":\"Stop\",\"a\":1,\"a\":2}",
            "`a` stands twice",
        ),
        (b"{\"tool_name\":\"Bash\"}", "hook_event_name"),
        (b"{\"hook_event_name\":\"\xff\"}", "UTF-8"),
        (deep.as_bytes(), "deep"),
        (long.as_bytes(), "bytes"),
        (number.as_bytes(), "digits"),
    ] {
        let ran = folder.run_with(&["eval", "--json"], input);
        assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{part}: {}", ran.err);
        assert!(
            ran.err.starts_with("error: standard input") && ran.err.contains(part),
            "{part}: {}",
            ran.err
        );
        assert!(ran.err.contains("\nhelp: "), "{}", ran.err);
    }
}

#[test]
fn a_project_that_is_missing_or_broken_is_the_users_fault() {
    let missing = Folder::new(&[]);
    let ran = missing.run_with(&["eval"], event("ls").as_bytes());
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert!(
        ran.err.contains(".cupcake") && ran.err.contains("\nhelp: "),
        "{}",
        ran.err
    );
    for (file, text, part) in [
        (".cupcake/rulebook.yml", "signals: [", "rulebook.yml:"),
        (".cupcake/rulebook.yml", "signal:\n  x: 1\n", "`signals`"),
        (
            "llmspell.toml",
            "[policy]\nmode = 'enforced'\n",
            "llmspell.toml:2",
        ),
        (
            "llmspell.toml",
            "[policy]\nharnes = 'claude'\n",
            "`harness`",
        ),
    ] {
        let folder = Folder::new(&[(FILE, POLICY), (file, text)]);
        let ran = folder.run_with(&["eval"], event("ls").as_bytes());
        assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{text}: {}", ran.err);
        assert!(ran.err.contains(part), "{text}: {}", ran.err);
    }
}

#[cfg(unix)]
#[test]
fn a_decision_that_cannot_be_written_is_no_success() {
    let folder = Folder::new(&[(FILE, POLICY), ("event.json", &event("ls"))]);
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let status = folder
        .command(&["eval", "event.json"])
        .stdout(full)
        .stderr(std::process::Stdio::null())
        .status();
    assert_eq!(status.unwrap().code(), Some(3));
}

#[test]
fn what_a_policy_says_cannot_look_like_a_line_of_the_program() {
    let policy = POLICY.replace("no deleting", "no\\n  rule     FORGED\\u001b[31m");
    let folder = Folder::new(&[(FILE, &policy)]);
    let ran = folder.run_with(&["eval"], event("rm x").as_bytes());
    let first = ran.out.lines().next().unwrap();
    assert_eq!(first, "deny: no\\n  rule     FORGED\\u{1b}[31m");
}

#[test]
fn a_slow_evaluation_is_told_and_a_fast_one_is_not() {
    for (slow, is_told) in [("1ns", true), ("1h", false)] {
        let settings = format!("[debug.slow]\nevaluation = '{slow}'\n");
        let folder = Folder::new(&[(FILE, POLICY), ("llmspell.toml", &settings)]);
        let event = event("rm x");
        fs::write(folder.path().join("event.json"), &event).unwrap();
        for (arguments, input) in [
            (&["eval"][..], event.as_bytes()),
            (&["repl"], b".eval event.json\n"),
        ] {
            let ran = folder.run_with(arguments, input);
            assert!(ran.out.starts_with("deny: "), "{}", ran.out);
            let told = ran
                .err
                .matches("evaluation of PreToolUse of Bash took")
                .count();
            assert_eq!(told, usize::from(is_told), "{arguments:?}: {}", ran.err);
        }
    }
}

#[test]
fn settings_and_messages_hold_for_eval_too() {
    let folder = Folder::new(&[
        (
            FILE,
            &POLICY.replace(
                "startswith(input.tool_input.command, \"rm\")",
                "print(\"looked\"); startswith(input.tool_input.command, \"rm\")",
            ),
        ),
        ("llmspell.toml", "[debug]\nlevel = 'debug'\n"),
    ]);
    let ran = folder.run_with(&["eval"], event("rm x").as_bytes());
    assert_eq!(ran.code, 2);
    assert!(
        ran.err.contains("looked") && ran.err.contains("deny for `PreToolUse` of `Bash`"),
        "{}",
        ran.err
    );
    let folder = Folder::new(&[(FILE, POLICY), ("llmspell.toml", "[debg]\n")]);
    let ran = folder.run_with(&["eval"], event("ls").as_bytes());
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert!(ran.err.contains("llmspell.toml:1:2: unknown key `debg` in the configuration\nhelp: did you mean `debug`?"), "{}", ran.err);
}
