//! `llmspell eval --explain`.

use serde_json::Value;

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
    input.toolinput.force == true
}

ask contains {"rule_id": "RM", "reason": "sure?", "severity": "LOW"} if {
    startswith(input.tool_input.command, "rm")
}
"#;

/// A policy that this event does not lead to.
fn other(name: &str, event: &str) -> (String, String) {
    let text = format!(
        "# METADATA\n# custom:\n#   id: {name}\n#   routing:\n#     required_events: [{event}]\npackage cupcake.policies.{}\n\nimport rego.v1\n\nadd_context contains \"x\" if input.y\n",
        name.to_lowercase()
    );
    (format!(".cupcake/policies/claude/{name}.rego"), text)
}

fn explained(files: &[(String, String)], arguments: &[&str]) -> String {
    let mut all = vec![(".cupcake/policies/claude/shell.rego", POLICY)];
    all.extend(
        files
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str())),
    );
    let folder = Folder::new(&all);
    let event = br#"{"hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{"command":"rm -r x"}}"#;
    let ran = folder.run_with(&[&["eval", "--explain"], arguments].concat(), event);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    ran.out
}

/// The text with its times left out.
fn without_times(text: &str) -> String {
    let lines = text
        .lines()
        .filter(|line| !line.starts_with("  took "))
        .map(|line| {
            let timed = line
                .split_once(" µs)")
                .and_then(|(start, end)| Some((start.rsplit_once(", ")?.0, end)));
            timed.map_or_else(|| line.to_owned(), |(start, end)| format!("{start}){end}"))
        });
    lines.collect::<Vec<String>>().join("\n")
}

#[test]
fn a_person_reads_who_decides_what_was_compared_and_which_key_is_there_instead() {
    let text = without_times(&explained(&[], &[]));
    let (policies, guardrail) = text.split_once("\n\nBUILTIN-").unwrap();
    assert!(
        guardrail.ends_with("\n  read     (not recorded)"),
        "{guardrail}"
    );
    assert_eq!(
        policies,
        r#"ask: sure?
  event    PreToolUse Bash
  rule     RM says ask (LOW) at .cupcake/policies/claude/shell.rego:16

SHELL (.cupcake/policies/claude/shell.rego) decides
  silent   deny at line 11
           13:5  `input.toolinput.force == true` does not hold
             `input.toolinput.force` is undefined
  fired    ask at line 16
  read     input.tool_input.command
  missing  input.toolinput.force (there is no `input.toolinput`): the event has `input.tool_input`"#
    );
}

#[test]
fn policies_that_the_same_kept_from_being_asked_are_named_together() {
    let names = ["A", "B", "C", "D"].map(|name| other(name, "Stop"));
    let mut files = names.to_vec();
    files.push(other("E", "SessionStart"));
    let text = explained(&files, &[]);
    let (_, skipped) = text.split_once("\n\nnot asked").unwrap();
    assert_eq!(
        skipped,
        " (5)
  E (.cupcake/policies/claude/E.rego): it is for `SessionStart`, and the event is `PreToolUse`
  4 policies, of each: it is for `Stop`, and the event is `PreToolUse`
    A, B, C, D
"
    );
    let document: Value = serde_json::from_str(&explained(&files, &["--json"])).unwrap();
    let skipped = document["skipped"].as_array().unwrap();
    assert_eq!(skipped.len(), 5);
    assert_eq!(skipped[0]["policy"], "A");
}

#[test]
fn many_names_are_wrapped_so_that_a_terminal_shows_them() {
    let files: Vec<_> = (0..60)
        .map(|number| other(&format!("POLICY_{number}"), "Stop"))
        .collect();
    let text = explained(&files, &[]);
    assert!(
        text.lines().all(|line| line.chars().count() <= 100),
        "{text}"
    );
    assert_eq!(text.matches("POLICY_").count(), 60);
    assert_eq!(text.matches("  60 policies, of each: ").count(), 1);
}

#[cfg(unix)]
#[test]
fn signals_are_told_with_what_came_of_them() {
    let policy = POLICY.replace("[Bash]", "[Bash]\n#     required_signals: [branch, tests]");
    let rulebook =
        "signals:\n  branch: {command: \"echo main\"}\n  tests: {command: \"exit 3\"}\n".to_owned();
    let files = [
        (".cupcake/policies/claude/shell.rego", policy.as_str()),
        (".cupcake/rulebook.yml", rulebook.as_str()),
    ];
    let folder = Folder::new(&files);
    let event =
        br#"{"hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{"command":"ls"}}"#;
    let ran = folder.run_with(&["eval", "--explain"], event);
    assert_eq!(ran.code, 2, "{}", ran.out);
    let (_, signals) = ran.out.split_once("\n\nsignals\n").unwrap();
    let words: Vec<&str> = signals.split_whitespace().collect();
    assert_eq!(words[..2], ["answered", "branch,"]);
    assert!(
        signals.contains("failed   tests, ") && signals.contains(" ms: ended with 3\n"),
        "{signals}"
    );
    assert!(ran.out.contains(" signals "), "{}", ran.out);
    let ran = folder.run_with(&["eval", "--explain", "--json"], event);
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(document["signals"][1]["outcome"], "exited");
    assert_eq!(document["signals"][1]["exit_code"], 3);
}

#[test]
fn what_a_script_policy_reads_is_told_and_its_failure_decides() {
    let lua = "-- METADATA\n-- custom:\n--   id: L\n--   routing:\n--     required_events: [PreToolUse]\nreturn { deny = function(input) return input.tool_imput.x end }\n";
    let folder = Folder::new(&[(".cupcake/policies/claude/l.lua", lua)]);
    let event =
        br#"{"hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{"command":"ls"}}"#;
    let ran = folder.run_with(&["eval", "--explain"], event);
    assert_eq!(ran.code, 2);
    let shown = without_times(&ran.out);
    assert!(
        shown.contains(
            "\nL (.cupcake/policies/claude/l.lua) decides\n  failed   deny at line 6\n  missing  input.tool_imput: the event has `input.tool_input`\n"
        ),
        "{shown}"
    );
}
