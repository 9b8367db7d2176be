//! Every function of the evaluator, with right and wrong arguments: its failures are errors and never undefined.

use llmspell_engine::{Event, EventLimits, Value};
use regorus::unstable::BUILTINS;
use serde_json::{Value as Json, json};

use crate::support::{engine, event, policy, project};

/// Functions that depend on chance or say nothing in this form, and are refused when a policy is loaded.
const REFUSED: [&str; 2] = ["rand.intn", "walk"];

/// Values of every kind, sound for some function each; fewer where many are combined.
fn palette(arity: u8) -> Vec<Json> {
    let few = [
        json!(null),
        json!(0),
        json!(-1),
        json!(2_147_483_647),
        json!(1.5),
        json!("["),
        json!("10ZZ"),
        json!([1]),
        json!({"a": 1}),
    ];
    let more = [
        json!(true),
        json!(""),
        json!("10.0.0.0/8"),
        json!([]),
        json!(["a", 1]),
        json!([["a"], null]),
        json!([{"op": "no", "path": "/a"}]),
        json!([{"op": "remove", "path": "/b"}]),
        json!([9_223_372_036_854_775_807_i64, "Nowhere"]),
        json!({"a": "b", "c": ["a"]}),
        json!({"a": {"b": null}}),
    ];
    match arity {
        0 => Vec::new(),
        1 | 2 => few.into_iter().chain(more).collect(),
        _ => few.to_vec(),
    }
}

/// Every combination of so many values.
fn combinations(values: &[Json], arity: u8) -> Vec<Vec<Json>> {
    (0..arity).fold(vec![Vec::new()], |lists, _| {
        lists
            .iter()
            .flat_map(|list| {
                values
                    .iter()
                    .map(move |value| list.iter().chain([value]).cloned().collect::<Vec<Json>>())
            })
            .collect()
    })
}

/// The arguments for which a function gives nothing and fails with nothing; with sets in place of lists if wanted.
fn silent(name: &str, arity: u8, sets: bool) -> Vec<String> {
    let arguments: Vec<String> = (0..arity)
        .map(|index| format!("argument({index})"))
        .collect();
    let call = format!("{name}({})", arguments.join(", "));
    let list = if sets { "{e | some e in list}" } else { "list" };
    let rules = format!(
        "ask contains {{\"reason\": \"x\"}} if result := {call}

        argument(index) := {list} if {{
            list := input.arguments[index]
            is_array(list)
        }}

        argument(index) := input.arguments[index] if not is_array(input.arguments[index])"
    );
    let project = project([(".cupcake/policies/p.rego", policy("p", &rules).as_str())]);
    let engine = engine(&project);
    assert_eq!(engine.policies()[0].error, None, "{name}");
    let mut found = Vec::new();
    for arguments in combinations(&palette(arity), arity) {
        let event = json!({"hook_event_name": "PreToolUse", "arguments": arguments});
        let event = Event::from_value(Value::from(event), &EventLimits::default()).unwrap();
        if engine.evaluate(&event).default {
            found.push(Json::from(arguments).to_string());
        }
    }
    found
}

/// The error of a policy with this call, which is one of its file and not of the event.
fn refusal(call: &str) -> String {
    let rules = format!("ask contains {{\"reason\": \"x\"}} if {{ {call} }}");
    let project = project([(".cupcake/policies/p.rego", policy("p", &rules).as_str())]);
    let engine = engine(&project);
    let error = engine.policies()[0].error.as_ref().unwrap();
    format!("{} {}", error.kind.code(), error.message)
}

#[test]
fn no_function_makes_undefined_of_a_failure() {
    let mut names: Vec<(&str, u8)> = BUILTINS
        .iter()
        .map(|(name, (_, arity))| (*name, *arity))
        .filter(|(name, _)| !name.starts_with("__") && !REFUSED.contains(name))
        .collect();
    names.sort_unstable();
    assert!(names.len() > 100, "{names:?}");
    let mut faults = Vec::new();
    for (name, arity) in names {
        for sets in [false, true]
            .into_iter()
            .take(if arity > 2 { 1 } else { 2 })
        {
            let silent = silent(name, arity, sets);
            // There is no greatest and no least of nothing, as in OPA.
            let expected: &[&str] = match name {
                "max" | "min" => &["[[]]"],
                _ => &[],
            };
            if silent != expected {
                faults.push(format!("{name}: {silent:?}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_function_that_depends_on_chance_is_refused_when_the_policy_is_loaded() {
    for name in ["rand.intn", "uuid.rfc4122"] {
        assert_eq!(
            refusal(&format!("x := {name}(\"a\", 5)")),
            format!(
                "unknown_function `{name}` would make decisions depend on chance: decide by what the event says"
            )
        );
    }
}

#[test]
fn a_walk_that_would_say_nothing_is_refused_when_the_policy_is_loaded() {
    for call in ["[path, part] := walk(input)", "not walk(input)"] {
        assert_eq!(
            refusal(call),
            "load `walk` with one argument says nothing: write `walk(value, [path, part])`"
        );
    }
}

#[test]
fn all_policies_of_a_decision_see_the_same_time_and_the_next_decision_sees_its_own() {
    let rules = "add_context contains sprintf(\"%d\", [time.now_ns()])\n\ndeny contains {\"reason\": \"no time\"} if time.now_ns() < 1700000000000000000";
    let files: Vec<(String, String)> = (0..40)
        .map(|index| {
            let name = format!("p{index}");
            (
                format!(".cupcake/policies/{name}.rego"),
                policy(&name, rules),
            )
        })
        .collect();
    let project = project(
        files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str())),
    );
    let engine = engine(&project);
    let time = || {
        let decision = engine.evaluate(&event(r#"{"hook_event_name": "PreToolUse"}"#));
        assert_eq!((decision.errors.len(), decision.rules.len()), (0, 40));
        decision.context
    };
    let (first, second) = (time(), time());
    assert_eq!((first.len(), second.len()), (1, 1));
    assert!(first < second, "{first:?} {second:?}");
}
