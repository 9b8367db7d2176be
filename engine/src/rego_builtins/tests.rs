//! What the functions answer, how they fail, and that nothing given to them does harm.

mod cases;
mod hostile;
mod times;
mod tokens;

use std::num::NonZeroU32;
use std::time::{Duration, UNIX_EPOCH};

use regorus::{Engine, PolicyLengthConfig};

use super::json_text::compact;
use super::{Context, all, find, refusal};
use crate::value::Value;

/// A decision at noon of the first day of 2026.
pub(super) fn context() -> Context {
    Context {
        now: UNIX_EPOCH + Duration::from_secs(1_767_268_800),
        seed: [7; 16],
        deadline: None,
    }
}

/// Rego text as a value.
pub(super) fn rego(text: &str) -> Value {
    let mut engine = Engine::new();
    engine.set_policy_length_config(PolicyLengthConfig {
        max_col: NonZeroU32::MAX,
        ..PolicyLengthConfig::default()
    });
    engine
        .add_policy(
            "case.rego".to_owned(),
            format!("package case\n\nvalue := {text}\n"),
        )
        .unwrap_or_else(|error| panic!("{text}: {error}"));
    engine.eval_rule("data.case.value".to_owned()).unwrap()
}

/// What a call of a function gives, the arguments as the Rego text of an array.
pub(super) fn call(name: &str, arguments: &str) -> Result<Value, String> {
    let arguments = rego(arguments);
    let builtin = find(name).unwrap_or_else(|| panic!("there is no `{name}`"));
    let arguments = arguments.as_array().map_err(|error| error.to_string())?;
    builtin
        .call(arguments.as_slice(), &context())
        .map_err(|error| error.to_string())
}

/// Calls that answer otherwise than they should: a function, its arguments, and its result as JSON.
fn wrong_answers(cases: &[(&str, &str, &str)]) -> String {
    let mut faults = Vec::new();
    for (name, arguments, expected) in cases {
        let expected = compact(&rego(expected)).unwrap();
        let found = call(name, arguments)
            .and_then(|value| compact(&value).map_err(|error| error.to_string()));
        if found.as_ref() != Ok(&expected) {
            faults.push(format!(
                "{name}{arguments}\n  expected {expected}\n  found    {found:?}"
            ));
        }
    }
    faults.join("\n")
}

/// Calls that answer where they should fail: a function and its arguments.
fn missing_failures(cases: &[(&str, &str)]) -> String {
    let answered = cases.iter().filter_map(|(name, arguments)| {
        let found = call(name, arguments).ok()?;
        Some(format!("{name}{arguments} gives {found:?}"))
    });
    answered.collect::<Vec<_>>().join("\n")
}

#[test]
fn every_function_has_one_place_in_the_table() {
    let mut names: Vec<&str> = all().map(|builtin| builtin.name).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
    for name in names {
        assert_eq!(refusal(name), None, "{name} is offered and refused");
    }
}

#[test]
fn what_regorus_offers_is_offered_or_refused_here() {
    // These are understood by its interpreter, or are the engine's own matter.
    const ELSEWHERE: [&str; 5] = [
        "walk",
        "rand.intn",
        "uuid.rfc4122",
        "__builtin_sets.union",
        "__builtin_sets.intersection",
    ];
    let missing: Vec<&str> = regorus::unstable::BUILTINS
        .keys()
        .copied()
        .filter(|name| !ELSEWHERE.contains(name))
        .filter(|name| find(name).is_none() && refusal(name).is_none())
        .collect();
    assert_eq!(missing, Vec::<&str>::new());
}

#[test]
fn the_document_lists_every_function_with_its_arguments_and_every_refused_one() {
    let document = include_str!("../../../docs/rego_functions.md");
    let mut missing = Vec::new();
    for builtin in all() {
        let source = if builtin.native { "regorus" } else { "host" };
        let row = format!("| `{}` | {} | {source} |", builtin.name, builtin.arity);
        if !document.contains(&row) {
            missing.push(row);
        }
    }
    for (name, _) in super::refused::REFUSED {
        if !document.contains(&format!("| `{name}` |")) {
            missing.push(format!("| `{name}` |"));
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
    let rows = document
        .lines()
        .filter(|line| line.starts_with("| `"))
        .count();
    assert_eq!(rows, all().count() + super::refused::REFUSED.len());
}

#[test]
fn a_wrong_number_of_arguments_is_an_error() {
    for builtin in all() {
        let arguments = vec![Value::Null; usize::from(builtin.arity) + 1];
        let error = builtin.call(&arguments, &context()).unwrap_err();
        let expected = format!(
            "`{}` expects {} arguments, not {}",
            builtin.name,
            builtin.arity,
            builtin.arity + 1
        );
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn chance_is_the_same_within_a_decision_and_another_in_the_next() {
    let draw = |seed| {
        let context = Context {
            seed: [seed; 16],
            ..context()
        };
        let id = find("uuid.rfc4122").unwrap();
        let number = find("rand.intn").unwrap();
        let key = Value::from("key");
        (
            id.call(std::slice::from_ref(&key), &context).unwrap(),
            number
                .call(&[key, Value::from(1_000_000)], &context)
                .unwrap(),
        )
    };
    assert_eq!(draw(1), draw(1));
    assert_ne!(draw(1).0, draw(2).0);
    assert_ne!(draw(1).1, draw(2).1);
}

#[test]
fn the_time_is_that_of_the_decision() {
    assert_eq!(
        call("time.now_ns", "[]"),
        Ok(Value::from(1_767_268_800_000_000_000_u64))
    );
}
