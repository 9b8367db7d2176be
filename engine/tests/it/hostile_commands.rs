//! No command text breaks the reader of commands, or leads to an allow because it is hard to read.

use llmspell_engine::{Decision, DecisionErrorKind, EngineOptions, Event, PolicyEngine, Verdict};
use proptest::prelude::*;
use serde_json::json;
use tempfile::TempDir;

use crate::support::write;

fn engine() -> (TempDir, PolicyEngine) {
    let project = tempfile::Builder::new()
        .prefix("project")
        .tempdir()
        .unwrap();
    let rulebook = "builtins:\n  protected_paths: {paths: [/opt/vault/]}\n  git_block_no_verify: true\n  system_protection: true\n  sensitive_data_protection: true\n  cupcake_exec_protection: true\n";
    write(project.path(), ".cupcake/rulebook.yml", rulebook);
    write(project.path(), ".cupcake/policies/.keep", "");
    let engine = PolicyEngine::load(project.path(), &EngineOptions::default()).unwrap();
    (project, engine)
}

fn decide(engine: &PolicyEngine, command: &str) -> Decision {
    let event = json!({"hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_input": {"command": command}});
    let event = Event::parse(event.to_string().as_bytes(), engine.event_limits()).unwrap();
    engine.evaluate(&event)
}

fn crashed(decision: &Decision) -> bool {
    decision
        .errors
        .iter()
        .any(|error| error.kind == DecisionErrorKind::Crashed)
}

/// Parts of which shells are made, in any order.
fn fragments() -> impl Strategy<Value = String> {
    let fragment = prop::sample::select(vec![
        "(",
        ")",
        "{",
        "}",
        "[[",
        "]]",
        "((",
        "))",
        "$(",
        "${",
        "`",
        "'",
        "\"",
        "\\",
        "\n",
        ";",
        ";;",
        "&",
        "&&",
        "|",
        "||",
        "|&",
        "<",
        ">",
        ">>",
        "<<",
        "<<-",
        "<<<",
        "<(",
        ">(",
        "&>",
        "$((",
        "$'",
        "$\"",
        "$x",
        "${x:-",
        "${x/a/b}",
        "${x%",
        "${#x}",
        "${!x}",
        "$@",
        "$1",
        "#",
        " ",
        "\t",
        "*",
        "?",
        "[a-",
        "]",
        "~",
        "~x",
        "/",
        "..",
        "=",
        "x=",
        "x+=(",
        "a[0]=",
        ",",
        "{a,b}",
        "{1..9}",
        "{a..",
        "if",
        "then",
        "elif",
        "else",
        "fi",
        "while",
        "until",
        "do",
        "done",
        "for",
        "in",
        "case",
        "esac",
        "select",
        "function",
        "f()",
        "coproc",
        "time",
        "!",
        "rm",
        "-rf",
        ".cupcake",
        "eval",
        "sh -c",
        "bash",
        "xargs",
        "find . -exec",
        "-delete",
        "env -S",
        "sudo",
        "git commit",
        "-n",
        "-m",
        "echo",
        "printf %s",
        "cat",
        "EOF",
        "cd",
        "read x",
        "set --",
        "alias a=",
        "trap",
        "python -c",
        "\u{202e}",
        "é",
        "\u{0}",
        "1>",
        "2>&1",
        "{x}>",
    ]);
    prop::collection::vec(fragment, 0..60)
        .prop_map(|fragments| fragments.join(" ").replace("  ", ""))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_fragments_of_shells_break_the_reader(command in fragments()) {
        let (_project, engine) = engine();
        prop_assert!(!crashed(&decide(&engine, &command)), "{command:?}");
    }

    #[test]
    fn no_text_breaks_the_reader(command in any::<String>()) {
        let (_project, engine) = engine();
        prop_assert!(!crashed(&decide(&engine, &command)), "{command:?}");
    }

    #[test]
    fn what_is_refused_is_refused_behind_whatever_else_the_command_does(before in fragments()) {
        let (_project, engine) = engine();
        let decision = decide(&engine, &format!("rm -rf .cupcake; {before}"));
        prop_assert_ne!(decision.decision, Verdict::Allow, "{:?}", before);
    }
}

#[test]
fn what_is_nested_deep_or_endless_is_refused() {
    let (_project, engine) = engine();
    let shapes: [(&str, &str, &str); 26] = [
        ("( ", "a", " )"),
        ("(", "a", ")"),
        ("( ", "", ""),
        ("{ ", "a;", " };"),
        ("if a; then ", "a;", " fi;"),
        ("while a; do ", "a;", " done;"),
        ("case x in y) ", "a", " ;; esac"),
        ("f() { ", "a;", " };"),
        ("echo $(", "a", ")"),
        ("echo \"$(b ", "a", ")\""),
        ("echo ${x:-", "a", "}"),
        ("echo $((", "1", "))"),
        ("cat <(", "a", ")"),
        ("bash -c '", "a", "'"),
        ("eval ", "a", ""),
        ("sudo ", "a", ""),
        ("echo {a,", "a", "}"),
        ("x=$x$x; ", "echo $x", ""),
        ("f() { f; f; }; ", "f", ""),
        ("cat <<A\nA\n", "x", ""),
        ("`", "a", "`"),
        ("[[ ( ", "a", " ) ]]"),
        ("a && ", "a", ""),
        ("a || ", "a", ""),
        ("a | ", "a", ""),
        ("xargs env timeout 1 ", "a", ""),
    ];
    for (open, inside, close) in shapes {
        let command = format!(
            "{}{inside}{}; rm -rf .cupcake",
            open.repeat(2_000),
            close.repeat(2_000)
        );
        let decision = decide(&engine, &command);
        assert_ne!(decision.decision, Verdict::Allow, "{open}");
        assert!(!crashed(&decision), "{open}");
    }
}

#[test]
fn a_command_that_is_too_long_to_read_is_refused() {
    let (_project, engine) = engine();
    let decision = decide(
        &engine,
        &format!("echo {}; rm -rf .cupcake", "x".repeat(400_000)),
    );
    assert_eq!(decision.decision, Verdict::Halt);
    assert!(decision.reason.contains("too long"), "{}", decision.reason);
}
