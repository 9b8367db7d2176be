//! Every function of the evaluator, with right and wrong arguments: its failures are errors and never undefined.

use llmspell_engine::{Event, EventLimits, Value};
use serde_json::{Value as Json, json};

use crate::support::{engine, event, policy, project};

/// The functions that a policy may call, and how many arguments they take; a test of the evaluator counts them.
const FUNCTIONS: [(&str, u8); 114] = [
    ("abs", 1),
    ("array.concat", 2),
    ("array.reverse", 1),
    ("array.slice", 3),
    ("base64.decode", 1),
    ("base64.encode", 1),
    ("base64.is_valid", 1),
    ("base64url.decode", 1),
    ("base64url.encode", 1),
    ("base64url.encode_no_pad", 1),
    ("bits.and", 2),
    ("bits.lsh", 2),
    ("bits.negate", 1),
    ("bits.or", 2),
    ("bits.rsh", 2),
    ("bits.xor", 2),
    ("ceil", 1),
    ("concat", 2),
    ("contains", 2),
    ("count", 1),
    ("endswith", 2),
    ("floor", 1),
    ("format_int", 2),
    ("glob.match", 3),
    ("glob.quote_meta", 1),
    ("graph.reachable", 2),
    ("graph.reachable_paths", 2),
    ("hex.decode", 1),
    ("hex.encode", 1),
    ("indexof", 2),
    ("indexof_n", 2),
    ("intersection", 1),
    ("is_array", 1),
    ("is_boolean", 1),
    ("is_null", 1),
    ("is_number", 1),
    ("is_object", 1),
    ("is_set", 1),
    ("is_string", 1),
    ("json.filter", 2),
    ("json.is_valid", 1),
    ("json.marshal", 1),
    ("json.marshal_with_options", 2),
    ("json.patch", 2),
    ("json.remove", 2),
    ("json.unmarshal", 1),
    ("lower", 1),
    ("max", 1),
    ("min", 1),
    ("net.cidr_contains", 2),
    ("net.cidr_expand", 1),
    ("net.cidr_is_valid", 1),
    ("numbers.range", 2),
    ("numbers.range_step", 3),
    ("object.filter", 2),
    ("object.get", 3),
    ("object.keys", 1),
    ("object.remove", 2),
    ("object.subset", 2),
    ("object.union", 2),
    ("object.union_n", 1),
    ("product", 1),
    ("regex.find_all_string_submatch_n", 3),
    ("regex.find_n", 3),
    ("regex.is_valid", 1),
    ("regex.match", 2),
    ("regex.replace", 3),
    ("regex.split", 2),
    ("regex.template_match", 4),
    ("replace", 3),
    ("round", 1),
    ("semver.compare", 2),
    ("semver.is_valid", 1),
    ("sort", 1),
    ("split", 2),
    ("sprintf", 2),
    ("startswith", 2),
    ("strings.any_prefix_match", 2),
    ("strings.any_suffix_match", 2),
    ("strings.count", 2),
    ("strings.replace_n", 2),
    ("strings.reverse", 1),
    ("substring", 3),
    ("sum", 1),
    ("time.add_date", 4),
    ("time.clock", 1),
    ("time.date", 1),
    ("time.diff", 2),
    ("time.format", 1),
    ("time.now_ns", 0),
    ("time.parse_duration_ns", 1),
    ("time.parse_ns", 2),
    ("time.parse_rfc3339_ns", 1),
    ("time.weekday", 1),
    ("to_number", 1),
    ("trace", 1),
    ("trim", 2),
    ("trim_left", 2),
    ("trim_prefix", 2),
    ("trim_right", 2),
    ("trim_space", 1),
    ("trim_suffix", 2),
    ("type_name", 1),
    ("union", 1),
    ("units.parse", 1),
    ("units.parse_bytes", 1),
    ("upper", 1),
    ("urlquery.decode", 1),
    ("urlquery.decode_object", 1),
    ("urlquery.encode", 1),
    ("urlquery.encode_object", 1),
    ("yaml.is_valid", 1),
    ("yaml.marshal", 1),
    ("yaml.unmarshal", 1),
];

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
    let policies = engine.policies();
    let error = policies[0].error.as_ref().unwrap();
    format!("{} {}", error.kind.code(), error.message)
}

#[test]
fn no_function_makes_undefined_of_a_failure() {
    let mut faults = Vec::new();
    for (name, arity) in FUNCTIONS {
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
