//! `--global-config`: the policies of the machine, which come before those of the project.

use crate::program::{Folder, STOP_POLICY};

const EVENT: &[u8] =
    br#"{"hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{"command":"sudo ls"}}"#;

fn folder() -> Folder {
    let folder = Folder::new(&[
        (".cupcake/policies/claude/stop.rego", STOP_POLICY),
        ("script.lua", "print('ran')"),
        (
            "asks.lua",
            "print(Cupcake.eval({ hook_event_name = 'PreToolUse', tool_name = 'Bash', tool_input = { command = 'sudo ls' } }).decision)",
        ),
        ("below/.cupcake/policies/claude/stop.rego", STOP_POLICY),
    ]);
    let made = folder.run(&["init", "--global", "--dir", "machine"]);
    assert_eq!(made.code, 0, "{}", made.err);
    folder
}

#[test]
fn every_command_that_loads_policies_takes_the_configuration_that_is_named() {
    let folder = folder();
    assert_eq!(folder.run_with(&["eval"], EVENT).code, 0);
    let named = ["--global-config", "machine"];
    let ran = folder.run_with(&["eval", "--explain", named[0], named[1]], EVENT);
    assert_eq!(ran.code, 2);
    assert!(
        ran.out.contains("(global:policies/claude/example.rego") && ran.out.contains(" decides\n"),
        "{}",
        ran.out
    );
    for (command, part) in [
        (&["inspect"][..], "global:policies/claude/example.rego"),
        (&["run", "asks.lua"], "deny\n"),
        (
            &["profile", "asks.lua", "--runs", "1"],
            "global:policies/claude/example.rego",
        ),
    ] {
        let ran = folder.run(&[command, &named].concat());
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{command:?}");
        assert!(ran.out.contains(part), "{command:?}: {}", ran.out);
    }
    let asked = folder.run_with(
        &[&["repl"], &named[..]].concat(),
        b"Cupcake.eval({ hook_event_name = 'PreToolUse', tool_name = 'Bash', tool_input = { command = 'sudo ls' } }).decision\n",
    );
    assert!(asked.out.contains("deny"), "{}", asked.out);
}

#[test]
fn a_project_that_a_script_chooses_stands_beneath_it_too() {
    let folder = folder();
    let script = "Cupcake.init('below')\nprint(Cupcake.eval({ hook_event_name = 'PreToolUse', tool_name = 'Bash', tool_input = { command = 'sudo ls' } }).decision)";
    std::fs::remove_dir_all(folder.path().join(".cupcake")).unwrap();
    std::fs::write(folder.path().join("chooses.lua"), script).unwrap();
    let ran = folder.run(&["run", "chooses.lua", "--global-config", "machine"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, "deny\n"), "{}", ran.err);
    assert_eq!(folder.run(&["run", "chooses.lua"]).out, "allow\n");
}

#[test]
fn one_that_is_not_there_or_holds_nothing_is_an_error_of_every_command() {
    let folder = folder();
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    for (directory, why) in [
        ("nowhere", "is not there"),
        ("script.lua", "is no directory"),
        ("empty", "holds neither"),
    ] {
        for command in [
            &["eval"][..],
            &["check"],
            &["inspect"],
            &["test"],
            &["run", "script.lua"],
            &["profile", "script.lua"],
            &["repl"],
        ] {
            let ran = folder.run_with(&[command, &["--global-config", directory]].concat(), EVENT);
            assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{command:?}");
            assert!(
                ran.err.contains(why) && ran.err.contains("\nhelp: "),
                "{command:?}: {}",
                ran.err
            );
        }
    }
}

#[test]
fn a_policy_of_the_machine_that_is_broken_is_named_and_denies() {
    let folder = folder();
    let broken = folder.path().join("machine/policies/claude/example.rego");
    std::fs::write(broken, "package cupcake.global.policies.x\n").unwrap();
    let ran = folder.run_with(&["eval", "--global-config", "machine"], EVENT);
    assert_eq!(ran.code, 2);
    assert!(
        ran.out.contains("(global:policies/claude/example.rego:1)"),
        "{}",
        ran.out
    );
}

#[test]
fn two_policies_with_one_id_are_one_node_of_the_graph_with_both_files() {
    let folder = folder();
    folder.run(&["init"]);
    let ran = folder.run(&["inspect", "--dot", "--global-config", "machine"]);
    let nodes: Vec<&str> = ran
        .out
        .lines()
        .filter(|line| line.starts_with("  \"policy NO-ROOT\" ["))
        .collect();
    assert_eq!(
        nodes,
        [
            r#"  "policy NO-ROOT" [shape=box, label="NO-ROOT\nglobal:policies/claude/example.rego\n.cupcake/policies/claude/example.rego"];"#
        ]
    );
}
