//! What metadata may say, and how the rest is refused.

use crate::support::{engine, project};

/// The error of the policy at this path with this metadata block, as `kind message line`; empty if there is none.
fn refusal_at(path: &str, block: &str) -> String {
    let block: String = block.lines().map(|line| format!("# {line}\n")).collect();
    let text = format!(
        "# METADATA\n{block}package cupcake.policies.p\n\nask contains {{\"reason\": \"x\"}}\n"
    );
    let project = project([(path, text.as_str())]);
    let engine = engine(&project);
    let policies = engine.policies();
    let error = policies[0].error.as_ref();
    error.map_or_else(String::new, |error| {
        format!(
            "{} {} {}",
            error.kind.code(),
            error.message,
            error.line.unwrap_or_default()
        )
    })
}

fn refusal(block: &str) -> String {
    refusal_at(".cupcake/policies/p.rego", block)
}

#[test]
fn a_block_that_would_take_long_to_read_is_refused_before_it_is_parsed() {
    let sound = "custom:\n  routing:\n    required_events: [Stop]";
    assert_eq!(refusal(sound), "");
    let wide = format!("{sound}\na: {}", "[".repeat(100_000));
    assert_eq!(
        refusal(&wide),
        "load the line is longer than 8192 characters 5"
    );
    let tall = format!(
        "{sound}\na:\n{}",
        "  - a fairly long line of a list that nobody needs\n".repeat(2_000)
    );
    assert_eq!(
        refusal(&tall),
        "metadata the document is larger than 65536 bytes 1"
    );
    let deep = format!("{sound}\na:\n{}", " [\n".repeat(33));
    assert_eq!(
        refusal(&deep),
        "metadata brackets and braces are nested more than 32 deep 38"
    );
}

/// The refusal of a routing that is this line, beside a sound list of events unless it is one itself.
fn routing(line: &str) -> String {
    let events = if line.contains("required_events") {
        ""
    } else {
        "    required_events: [PreToolUse]\n"
    };
    refusal(&format!("custom:\n  routing:\n{events}    {line}"))
}

#[test]
fn an_item_of_a_list_that_is_no_text_is_refused() {
    assert_eq!(
        routing("required_tools: [5]"),
        "metadata `custom.routing.required_tools[0]` must be a name, not the integer `5` 5"
    );
    assert_eq!(
        routing("required_tools: [Bash, ~]"),
        "metadata `custom.routing.required_tools[1]` must be a name, not nothing 5"
    );
    assert_eq!(
        routing("required_events: [true]"),
        "metadata `custom.routing.required_events[0]` must be a name, not the boolean `true` 4"
    );
    assert_eq!(
        routing("required_events: [[Stop]]"),
        "metadata `custom.routing.required_events[0]` must be a name, not a list 4"
    );
}

#[test]
fn a_name_that_no_event_can_have_is_refused_with_advice() {
    let refused = [
        (
            "required_tools: [\"Bash \"]",
            "`Bash ` in `required_tools` begins or ends with a blank: remove the blank",
        ),
        (
            "required_tools: [\"\"]",
            "`` in `required_tools` is empty: remove it, or write a name",
        ),
        (
            "required_tools: [\" \"]",
            "` ` in `required_tools` is empty: remove it, or write a name",
        ),
        (
            "required_tools: [\"Ba*\"]",
            "`Ba*` in `required_tools` is no name: write one name an item, and each in full",
        ),
        (
            "required_tools: [Bash|Write]",
            "`Bash|Write` in `required_tools` is no name: write one name an item, and each in full",
        ),
        (
            "required_tools: [\"Bash,Write\"]",
            "`Bash,Write` in `required_tools` is no name: write one name an item, and each in full",
        ),
        (
            "required_signals: [\"a*\"]",
            "`a*` in `required_signals` is no name: write one name an item, and each in full",
        ),
    ];
    for (line, message) in refused {
        assert_eq!(routing(line), format!("metadata {message} 5"));
    }
    assert_eq!(
        routing("required_events: [\"PreToolUse|Stop\"]"),
        "metadata `PreToolUse|Stop` in `required_events` is no name: write one name an item, and each in full 4"
    );
}

#[test]
fn any_tool_may_be_named_and_the_star_is_every_tool() {
    for line in [
        "required_tools: [\"*\"]",
        "required_tools: [bash, mcp__server__tool, Some.Tool]",
        "required_tools: []",
    ] {
        assert_eq!(routing(line), "");
    }
}

#[test]
fn an_event_that_is_nearly_a_known_one_is_refused_and_one_far_from_all_is_not() {
    let event = |path: &str, name: &str| {
        refusal_at(
            path,
            &format!("custom:\n  routing:\n    required_events: [{name}]"),
        )
    };
    let refused = |name: &str, meant: &str| {
        format!("metadata there is no event `{name}`: did you mean `{meant}`? 4")
    };
    let top = ".cupcake/policies/p.rego";
    for (name, meant) in [
        ("PreToolUze", "PreToolUse"),
        ("pre_tool_use", "PreToolUse"),
        ("Stopp", "Stop"),
        ("STOP", "Stop"),
        ("beforeShelExecution", "beforeShellExecution"),
        ("UserPromtSubmit", "UserPromptSubmit"),
    ] {
        assert_eq!(event(top, name), refused(name, meant));
    }
    let claude = ".cupcake/policies/claude/p.rego";
    let cursor = ".cupcake/policies/cursor/p.rego";
    assert_eq!(event(claude, "stop"), refused("stop", "Stop"));
    assert_eq!(event(cursor, "Stop"), refused("Stop", "stop"));
    for (path, name) in [
        (top, "PreToolUse"),
        (top, "stop"),
        (top, "beforeShellExecution"),
        (top, "AgentIsTired"),
        (top, "TaskUpdated"),
        (claude, "Stop"),
        (cursor, "stop"),
        (cursor, "PreToolUse"),
    ] {
        assert_eq!(event(path, name), "", "{name}");
    }
}
