//! Rego queries outside of a project: what they find, how they fail, and where.

use llmspell_engine::{RegoError, RegoErrorKind, RegoModule, RegoOptions, RegoQuery, Value};

const LENIENT: RegoOptions = RegoOptions {
    strict_errors: false,
    deadline: std::time::Duration::from_secs(1),
};

/// What a query finds: the bindings of each solution as JSON.
fn found(text: &str, query: &str, options: RegoOptions) -> Result<Vec<String>, RegoError> {
    let module = RegoModule {
        file: "m.rego",
        text,
    };
    let data = Value::from_json_str(r#"{"known": {"a": 1}}"#).unwrap();
    let query = RegoQuery::compile(&[module], data, query, options)?;
    let input = Value::from_json_str(r#"{"name": "x", "zero": 0}"#).unwrap();
    let answer = query.evaluate(&input)?;
    let bindings = answer.solutions.iter();
    Ok(bindings
        .map(|solution| solution.bindings.to_string())
        .collect())
}

/// The code, the place and the message of an error.
fn failed(text: &str, query: &str, options: RegoOptions) -> String {
    let error = found(text, query, options).unwrap_err();
    let place = error.place.map(|place| place.to_string());
    let place = place.unwrap_or_else(|| "nowhere".to_owned());
    format!("{} {place} {}", error.kind.code(), error.message)
}

#[test]
fn every_solution_of_a_query_is_found() {
    let text = "package m\n\nxs := [1, 2]\n\nq if data.known.a == 1\n";
    let found = |query| found(text, query, RegoOptions::default()).unwrap();
    assert_eq!(found("data.m.xs[_] = x"), [r#"{"x":1}"#, r#"{"x":2}"#]);
    assert_eq!(
        found("data.m.q = x; input.name = y"),
        [r#"{"x":true,"y":"x"}"#]
    );
    assert_eq!(found("x = $\"{input.name}!\""), [r#"{"x":"x!"}"#]);
    assert_eq!(
        found("crypto.md5(\"\", x)"),
        [r#"{"x":"d41d8cd98f00b204e9800998ecf8427e"}"#]
    );
    assert_eq!(found("data.m.nothing = x"), [""; 0]);
    assert_eq!(found("data.elsewhere.a = x"), [""; 0]);
}

#[test]
fn a_function_without_a_result_is_an_error_or_undefined_as_wanted() {
    let text = "package m\n\np := x if x := to_number(input.name)\n\nq := 1 / input.zero\n";
    assert_eq!(
        failed(text, "data.m.p = x", RegoOptions::default()),
        "eval_builtin_error m.rego:3 `to_number` expects a text that is a number"
    );
    assert_eq!(
        failed(text, "data.m.q = x", RegoOptions::default()),
        "eval_builtin_error m.rego:5 divide by zero"
    );
    for query in ["data.m.p = x", "data.m.q = x"] {
        assert_eq!(found(text, query, LENIENT).unwrap(), [""; 0]);
    }
    let large = "package m\n\np := numbers.range(1, 1000000000)\n";
    let failed = failed(large, "data.m.p = x", LENIENT);
    assert!(failed.starts_with("memory m.rego:3 "), "{failed}");
}

#[test]
fn errors_have_the_codes_of_opa() {
    let kind = |rule: &str| {
        let text = format!("package m\n\n{rule}\n");
        found(&text, "data.m.p = x", RegoOptions::default())
            .unwrap_err()
            .kind
    };
    assert_eq!(kind("p := 1\n\np := 2"), RegoErrorKind::Conflict);
    assert_eq!(
        kind("p := {x: y | x := \"a\"; some y in [1, 2]}"),
        RegoErrorKind::Conflict
    );
    assert_eq!(
        kind("p := f(1)\n\nf(x) := x\n\nf(x) := x + 1"),
        RegoErrorKind::Conflict
    );
    assert_eq!(kind("p := count(input.zero)"), RegoErrorKind::Type);
    assert_eq!(
        kind("p := time.parse_rfc3339_ns(input.name)"),
        RegoErrorKind::Builtin
    );
}

#[test]
fn what_is_not_there_is_refused_by_name_and_line_when_it_is_compiled() {
    let failed = |rule: &str| {
        let text = format!("package m\n\np := x if {{\n    x := {rule}\n}}\n");
        failed(&text, "data.m.p = x", LENIENT)
    };
    assert_eq!(
        failed("regex.matsch(\"a\", \"a\")"),
        "unknown_function m.rego:4 there is no function `regex.matsch`: did you mean `regex.match`?"
    );
    assert_eq!(
        failed("http.send({})"),
        "unknown_function m.rego:4 `http.send` would reach into the network: give the policy a signal instead"
    );
    assert_eq!(
        failed("opa.runtime()"),
        "unknown_function m.rego:4 `opa.runtime` would show the host's environment: give the policy a signal instead"
    );
    assert_eq!(
        failed("count(1, 2, 3)"),
        "load m.rego:4 `count` takes 1 arguments and is called with 3"
    );
}

#[test]
fn a_query_is_one_query_and_fails_in_a_place_of_its_own() {
    let text = "package m\n\np := 1\n";
    for (query, expected) in [
        (
            "true }  q if { true",
            "load query:1 the query is more than one query",
        ),
        (
            "http.send({}, x)",
            "unknown_function query:1 `http.send` would reach into the network: give the policy a signal instead",
        ),
        ("1 +", "load query:2 "),
        ("", "load query:1 "),
    ] {
        let failed = failed(text, query, LENIENT);
        assert!(failed.starts_with(expected), "{query}: {failed}");
    }
}

#[test]
fn rules_that_the_evaluator_would_forget_are_refused() {
    for (rules, expected) in [
        (
            "p[x] contains 1 if some x in [\"a\"]\n\np.a contains 2",
            "load m.rego:3 `p` has a variable in brackets, and `p.a` in line 5 of `m.rego` has none: this evaluator cannot join them",
        ),
        (
            "p := q[\"a-b\"]\n\ndefault q[\"a-b\"] := 1",
            "load m.rego:5 the default of a name in brackets would be silent: write the name with dots",
        ),
        (
            "p := f(1)\n\nf(lower(\"A\")) := 1",
            "load m.rego:5 a function cannot be called, nor a template string stand, where another is defined: compare with it in the body",
        ),
    ] {
        let text = format!("package m\n\n{rules}\n");
        assert_eq!(failed(&text, "data.m.p = x", LENIENT), expected);
    }
}

#[test]
fn chance_is_the_same_for_one_evaluation_and_what_is_printed_is_handed_over() {
    let text = "package m\n\np if {\n    print(\"drawn\")\n    uuid.rfc4122(\"a\") == uuid.rfc4122(\"a\")\n}\n";
    let module = RegoModule {
        file: "m.rego",
        text,
    };
    let query = RegoQuery::compile(&[module], Value::new_object(), "data.m.p = x", LENIENT);
    let answer = query.unwrap().evaluate(&Value::Undefined).unwrap();
    assert_eq!(answer.solutions.len(), 1);
    assert_eq!(answer.prints, ["m.rego:4: drawn"]);
}

#[test]
fn a_query_is_evaluated_by_several_threads_at_once() {
    let module = RegoModule {
        file: "m.rego",
        text: "package m\n\np := input.n + 1\n",
    };
    let query =
        RegoQuery::compile(&[module], Value::new_object(), "data.m.p = x", LENIENT).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4_u64 {
            let query = &query;
            scope.spawn(move || {
                for number in 0..50 {
                    let n = thread * 1_000 + number;
                    let input = Value::from_json_str(&format!("{{\"n\": {n}}}")).unwrap();
                    let answer = query.evaluate(&input).unwrap();
                    assert_eq!(answer.solutions[0].bindings["x"], Value::from(n + 1));
                }
            });
        }
    });
}
