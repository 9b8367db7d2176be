//! Whatever a function is given, it answers or says what is wrong: it neither panics nor explodes nor tells values.

use std::time::Instant;

use super::{call, context, rego};
use crate::rego_builtins::{BuiltinErrorKind, Context, all, find};
use crate::value::Value;

/// Values of every kind, many of them at some edge.
fn palette() -> Vec<Value> {
    let texts = [
        "null",
        "true",
        "0",
        "-1",
        "1.5",
        "9223372036854775807",
        "-9223372036854775808",
        "123456789012345678901234567890",
        "\"\"",
        "\"a\"",
        "\"[\"",
        "\"\\\\\"",
        "\"%\"",
        "\"%[9]*.*z\"",
        "\"{{\"",
        "\"{\"",
        "\"é日\u{1F600}\"",
        "\"10.0.0.0/8\"",
        "\"::/0\"",
        "\"a.b.c\"",
        "\"-----BEGIN CERTIFICATE-----\\nMIIB\\n-----END CERTIFICATE-----\\n\"",
        "`{\"keys\": [{\"kty\": \"EC\", \"crv\": \"P-256\", \"x\": \"\", \"y\": \"\"}]}`",
        "`{\"kty\": \"RSA\", \"n\": \"AQ\", \"e\": \"AQAB\"}`",
        "[]",
        "[\"a\", 1]",
        "[[\"a\"], null]",
        "[9223372036854775807, \"Asia/Tokyo\", \"2006 MST -07 .999\"]",
        "set()",
        "{\"a\", 1}",
        "{}",
        "{\"a\": {\"b\": [1, {2}]}}",
        "{\"a\": [\"a\", \"b\"], \"b\": {\"a\"}}",
    ];
    texts.into_iter().map(rego).collect()
}

/// Every pair and some triples of the palette, so that each function sees many combinations.
fn arguments(palette: &[Value], arity: usize) -> Vec<Vec<Value>> {
    let mut lists = vec![Vec::new()];
    for position in 0..arity {
        let step = if position < 2 { 1 } else { 5 };
        lists = lists
            .iter()
            .flat_map(|list| {
                let values = palette.iter().skip(position).step_by(step);
                values.map(move |value| {
                    let mut list = list.clone();
                    list.push(value.clone());
                    list
                })
            })
            .collect();
    }
    lists
}

#[test]
fn no_function_panics_or_tells_values_whatever_it_is_given() {
    let palette = palette();
    let context = context();
    for builtin in all() {
        for arguments in arguments(&palette, usize::from(builtin.arity)) {
            let Err(error) = builtin.call(&arguments, &context) else {
                continue;
            };
            let message = error.to_string();
            // What the wrapper around every call says of a panic.
            assert!(
                !message.ends_with("fails in a way that nobody foresaw"),
                "{message}: {arguments:?}"
            );
            assert!(!message.contains("BEGIN"), "{message}");
            assert!(!message.contains('日'), "{message}");
            assert!(message.contains(builtin.name), "{message}");
        }
    }
}

#[test]
fn results_that_would_explode_are_refused() {
    let long = format!("\"{}\"", "a".repeat(3_000));
    let numbers: Vec<String> = (0..64).map(|number| format!("\"{number}\"")).collect();
    let all_numbers = numbers.join(", ");
    let dense: Vec<String> = numbers
        .iter()
        .map(|number| format!("{number}: [{all_numbers}]"))
        .collect();
    let cases = [
        ("sprintf", "[\"%999999999d\", [1]]".to_owned()),
        ("sprintf", "[\"%.99999999f\", [1.5]]".to_owned()),
        ("sprintf", "[\"%*d\", [100000000, 1]]".to_owned()),
        ("numbers.range", "[1, 1000000000]".to_owned()),
        ("numbers.range_step", "[1, 1e30, 3]".to_owned()),
        ("net.cidr_expand", "[\"10.0.0.0/8\"]".to_owned()),
        ("net.cidr_expand", "[\"::/0\"]".to_owned()),
        ("bits.lsh", "[1, 100000000]".to_owned()),
        ("units.parse", "[\"1e1000000000\"]".to_owned()),
        ("strings.replace_n", format!("[{{\"a\": {long}}}, {long}]")),
        ("replace", format!("[{long}, \"a\", {long}]")),
        ("regex.replace", format!("[{long}, \"a\", {long}]")),
        ("regex.match", format!("[\"{}\", \"a\"]", "(a?)".repeat(1_200))),
        ("glob.match", format!("[\"{}\", [], \"a\"]", "*".repeat(5_000))),
        (
            "graph.reachable_paths",
            format!("[{{{}}}, [\"0\"]]", dense.join(", ")),
        ),
        (
            "graphql.parse_query",
            format!("[\"{}\"]", "{ a".repeat(1_000)),
        ),
        (
            "strings.render_template",
            "[`{{range .a}}{{range $.a}}{{range $.a}}{{range $.a}}x{{end}}{{end}}{{end}}{{end}}`, {\"a\": numbers.range(1, 50)}]".to_owned(),
        ),
    ];
    for (name, arguments) in cases {
        let arguments = rego(&arguments);
        let result = find(name)
            .unwrap()
            .call(arguments.as_array().unwrap().as_slice(), &context());
        let error = result.map(|value| value.to_string().len()).unwrap_err();
        assert_eq!(error.kind, BuiltinErrorKind::TooLarge, "{name}: {error}");
    }
}

#[test]
fn long_work_ends_at_the_deadline() {
    let passed = Context {
        deadline: Some(Instant::now()),
        ..context()
    };
    let cases = [
        ("graph.reachable_paths", "[{\"a\": [\"b\"]}, [\"a\"]]"),
        (
            "net.cidr_contains_matches",
            "[\"10.0.0.0/8\", \"10.0.0.1\"]",
        ),
        ("strings.render_template", "[\"a\", {}]"),
        ("sprintf", "[\"a\", []]"),
    ];
    for (name, arguments) in cases {
        let arguments = rego(arguments);
        let result = find(name)
            .unwrap()
            .call(arguments.as_array().unwrap().as_slice(), &passed);
        let kind = result.map_err(|error| error.kind);
        assert_eq!(kind, Err(BuiltinErrorKind::TimedOut), "{name}");
    }
}

#[test]
fn an_error_names_the_argument_and_what_it_is_and_not_its_value() {
    assert_eq!(
        call("regex.match", "[\"a\", {\"secret\": 1}]"),
        Err("`regex.match` expects a string as argument 2, not an object".to_owned())
    );
    assert_eq!(
        call("time.parse_ns", "[\"2006\", \"secret\"]"),
        Err("`time.parse_ns` expects a time that fits the layout".to_owned())
    );
}
