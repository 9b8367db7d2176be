//! Everything that is allowed on the virtual machine is compiled for it.

use regorus::Engine;

use super::Compiled;

/// Whether the policy is allowed, and whether its program can be compiled.
fn outcome(rules: &str) -> (bool, bool) {
    let mut engine = Engine::new();
    let text = format!("package p\n\nimport rego.v1\n\n{rules}\n");
    engine.add_policy("p.rego".to_owned(), text).unwrap();
    let entry_points = ["data.p.deny".to_owned()].into_iter();
    let compiled = Compiled::new(engine.get_modules(), entry_points);
    (
        compiled.is_some(),
        compiled.is_some_and(|compiled| compiled.program().is_some()),
    )
}

#[test]
fn what_is_allowed_has_a_program() {
    for rules in [
        "deny contains {\"reason\": \"a\"} if input.a == 1",
        "deny contains x if {\n\tsome y in input.a\n\tx := {\"reason\": y.r}\n}",
        "deny contains {\"reason\": \"a\"} if every x in input.a { x != 1 }",
        "deny contains {\"reason\": \"a\"} if not f(input.a)\n\nf(x) if startswith(x, \"a\")",
        "deny contains {\"reason\": r} if some r in {x | some x in input.a; x != \"a\"}",
        "deny contains {\"reason\": r} if r := concat(\",\", [x | some x in input.a])",
        "default ok := false\n\nok if input.a\n\ndeny contains {\"reason\": \"a\"} if not ok",
        "deny contains {\"reason\": \"a\"} if names[_] == input.a\n\nnames contains \"x\"",
    ] {
        assert_eq!(outcome(rules), (true, true), "{rules}");
    }
}

#[test]
fn what_is_not_allowed_is_left_to_the_interpreter() {
    for rules in [
        "deny contains {\"reason\": \"a\"} if x\n\nx := 1 if {\n\tinput.a\n} else := 2",
        "deny contains {\"reason\": \"a\"} if input.a + 1 == 2",
        "deny contains {\"reason\": \"a\"} if x with input as {}\n\nx if input.a",
    ] {
        assert_eq!(outcome(rules), (false, false), "{rules}");
    }
}
