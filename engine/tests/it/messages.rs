//! What an engine tells a debug manager.

use std::sync::Arc;

use llmspell_engine::{EngineOptions, PolicyEngine};
use llmspell_utils::debug::DebugManager;

use crate::support::{event, policy, project};

/// Every message about two events, as `level module message place`.
fn heard(directive: &str, rules: &str) -> Vec<String> {
    let project = project([
        (".cupcake/policies/p.rego", policy("p", rules).as_str()),
        (
            ".cupcake/policies/broken.rego",
            "package cupcake.policies.broken",
        ),
    ]);
    let manager = Arc::new(DebugManager::new());
    manager.set_directive(directive).unwrap();
    let options = EngineOptions {
        debug: Some(Arc::clone(&manager)),
        ..EngineOptions::default()
    };
    let engine = PolicyEngine::load(project.path(), &options).unwrap();
    let event =
        event(r#"{"hook_event_name": "PreToolUse", "tool_name": "Bash", "secret": "hush"}"#);
    for _ in 0..2 {
        assert!(engine.evaluate(&event).decision.refuses());
    }
    let place = |file: &str, line: u32| format!(" {file}:{line}");
    let shown = manager.captured(None).into_iter().map(|entry| {
        let place = entry
            .place
            .map(|found| place(&found.file, found.line))
            .unwrap_or_default();
        format!(
            "{:?} {} {}{place}",
            entry.level,
            entry.module.unwrap_or_default(),
            entry.message
        )
    });
    shown.collect()
}

#[test]
fn prints_errors_and_decisions_are_heard_and_the_event_is_not() {
    let rules = r#"deny contains {"reason": "x"} if {
        print("looked at", input.tool_name)
        startswith(input.tool_name, input.nothing)
    }

    ask contains {"reason": to_number(input.secret)}"#;
    let broken = "Error policy.broken metadata: the policy has no `# METADATA` block with `custom.routing`, so no event would reach it .cupcake/policies/broken.rego:1";
    let each = [
        "Debug policy.p .cupcake/policies/p.rego:9: looked at Bash",
        "Error policy.p evaluation: `to_number` expects a text that is a number .cupcake/policies/p.rego:13",
        "Debug policy deny for `PreToolUse` of `Bash`",
    ];
    let expected: Vec<&str> = std::iter::once(broken).chain(each).chain(each).collect();
    assert_eq!(heard("trace", rules), expected);
}

#[test]
fn what_is_filtered_is_not_heard() {
    let rules = r#"deny contains {"reason": "x"} if print("looked at", input.secret)"#;
    assert_eq!(heard("off", rules), Vec::<String>::new());
    let heard = heard("error,policy.broken=off,policy.p=debug", rules);
    assert_eq!(
        heard,
        ["Debug policy.p .cupcake/policies/p.rego:8: looked at hush"; 2]
    );
}
