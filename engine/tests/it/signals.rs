//! Commands that gather signals: what they get, and what becomes of those that do not behave.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use llmspell_engine::{Decision, EngineOptions, PolicyEngine, Verdict};
use llmspell_utils::debug::{DebugManager, SlowThresholds};
use tempfile::TempDir;

use crate::support::{engine, event, project};

/// A project with one signal, whose value a policy tells as context.
fn with_signal(command: &str, timeout_seconds: u32) -> TempDir {
    let command = serde_json::to_string(command).unwrap();
    let rulebook = format!(
        "signals:\n  it:\n    command: {command}\n    timeout_seconds: {timeout_seconds}\n"
    );
    let policy = "# METADATA\n# custom:\n#   id: TELLS\n#   routing:\n#     required_events: [PreToolUse]\n#     required_signals: [it]\npackage cupcake.policies.tells\n\nadd_context contains sprintf(\"%v\", [input.signals.it])\n";
    project([
        (".cupcake/rulebook.yml", rulebook.as_str()),
        (".cupcake/policies/tells.rego", policy),
    ])
}

fn decide(project: &TempDir, text: &str) -> Decision {
    engine(project).evaluate(&event(text))
}

/// Whether a process that writes its number into a file of the project is gone, however long the system takes to end
/// it.
fn is_gone(file: &Path) -> bool {
    let number = std::fs::read_to_string(file).unwrap();
    let process = Path::new("/proc").join(number.trim());
    let deadline = Instant::now() + Duration::from_secs(10);
    while is_alive(&process) {
        if Instant::now() > deadline {
            return false;
        }
        std::thread::yield_now();
    }
    true
}

/// A process that has ended and that nobody has asked about is not alive.
fn is_alive(process: &Path) -> bool {
    std::fs::read_to_string(process.join("status"))
        .is_ok_and(|status| !status.contains("State:\tZ"))
}

const PLAIN: &str = r#"{"hook_event_name": "PreToolUse"}"#;

#[test]
fn a_signal_that_is_stopped_leaves_nothing_behind() {
    let project = with_signal(
        "sh -c 'echo $$ > grandchild; exec sleep 300' & echo $$ > child; wait",
        1,
    );
    let decision = decide(&project, PLAIN);
    assert_eq!(decision.decision, Verdict::Deny);
    assert_eq!(decision.errors[0].kind.code(), "signal");
    assert!(is_gone(&project.path().join("child")));
    assert!(is_gone(&project.path().join("grandchild")));
}

#[test]
fn what_a_signal_leaves_in_the_background_ends_with_it() {
    let project = with_signal(
        "sh -c 'echo $$ > left; exec sleep 300' > /dev/null 2>&1 & while [ ! -s left ]; do :; done; echo done",
        30,
    );
    let decision = decide(&project, PLAIN);
    assert_eq!(&*decision.context[0], "done");
    assert!(is_gone(&project.path().join("left")));
}

#[test]
fn a_signal_whose_output_stays_open_is_stopped_at_its_deadline() {
    let project = with_signal("sleep 300 & echo done", 1);
    let decision = decide(&project, PLAIN);
    assert!(
        decision.errors[0]
            .message
            .contains("did not finish within 1 s")
    );
}

#[test]
fn a_large_event_that_nobody_reads_does_not_block() {
    let text = format!(
        r#"{{"hook_event_name": "PreToolUse", "tool_input": {{"text": "{}"}}}}"#,
        "x".repeat(300 * 1024)
    );
    let decision = decide(&with_signal("echo not read", 30), &text);
    assert_eq!(
        (&*decision.context[0], decision.errors.len()),
        ("not read", 0)
    );
    let decision = decide(&with_signal("sleep 300", 1), &text);
    assert!(
        decision.errors[0]
            .message
            .contains("did not finish within 1 s")
    );
}

#[test]
fn a_large_event_arrives_whole_while_the_command_writes() {
    let text = format!(
        r#"{{"hook_event_name": "PreToolUse", "tool_input": {{"text": "{}"}}}}"#,
        "x".repeat(300 * 1024)
    );
    let decision = decide(&with_signal("yes | head -c 200000 >&2; wc -c", 30), &text);
    let length: usize = decision.context[0].parse().unwrap();
    assert!(length > 300 * 1024);
    assert_eq!(decision.errors, []);
}

#[test]
fn a_flood_of_output_is_stopped() {
    for command in ["yes", "yes >&2"] {
        let decision = decide(&with_signal(command, 60), PLAIN);
        assert_eq!(
            decision.errors[0].message,
            "the signal `it` wrote more than 1048576 bytes, and was stopped"
        );
    }
}

#[test]
fn signals_run_side_by_side() {
    // Each waits for a file that the other makes.
    let rulebook = "signals:\n  one:\n    command: touch one; while [ ! -e two ]; do :; done; echo 1\n    timeout_seconds: 60\n  two:\n    command: touch two; while [ ! -e one ]; do :; done; echo 2\n    timeout_seconds: 60\n";
    let policy = "# METADATA\n# custom:\n#   routing:\n#     required_events: [PreToolUse]\n#     required_signals: [two, one]\npackage cupcake.policies.both\n\nadd_context contains sprintf(\"%d%d\", [input.signals.one, input.signals.two])\n";
    let project = project([
        (".cupcake/rulebook.yml", rulebook),
        (".cupcake/policies/both.rego", policy),
    ]);
    let decision = decide(&project, PLAIN);
    assert_eq!((&*decision.context[0], decision.errors.len()), ("12", 0));
    assert!(decision.timings_us.signals > 0.0);
}

#[test]
fn a_signal_of_several_policies_runs_once() {
    let rulebook = "signals:\n  once:\n    command: echo x >> runs; wc -l < runs\n";
    let policy = |name: &str| {
        format!(
            "# METADATA\n# custom:\n#   routing:\n#     required_events: [PreToolUse]\n#     required_signals: [once]\npackage cupcake.policies.{name}\n\nadd_context contains sprintf(\"%d\", [input.signals.once])\n"
        )
    };
    let (one, two) = (policy("one"), policy("two"));
    let project = project([
        (".cupcake/rulebook.yml", rulebook),
        (".cupcake/policies/one.rego", one.as_str()),
        (".cupcake/policies/two.rego", two.as_str()),
    ]);
    let engine = engine(&project);
    let first = engine.evaluate(&event(PLAIN));
    assert_eq!(first.context, ["1".into()]);
    // The next event is another one.
    assert_eq!(engine.evaluate(&event(PLAIN)).context, ["2".into()]);
}

#[test]
fn a_signal_may_take_longer_than_the_policies_of_a_decision() {
    let project = with_signal("sleep 0.3; echo late", 30);
    let options = EngineOptions {
        deadline: Duration::from_millis(250),
        ..EngineOptions::default()
    };
    let engine = PolicyEngine::load(project.path(), &options).unwrap();
    let decision = engine.evaluate(&event(PLAIN));
    assert_eq!((&*decision.context[0], decision.errors.len()), ("late", 0));
}

#[test]
fn a_signal_knows_little_of_the_environment() {
    let project = with_signal("env | cut -d= -f1 | sort | tr '\\n' ' '", 30);
    let names = decide(&project, PLAIN).context[0].to_string();
    let known = [
        "HOME", "LANG", "LC_ALL", "OLDPWD", "PATH", "PWD", "SHLVL", "TMPDIR", "_",
    ];
    for name in names.split_whitespace() {
        assert!(
            known.contains(&name) || name.starts_with("CUPCAKE_"),
            "{name}"
        );
    }
}

#[test]
fn a_signal_that_takes_long_and_what_a_failed_one_wrote_are_told_without_secrets() {
    let debug = Arc::new(DebugManager::new());
    debug.set_slow_thresholds(SlowThresholds::all(Some(Duration::ZERO)));
    let project = with_signal("echo password=hunter2hunter2 >&2; exit 1", 30);
    let options = EngineOptions {
        debug: Some(Arc::clone(&debug)),
        ..EngineOptions::default()
    };
    let engine = PolicyEngine::load(project.path(), &options).unwrap();
    let decision = engine.evaluate(&event(PLAIN));
    assert_eq!(decision.errors[0].message, "the signal `it` ended with 1");
    let told: Vec<String> = debug
        .captured(None)
        .iter()
        .map(|entry| entry.message.to_string())
        .collect();
    assert!(
        told.iter()
            .any(|message| message.starts_with("signal of it took")),
        "{told:?}"
    );
    assert!(
        told.iter().any(|message| message.contains("password=")),
        "{told:?}"
    );
    assert!(
        !told.iter().any(|message| message.contains("hunter2")),
        "{told:?}"
    );
}
