//! What is known to panic, hang, abort or exhaust the evaluator beneath us ends as an error, in a policy and in a query.

use std::time::Duration;

use llmspell_engine::{
    EngineOptions, Event, EventLimits, PolicyEngine, RegoErrorKind, RegoModule, RegoOptions,
    RegoQuery, Value, Verdict,
};

use crate::support::{policy, project};

/// Long enough for what must be refused by its size, and soon over for what never ends.
const DEADLINE: Duration = Duration::from_millis(500);

/// The kind of the first error of a decision, which denies, and that of a query over the same rules.
fn ends_as(rules: &str, event: &str) -> (String, String) {
    let text = policy("p", rules);
    let project = project([(".cupcake/policies/p.rego", text.as_str())]);
    let options = EngineOptions {
        deadline: DEADLINE,
        ..EngineOptions::default()
    };
    let engine = PolicyEngine::load(project.path(), &options).unwrap();
    let event = Event::parse(event.as_bytes(), &EventLimits::default()).unwrap();
    let decision = engine.evaluate(&event);
    assert_eq!(decision.decision, Verdict::Deny);
    let of_policy = decision.errors.first().map(|error| error.kind.code());
    let of_query = query(&text, event.value()).err().map(RegoErrorKind::code);
    (
        of_policy.unwrap_or("none").to_owned(),
        of_query.unwrap_or("none").to_owned(),
    )
}

fn query(text: &str, input: &Value) -> Result<(), RegoErrorKind> {
    let module = RegoModule {
        file: "p.rego",
        text,
    };
    let options = RegoOptions {
        deadline: DEADLINE,
        ..RegoOptions::default()
    };
    let query = "data.cupcake.policies.p.deny = x";
    RegoQuery::compile(&[module], Value::new_object(), query, options)
        .and_then(|query| query.evaluate(input))
        .map(|_| ())
        .map_err(|error| error.kind)
}

/// A rule that computes an expression and denies whatever it is.
fn computing(expression: &str) -> String {
    format!("deny contains {{\"reason\": \"x\"}} if {{\n    x := {expression}\n    x != 0.5\n}}\n")
}

fn event(field: &str) -> String {
    format!("{{\"hook_event_name\": \"PreToolUse\", \"s\": {field}}}")
}

#[test]
fn results_that_would_be_too_large_are_refused_before_they_are_made() {
    let long = format!("\"{}\"", "a".repeat(100_000));
    for (expression, field) in [
        ("sprintf(\"%999999999d\", [1])", "0"),
        ("numbers.range(1, 100000000)", "0"),
        ("numbers.range(1, 99999999999999999999)", "0"),
        ("numbers.range(99999999999999999999, 1)", "0"),
        ("replace(input.s, \"a\", input.s)", long.as_str()),
        (
            "concat(input.s, [y | some i in numbers.range(1, 1000); y := \"\"])",
            long.as_str(),
        ),
        ("bits.lsh(1, 100000000)", "0"),
        ("bits.lsh(1, 100000000000000000000000000)", "0"),
        ("glob.match(input.s, [], \"a\")", long.as_str()),
    ] {
        assert_eq!(
            ends_as(&computing(expression), &event(field)),
            ("memory".to_owned(), "memory".to_owned()),
            "{expression}"
        );
    }
}

#[test]
fn a_count_of_the_empty_text_is_a_number() {
    for count in [
        "strings.count(input.s, \"\")",
        "strings.count(\"\", input.s)",
    ] {
        assert_eq!(
            ends_as(&computing(count), &event("\"\"")),
            ("none".to_owned(), "none".to_owned())
        );
    }
}

#[test]
fn loops_end_at_the_deadline() {
    let cartesian = "deny contains {\"reason\": \"x\"} if {\n    some a in numbers.range(1, 90000)\n    some b in numbers.range(1, 90000)\n    a * b == 0\n}\n";
    assert_eq!(
        ends_as(cartesian, &event("0")),
        ("timeout".to_owned(), "timeout".to_owned())
    );
}

#[test]
fn texts_that_the_parser_does_not_bear_are_refused_when_they_are_loaded() {
    let nested = |open: &str, depth: usize, close: &str| {
        computing(&format!("{}1{}", open.repeat(depth), close.repeat(depth)))
    };
    for rules in [
        nested("[", 900, "]"),
        nested("[\n", 9_000, "\n]"),
        nested("{\"a\": ", 900, "}"),
        nested("(", 9_000, ")"),
        nested("$\"{", 900, "}\""),
        nested("$`{\n", 9_000, "\n}`"),
        computing(&"-".repeat(20_000)),
        computing(&format!("1{}", " + 1".repeat(2_000))),
        computing(&"9".repeat(5_000)),
        computing("1e1000000000"),
        computing("$\"{input.s"),
        computing("$\"{}\""),
    ] {
        let (of_policy, of_query) = ends_as(&rules, &event("0"));
        assert_eq!(
            (of_policy.as_str(), of_query.as_str()),
            ("load", "load"),
            "{rules:.80}"
        );
    }
}

#[test]
fn rules_that_reach_themselves_are_refused_when_they_are_loaded() {
    for rules in [
        computing("f(3)") + "\nf(x) := f(x - 1)\n",
        computing("a") + "\na := b\n\nb := a\n",
        computing("in.a") + "\nin.a := b\n\nb := in.a\n",
    ] {
        assert_eq!(
            ends_as(&rules, &event("0")),
            ("load".to_owned(), "load".to_owned()),
            "{rules}"
        );
    }
}

#[test]
fn patterns_and_documents_that_explode_end_as_errors() {
    let bomb = "a: &a [1,1,1,1,1,1,1,1,1]\\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\\ng: [*f,*f,*f,*f,*f,*f,*f,*f,*f]";
    let deep = "[".repeat(100_000);
    for (expression, field) in [
        (
            "regex.match(input.s, \"a\")",
            "\"(((a{1000}){1000}){1000})\"",
        ),
        ("yaml.unmarshal(input.s)", &format!("\"{bomb}\"")),
        ("json.unmarshal(input.s)", &format!("\"{deep}\"")),
        ("json.unmarshal(input.s)", "\"1e1000000000\""),
        ("units.parse(input.s)", "\"1e1000000000\""),
        ("to_number(input.s)", "\"1e1000000000\""),
    ] {
        let (of_policy, of_query) = ends_as(&computing(expression), &event(field));
        assert!(
            ["evaluation", "memory"].contains(&of_policy.as_str()),
            "{expression}: {of_policy}"
        );
        assert!(
            ["eval_builtin_error", "memory"].contains(&of_query.as_str()),
            "{expression}: {of_query}"
        );
    }
}

#[test]
fn numbers_that_take_for_ever_are_no_events_and_no_values() {
    for number in ["1e1000000000", "1e-1000000000", &"9".repeat(1_000_000)] {
        let error = Event::parse(event(number).as_bytes(), &EventLimits::default()).unwrap_err();
        assert_eq!(error.kind.code(), "number", "{number:.20}");
    }
    assert!(Value::from_json_str("1e1000000000").is_err());
}
