//! No text of a policy exhausts the stack of a thread.

use llmspell_engine::PolicySummary;

use crate::support::{engine, policy, project};

/// The summary of a policy that is loaded on a thread with 2 MiB of stack.
fn loaded(rules: &str) -> PolicySummary {
    let text = policy("p", rules);
    let load = move || {
        let project = project([(".cupcake/policies/p.rego", text.as_str())]);
        engine(&project).policies().first().cloned().unwrap()
    };
    let thread = std::thread::Builder::new().stack_size(2 * 1024 * 1024);
    thread.spawn(load).unwrap().join().unwrap()
}

fn nested(open: &str, depth: usize, close: &str) -> String {
    let lines = |part: &str| format!("{part}\n").repeat(depth);
    format!(
        "deny contains {{\"reason\": \"x\"}} if {{\n{}1{}\n}}\n\nf(a) := a",
        lines(open),
        lines(close)
    )
}

#[test]
fn calls_inside_calls_are_refused_beyond_a_depth_and_never_exhaust_the_stack() {
    let sound = loaded(&nested("f(", 32, ")"));
    assert_eq!(sound.error, None);
    for (open, close) in [
        ("f(", ")"),
        ("(", ")"),
        ("x.f(", ""),
        ("f(not ", ")"),
        ("set(", ""),
    ] {
        for depth in [33, 2_400, 30_000] {
            let error = loaded(&nested(open, depth, close)).error.unwrap();
            assert_eq!(
                error.message, "parentheses are nested more than 32 deep",
                "{open}"
            );
            assert_eq!(error.line, Some(41), "{open}");
        }
    }
}

#[test]
fn parentheses_and_brackets_of_the_greatest_depth_together_are_read() {
    let rules = nested(
        &format!("{}{}", "[", "f(".repeat(2)),
        11,
        &format!("{}{}", "))", "]"),
    );
    let summary = loaded(&rules);
    let message = summary.error.map(|error| error.message);
    assert_eq!(message, None);
}
