//! `llmspell test`.

use std::fs;

use serde_json::{Value, json};

use crate::program::Folder;

const POLICY: &str = "# METADATA
# custom:
#   routing:
#     required_events: [PreToolUse]
package cupcake.policies.p

deny contains {\"reason\": \"no\", \"rule_id\": \"P\", \"severity\": \"LOW\"} if {
	input.a == 1
	input.b == 2
}
";
const TESTS: &str = "package cupcake.policies.p_test

import data.cupcake.policies.p

test_denies if count(p.deny) == 1 with input as {\"a\": 1, \"b\": 2}

test_fails if {
	print(\"seen\")
	count(p.deny) == 1 with input as {\"a\": 1}
}

test_divides if 1 / (1 - 1) == 1

todo_test_later if false
";

fn folder() -> Folder {
    Folder::new(&[
        (".cupcake/policies/p.rego", POLICY),
        (".cupcake/policies/p_test.rego", TESTS),
    ])
}

/// The text without how long tests took.
fn steady(text: &str) -> String {
    let mut steady = String::new();
    for line in text.lines() {
        let line = match line.rsplit_once(" (") {
            Some((start, end)) if end.ends_with("s)") => start,
            _ => line,
        };
        steady.push_str(line);
        steady.push('\n');
    }
    steady
}

#[test]
fn tests_that_fail_say_where_and_what_they_printed() {
    let ran = folder().run(&["test"]);
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
    assert_eq!(
        steady(&ran.out),
        "\
.cupcake/policies/p_test.rego
  FAIL   data.cupcake.policies.p_test.test_fails
         line 9: `count(p.deny) == 1 with input as {\"a\": 1}` is not true
         .cupcake/policies/p_test.rego:8: seen
  ERROR  data.cupcake.policies.p_test.test_divides
         .cupcake/policies/p_test.rego:12: evaluation: divide by zero
  SKIP   data.cupcake.policies.p_test.todo_test_later
PASS: 1/4
FAIL: 1/4
ERROR: 1/4
SKIPPED: 1/4
"
    );
}

#[test]
fn a_pattern_and_paths_choose_tests() {
    let folder = folder();
    let ran = folder.run(&["test", "--run", "p_test.*denies$", "-v"]);
    assert_eq!(
        (ran.code, steady(&ran.out).as_str()),
        (
            0,
            ".cupcake/policies/p_test.rego\n  PASS   data.cupcake.policies.p_test.test_denies\nPASS: 1/1\n"
        )
    );
    let ran = folder.run(&["test", "--run", "denies", ".cupcake/policies"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, "PASS: 1/1\n"));
    let ran = folder.run(&["test", "--run", "nothing"]);
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (0, "no test was chosen of 4\n")
    );
    assert_eq!(
        folder
            .run(&["test", "--run", "nothing", "--fail-on-empty"])
            .code,
        1
    );
    for (arguments, part) in [
        (&["test", "--run", "("][..], "`(` is no regular expression"),
        (&["test", "no/such"], "no/such: this cannot be read"),
        (&["test", "/"], "this lies outside the project"),
        (
            &["test", "--coverage", ".cupcake"],
            "ends in `.lcov` or `.info`",
        ),
    ] {
        let ran = folder.run(arguments);
        assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{arguments:?}");
        assert!(
            ran.err.contains(part) && ran.err.contains("\nhelp: "),
            "{}",
            ran.err
        );
    }
}

#[test]
fn a_project_without_tests_says_how_to_write_one() {
    let folder = Folder::new(&[(".cupcake/policies/p.rego", POLICY)]);
    let ran = folder.run(&["test"]);
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (
            0,
            "there are no tests: a test is a rule `test_…` in a file `*_test.rego`, or a function `test_…` of a policy in Lua or JavaScript\n"
        )
    );
    assert_eq!(folder.run(&["test", "--fail-on-empty"]).code, 1);
}

#[test]
fn json_is_what_opa_writes() {
    let ran = folder().run(&["test", "--json"]);
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
    let mut results: Value = serde_json::from_str(&ran.out).unwrap();
    for result in results.as_array_mut().unwrap() {
        assert!(
            result
                .as_object_mut()
                .unwrap()
                .remove("duration")
                .unwrap()
                .is_u64()
        );
    }
    let result = |name: &str, row: u32| {
        json!({
            "location": { "file": ".cupcake/policies/p_test.rego", "row": row, "col": 1 },
            "package": "data.cupcake.policies.p_test",
            "name": name,
        })
    };
    let with = |mut result: Value, key: &str, value: Value| {
        result[key] = value;
        result
    };
    let error = json!({
        "code": "evaluation",
        "message": "divide by zero",
        "location": { "file": ".cupcake/policies/p_test.rego", "row": 12, "col": 1 },
    });
    assert_eq!(
        results,
        json!([
            result("test_denies", 5),
            with(
                with(result("test_fails", 7), "fail", json!(true)),
                "output",
                // `.cupcake/policies/p_test.rego:8: seen` and a line break.
                json!("LmN1cGNha2UvcG9saWNpZXMvcF90ZXN0LnJlZ286ODogc2Vlbgo=")
            ),
            with(result("test_divides", 12), "error", error),
            with(result("todo_test_later", 14), "skip", json!(true)),
        ])
    );
}

#[test]
fn coverage_is_a_table_a_document_or_a_file_in_lcov() {
    let folder = folder();
    let run = ["test", "--run", "fails", "--coverage"];
    let table = folder.run(&run).out;
    let (_, table) = table.split_once("\n\n").unwrap();
    assert_eq!(
        table,
        "\
file                      reached  lines that were not
.cupcake/policies/p.rego   66.7 %  7
together                   66.7 %
"
    );
    let document = folder.run(&[&run[..], &["--json"]].concat()).out;
    let document: Value = serde_json::from_str(&document).unwrap();
    assert_eq!(
        document,
        json!({
            "coverage": 66.67,
            "files": { ".cupcake/policies/p.rego": {
                "coverage": 66.67,
                "covered": [{ "start": { "row": 8 }, "end": { "row": 9 } }],
                "covered_lines": 2,
                "not_covered": [{ "start": { "row": 7 }, "end": { "row": 7 } }],
                "not_covered_lines": 1,
            } },
        })
    );
    let ran = folder.run(&[&run[..], &["p.lcov"]].concat());
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
    let lcov = fs::read_to_string(folder.path().join("p.lcov")).unwrap();
    let (source, lines) = lcov.split_once("p.rego\n").unwrap();
    assert!(source.starts_with("TN:\nSF:"), "{source}");
    assert_eq!(lines, "DA:7,0\nDA:8,1\nDA:9,1\nLF:3\nLH:2\nend_of_record\n");
}

#[test]
fn cases_of_a_test_are_told_one_by_one() {
    let tests = "package cases_test

test_two[name] if {
	some name, value in {\"good\": 1, \"bad\": 2}
	value == 1
}

test_nested[outer][inner] if {
	some outer in [\"x\", \"y\"]
	some inner in [1, 2]
}
";
    let folder = Folder::new(&[(".cupcake/tests/cases_test.rego", tests)]);
    let ran = folder.run(&["test", "--json"]);
    let results: Value = serde_json::from_str(&ran.out).unwrap();
    let inner = json!({ "1": { "name": "1" }, "2": { "name": "2" } });
    assert_eq!(
        results[1]["sub_results"],
        json!({ "x": { "name": "x", "sub_results": inner }, "y": { "name": "y", "sub_results": inner } })
    );
    assert_eq!(results[1].get("fail"), None);
}

const LUA: &str = r#"-- METADATA
-- custom:
--   id: LUA
--   routing: {required_events: [PreToolUse]}
local policy = {}

function policy.deny(input)
    if input.bad then return { reason = "no" } end
end

function policy.test_denies() return policy.deny({ bad = true }).reason == "no" end

function policy.test_fails()
    print("looking")
    return policy.deny({}) ~= nil
end

function policy.test_raises() error("on purpose") end

function policy.test_never_ends() while true do end end

return policy
"#;

const JAVASCRIPT: &str = r#"// METADATA
// custom:
//   id: JAVASCRIPT
//   routing: {required_events: [PreToolUse]}
export function deny(input) {
  if (input.bad) return { reason: "no" };
}

export function test_denies() {
  return deny({ bad: true }).reason === "no";
}

export function test_fails() {
  return 5;
}

export function todo_test_later() {}
"#;

#[test]
fn tests_of_all_languages_run_together() {
    let folder = Folder::new(&[
        (".cupcake/policies/p.rego", POLICY),
        (".cupcake/policies/p_test.rego", TESTS),
        (".cupcake/policies/guard.lua", LUA),
        (".cupcake/policies/guard.mjs", JAVASCRIPT),
    ]);
    let ran = folder.run(&["test", "--run", "^(LUA|JAVASCRIPT)\\.|test_denies", "-v"]);
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
    assert_eq!(
        steady(&ran.out),
        "\
.cupcake/policies/guard.lua
  PASS   LUA.test_denies
  FAIL   LUA.test_fails
         line 13: the test returned false
         .cupcake/policies/guard.lua:14: looking
  FAIL   LUA.test_raises
         line 18: on purpose
  ERROR  LUA.test_never_ends
         .cupcake/policies/guard.lua:20: timeout: the test ran longer than 5 s
.cupcake/policies/guard.mjs
  PASS   JAVASCRIPT.test_denies
  FAIL   JAVASCRIPT.test_fails
         line 13: the test returned a number
  SKIP   JAVASCRIPT.todo_test_later
.cupcake/policies/p_test.rego
  PASS   data.cupcake.policies.p_test.test_denies
PASS: 3/8
FAIL: 3/8
ERROR: 1/8
SKIPPED: 1/8
"
    );
}
