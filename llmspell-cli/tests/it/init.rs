//! `llmspell init`, and what is done with a project afterwards.

use crate::program::Folder;

#[test]
fn a_new_project_is_clean_tested_and_refuses_what_its_example_says() {
    let folder = Folder::new(&[]);
    let ran = folder.run(&["init"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert_eq!(
        ran.out,
        "\
made        llmspell.toml
made        .cupcake/rulebook.yml
made        .cupcake/system/evaluate.rego
made        .cupcake/policies/claude/example.rego
made        .cupcake/policies/claude/example_test.rego
next: `llmspell check`, `llmspell test`, then write a policy of your own
"
    );
    assert_eq!(folder.run(&["check", "--strict"]).code, 0);
    let tested = folder.run(&["test", "--fail-on-empty"]);
    assert_eq!((tested.code, tested.out.as_str()), (0, "PASS: 2/2\n"));
    let event = br#"{"hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{"command":"sudo ls"}}"#;
    let decided = folder.run_with(&["eval"], event);
    assert_eq!(decided.code, 2);
    assert!(
        decided.out.starts_with("deny: `sudo` is not for agents\n"),
        "{}",
        decided.out
    );
}

#[test]
fn a_second_time_it_leaves_everything_alone() {
    let folder = Folder::new(&[]);
    folder.run(&["init"]);
    let policy = folder.path().join(".cupcake/policies/claude/example.rego");
    std::fs::write(&policy, "mine").unwrap();
    let ran = folder.run(&["init"]);
    assert_eq!(ran.code, 0);
    assert_eq!(ran.out.matches("left alone").count(), 5, "{}", ran.out);
    assert!(!ran.out.contains("made"), "{}", ran.out);
    assert_eq!(std::fs::read_to_string(&policy).unwrap(), "mine");
}

#[test]
fn agents_are_those_that_are_named_or_have_been_used_here() {
    let folder = Folder::new(&[(".cursor/hooks.json", "{}"), (".opencode/x", "")]);
    let ran = folder.run(&["init"]);
    assert!(
        ran.out.contains("policies/cursor/") && ran.out.contains("policies/opencode/"),
        "{}",
        ran.out
    );
    assert!(!ran.out.contains("policies/claude/"), "{}", ran.out);
    let ran = folder.run(&["init", "--harness", "claude,factory"]);
    assert!(
        ran.out
            .contains("made        .cupcake/policies/factory/example.rego"),
        "{}",
        ran.out
    );
    assert_eq!(folder.run(&["test"]).out, "PASS: 8/8\n");
    let ran = folder.run(&["check"]);
    assert_eq!(ran.out, "nothing to report: 4 policies, 4 test files\n");
}

#[test]
fn it_makes_another_directory_or_the_configuration_of_the_machine() {
    let folder = Folder::new(&[]);
    let ran = folder.run(&["init", "--dir", "new/project"]);
    assert_eq!(ran.code, 0);
    assert_eq!(folder.run(&["check", "--project", "new/project"]).code, 0);
    let ran = folder.run(&["init", "--global", "--dir", "machine"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert_eq!(
        ran.out,
        "\
made        machine/rulebook.yml
made        machine/policies/claude/system/evaluate.rego
made        machine/policies/claude/example.rego
"
    );
    let mut command = folder.command(&["init", "--global"]);
    let output = command
        .env("XDG_CONFIG_HOME", folder.path().join("config"))
        .env("HOME", folder.path())
        .env("APPDATA", folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("cupcake"), "{text}");
}

#[test]
fn a_directory_that_cannot_be_made_is_the_users_fault() {
    let folder = Folder::new(&[("file", "")]);
    let ran = folder.run(&["init", "--dir", "file"]);
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert!(
        ran.err.contains("file") && ran.err.contains("\nhelp: "),
        "{}",
        ran.err
    );
}

#[test]
fn an_explanation_says_why_each_policy_was_or_was_not_asked() {
    let folder = Folder::new(&[]);
    folder.run(&["init"]);
    let event =
        br#"{"hook_event_name":"PreToolUse","tool_name":"Bsh","tool_input":{"command":"ls"}}"#;
    let ran = folder.run_with(&["eval", "--explain"], event);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let (_, explained) = ran.out.split_once("\n\nnot asked (1)\n").unwrap();
    assert_eq!(
        explained,
        "  NO-ROOT (.cupcake/policies/claude/example.rego): it is for the tool `Bash`, and the event is of `Bsh`: did you mean `Bash`?\n"
    );
    let ran = folder.run_with(&["eval", "--explain", "--json"], event);
    let explanation: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(explanation["decision"]["decision"], "allow");
    assert_eq!(explanation["skipped"][0]["because"], "tool");
}

#[test]
fn an_explanation_names_the_expression_that_does_not_hold_and_what_the_event_lacks() {
    let policy = "# METADATA\n# custom:\n#   id: P\n#   routing:\n#     required_events: [PreToolUse]\npackage cupcake.policies.p\n\ndeny contains {\"reason\": \"no\", \"rule_id\": \"P-1\"} if {\n\tregex.match(`sudo`, command)\n\tis_late(command)\n}\n\ncommand := input.tool_input.command\n\nis_late(text) if contains(text, \"late\")\n";
    let folder = Folder::new(&[(".cupcake/policies/claude/p.rego", policy)]);
    let event = br#"{"hook_event_name":"PreToolUse","tool_name":"Bash"}"#;
    let ran = folder.run_with(&["eval", "--explain"], event);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let (_, explained) = ran.out.split_once("\nP (").unwrap();
    let lines: Vec<&str> = explained.lines().skip(1).collect();
    assert_eq!(
        lines,
        [
            "  silent   deny at line 8",
            "           9:2  `` regex.match(`sudo`, command) `` does not hold",
            "             `command` is undefined",
            "  silent   command at line 13",
            "           13:12  `input.tool_input.command` does not hold",
            "  unasked  is_late",
            "  missing  input.tool_input.command (there is no `input.tool_input`)",
        ]
    );
}
