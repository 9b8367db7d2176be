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
    let error = engine.policies()[0].error.as_ref();
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
        "load the line is longer than 1024 characters 5"
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
