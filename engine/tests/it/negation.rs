//! A variable behind `not` must have a value, as OPA demands; else its rule would stay silent.

use crate::support::{engine, event, policy, project};

const EVENT: &str = r#"{"hook_event_name": "PreToolUse", "a": {"b": [1]}, "list": ["a", "c"]}"#;

/// What a rule with this body says: its reason, or the error of the policy.
fn outcome(body: &str) -> String {
    let rules = format!(
        "ask contains {{\"reason\": \"spoke\"}} if {{\n{body}\n}}\n\nnames contains \"b\"\n\nknown(x) if not x == 1\n"
    );
    let project = project([(".cupcake/policies/p.rego", policy("p", &rules).as_str())]);
    let decision = engine(&project).evaluate(&event(EVENT));
    match decision.errors.first() {
        Some(error) => format!(
            "{} {} {}",
            error.kind.code(),
            error.message,
            error.line.unwrap_or_default()
        ),
        None => decision.reason,
    }
}

#[test]
fn a_variable_that_is_bound_nowhere_is_refused_with_its_line() {
    for body in [
        "not input.a[z]",
        "true; not input.a[z]",
        "some z; not input.a[z]",
        "not input.a.b[z] == 1",
        "not names[z]",
        "not z in names",
        "every name in input.list { not input.a[z] == name }",
        "count([name | some name in input.list; not input.a[z] == name]) > 0",
        "not count([z | not input.a[z]]) > 0",
        "count([z | z := input.list[_]]) > 0; not input.a[z]",
        "not input.a.b[0] == 1 with input.a as z",
        "x := {\"k\": [1 | not input.a[z]]}",
    ] {
        assert_eq!(
            outcome(body),
            "load `z` stands behind `not` and has no value there: bind it before, such as with `some` 9",
            "{body}"
        );
    }
    for body in ["not input.a[_]", "input.list[_]; not input.a[_]"] {
        assert_eq!(
            outcome(body),
            "load `_` stands behind `not` and has no value there: bind it before, such as with `some` 9",
            "{body}"
        );
    }
}

#[test]
fn a_variable_that_is_bound_elsewhere_is_accepted() {
    for body in [
        "some z in input.list; not input.a[z]",
        "input.list[z]; not input.a[z]",
        "z := \"c\"; not input.a[z]",
        "[z, _] := input.list; not input.a[z].x",
        "not names[\"z\"]",
        "not names.z",
        "not input.a.z",
        "not known(1)",
        "not count([y | y := input.list[_]]) > 5",
        "not count({y: 1 | some y in input.list; not input.a[y]}) > 5",
        "every name in input.list { item := name; not input.a[item].x }",
        "every name in input.list { not name == \"q\" }",
        "every name in input.list { some item in [name]; not input.a[item] }",
        "some key, _ in input.a; not input.list[0] == key",
        "not data.cupcake.policies.p.names.z",
    ] {
        assert_eq!(outcome(body), "spoke", "{body}");
    }
}

#[test]
fn a_variable_of_every_in_brackets_is_refused_because_the_rule_would_stay_silent() {
    for body in [
        "every name in input.list { not input.a[name] }",
        "every name, part in input.list { not input.a[name].x == part }",
        "every name in input.list { every part in [1] { not input.a[name] == part } }",
        "every name in input.list { count([1 | not input.a[name]]) == 1 }",
    ] {
        assert_eq!(
            outcome(body),
            "load `[name]` behind `not` inside `every` would be silent: write `item := name` before, and `[item]` 9",
            "{body}"
        );
    }
}
