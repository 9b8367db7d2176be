//! `llmspell check`.

use serde_json::{Value, json};

use crate::program::{Folder, STOP_POLICY};

const FILE: &str = ".cupcake/policies/claude/p.rego";
const POLICY: &str = "# METADATA
# custom:
#   id: P
#   routing:
#     required_events: [PreToolUse]
#     required_tools: [bash]
package cupcake.policies.p

import rego.v1

deny contains decision if {
	\"command\" in input.tool_input
	decision := {
		\"reason\": \"no\",
		\"rule_id\": \"P-1\",
	}
}
";

fn valid(schema: &str, document: &Value) {
    let schema: Value = serde_json::from_str(schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(document)
        .map(|error| error.to_string())
        .collect();
    assert_eq!(errors, [""; 0], "{document}");
}

#[test]
fn findings_are_drawn_beneath_their_line_and_counted() {
    let folder = Folder::new(&[(FILE, POLICY)]);
    let ran = folder.run(&["check"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert_eq!(
        ran.out,
        "\
note[untested-policy]: no test looks at the policy `P`
 --> .cupcake/policies/claude/p.rego
 |
 = help: write `.cupcake/policies/claude/p_test.rego` with rules that begin with `test_`

warning[unknown-tool]: `claude` is not known to have a tool `bash`
 --> .cupcake/policies/claude/p.rego:6:24
  |
6 | #     required_tools: [bash]
  |                        ^^^^
  |
  = help: did you mean `Bash`?

warning[object-key-membership]: `in` looks for `command` among the values of `input.tool_input`, not among its keys
  --> .cupcake/policies/claude/p.rego:12:3
   |
12 |     \"command\" in input.tool_input
   |      ^^^^^^^
   |
   = help: write `\"command\" in object.keys(input.tool_input)`

warning[decision-severity]: a decision of `deny` has no `severity`
  --> .cupcake/policies/claude/p.rego:13:14
   |
13 |     decision := {
   |                 ^
   |
   = help: add LOW, MEDIUM, HIGH or CRITICAL: without it `MEDIUM` counts

3 warnings, 1 note: 1 policy, 0 test files
"
    );
}

#[test]
fn warnings_end_with_one_if_that_is_wanted_and_errors_always() {
    let warned = Folder::new(&[(FILE, POLICY)]);
    assert_eq!(warned.run(&["check"]).code, 0);
    assert_eq!(warned.run(&["check", "--strict"]).code, 1);
    let broken = Folder::new(&[(FILE, "package cupcake.policies.p\n")]);
    assert_eq!(broken.run(&["check"]).code, 1);
    let clean = Folder::new(&[]);
    assert_eq!(clean.run(&["init"]).code, 0);
    let ran = clean.run(&["check", "--strict"]);
    assert_eq!(
        (ran.code, ran.out.as_str(), ran.err.as_str()),
        (0, "nothing to report: 1 policy, 1 test file\n", "")
    );
}

#[test]
fn json_is_one_document_that_keeps_to_its_schema() {
    let schema = include_str!("../../../docs/schemas/check.schema.json");
    for (policy, clean) in [(POLICY, true), ("", false), (STOP_POLICY, true)] {
        let folder = Folder::new(&[(FILE, policy)]);
        let ran = folder.run(&["check", "--json"]);
        let document: Value = serde_json::from_str(&ran.out).unwrap();
        valid(schema, &document);
        assert_eq!(document["clean"], clean);
        assert_eq!(ran.code, i32::from(!clean));
    }
    let folder = Folder::new(&[(FILE, POLICY)]);
    let document: Value = serde_json::from_str(&folder.run(&["check", "--json"]).out).unwrap();
    assert_eq!(
        document["findings"][3],
        json!({
            "severity": "warning",
            "rule": "decision-severity",
            "file": FILE,
            "line": 13,
            "column": 14,
            "message": "a decision of `deny` has no `severity`",
            "help": "add LOW, MEDIUM, HIGH or CRITICAL: without it `MEDIUM` counts",
        })
    );
}

#[test]
fn broken_settings_and_a_broken_rulebook_are_findings_with_their_line() {
    for (file, text, expected) in [
        (
            "llmspell.toml",
            "[debg]\n",
            "error[project]: unknown key `debg` in the configuration\n --> llmspell.toml:1:2\n",
        ),
        (
            "llmspell.toml",
            "[policy]\nmode = 1\n",
            " --> llmspell.toml:2:",
        ),
        (
            ".cupcake/rulebook.yml",
            "signal: {}\n",
            " --> .cupcake/rulebook.yml:1:",
        ),
    ] {
        let folder = Folder::new(&[(FILE, STOP_POLICY), (file, text)]);
        let ran = folder.run(&["check"]);
        assert_eq!((ran.code, ran.err.as_str()), (1, ""), "{text}");
        assert_eq!(ran.out.matches("error[project]").count(), 1, "{}", ran.out);
        assert!(ran.out.contains(expected), "{}", ran.out);
    }
}

#[test]
fn what_a_policy_says_cannot_drive_the_terminal() {
    let policy = POLICY
        .replace("bash", "\"b\\e[31mash\"")
        .replace("\"P-1\"", "\"\u{1b}[31mP\"");
    let folder = Folder::new(&[(FILE, &policy)]);
    let ran = folder.run(&["check"]);
    assert!(!ran.out.contains('\u{1b}'), "{:?}", ran.out);
    let ran = folder.run(&["inspect"]);
    assert!(!ran.out.contains('\u{1b}'), "{:?}", ran.out);
    let ran = folder.run(&["inspect", "--dot"]);
    assert!(!ran.out.contains('\u{1b}'), "{:?}", ran.out);
}

#[test]
fn without_a_project_and_with_a_wrong_flag_the_help_says_what_to_do() {
    let nowhere = Folder::new(&[]);
    for command in ["check", "inspect", "test"] {
        let ran = nowhere.run(&[command]);
        assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{command}");
        assert!(
            ran.err.contains(".cupcake") && ran.err.contains("\nhelp: "),
            "{}",
            ran.err
        );
        let ran = nowhere.run(&[command, "--jsn"]);
        assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{command}");
        assert!(ran.err.contains("'--json'"), "{}", ran.err);
        let ran = nowhere.run(&[command, "--harness", "clade"]);
        assert!(ran.err.contains("did you mean `claude`?"), "{}", ran.err);
    }
    let ran = nowhere.run(&["chek"]);
    assert!(ran.err.contains("'check'"), "{}", ran.err);
}

#[test]
fn an_inspection_shows_policies_routes_and_errors_in_text_json_and_dot() {
    let folder = Folder::new(&[
        (FILE, POLICY),
        (
            ".cupcake/policies/broken.rego",
            "package cupcake.policies.broken\n",
        ),
    ]);
    let ran = folder.run(&["inspect"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let (head, rest) = ran.out.split_once("\n\n").unwrap();
    assert!(
        head.starts_with("harness  claude\nmode     enforce\ndigest   sha256:"),
        "{head}"
    );
    assert_eq!(
        rest,
        "\
policy  evaluator       verbs     file
broken  rego            (broken)  .cupcake/policies/broken.rego
P       rego, compiled  deny      .cupcake/policies/claude/p.rego

guardrail                  verbs                                     file
BUILTIN-RULEBOOK-SECURITY  halt, ask  The policies stay as they are  .cupcake/rulebook.yml

event       tool  policies
PreToolUse  *     BUILTIN-RULEBOOK-SECURITY
PreToolUse  bash  P

error: .cupcake/policies/broken.rego:1: the policy has no `# METADATA` block with `custom.routing`, so no event would reach it
"
    );
    assert!(
        ran.out
            .lines()
            .take(10)
            .all(|line| line.chars().count() <= 120)
    );

    let ran = folder.run(&["inspect", "--json"]);
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    valid(
        include_str!("../../../docs/schemas/inspect.schema.json"),
        &document,
    );
    assert_eq!(
        document["routes"],
        json!([
            { "event": "PreToolUse", "tool": "*", "policies": ["BUILTIN-RULEBOOK-SECURITY"] },
            { "event": "PreToolUse", "tool": "bash", "policies": ["P"] },
        ])
    );

    let ran = folder.run(&["inspect", "--dot"]);
    assert!(
        ran.out.starts_with("digraph routes {\n") && ran.out.ends_with("}\n"),
        "{}",
        ran.out
    );
    assert!(
        ran.out
            .contains("\"tool PreToolUse bash\" -> \"policy P\";"),
        "{}",
        ran.out
    );
    assert_eq!(folder.run(&["inspect", "--dot", "--json"]).code, 1);
}

#[cfg(unix)]
#[test]
fn an_answer_that_nobody_reads_to_its_end_is_no_fault_and_one_that_cannot_be_written_is() {
    use std::process::Stdio;
    let folder = Folder::new(&[(FILE, POLICY)]);
    for command in ["check", "inspect", "test"] {
        let mut child = folder
            .command(&[command])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        assert_eq!(child.wait().unwrap().code(), Some(0), "{command}");
        let full = std::fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap();
        let status = folder
            .command(&[command])
            .stdout(full)
            .stderr(Stdio::null())
            .status();
        assert_eq!(status.unwrap().code(), Some(3), "{command}");
    }
}
