//! Tests of policies: which are found, how each ends, and what they reach.

use std::sync::Arc;
use std::time::Duration;

use llmspell_engine::{
    EngineOptions, FoundTest, Harness, Moment, PolicyFault, PolicyLanguage, PolicySource,
    ScriptTests, TestOptions, TestOutcome, TestReport, TestRun, run_tests,
};

use crate::support::{policy, project};

const POLICY: &str = ".cupcake/policies/claude/p.rego";
const TEST: &str = ".cupcake/policies/claude/p_test.rego";
const DENY: &str = "deny contains {\"reason\": \"x\"} if {\n\tinput.a == 1\n\tinput.b == 2\n}";

fn report(files: &[(&str, &str)], tests: &TestOptions) -> TestReport {
    let project = project(files.iter().copied());
    run_tests(project.path(), &EngineOptions::default(), tests).unwrap()
}

/// How each test ended: `name outcome`.
fn ended(report: &TestReport) -> Vec<String> {
    report
        .results
        .iter()
        .map(|result| {
            let outcome = match &result.outcome {
                TestOutcome::Passed => "passed".to_owned(),
                TestOutcome::Skipped => "skipped".to_owned(),
                TestOutcome::Failed { message, line } => {
                    format!("failed at {}: {message}", line.unwrap())
                }
                TestOutcome::Broken(fault) => {
                    format!(
                        "{} at {}: {}",
                        fault.kind.code(),
                        fault.line.unwrap(),
                        fault.message
                    )
                }
            };
            format!("{} {outcome}", result.name)
        })
        .collect()
}

fn run(tests: &str) -> Vec<String> {
    let files = [(POLICY, policy("p", DENY)), (TEST, tests.to_owned())];
    let files = files.each_ref().map(|(path, text)| (*path, text.as_str()));
    ended(&report(&files, &TestOptions::default()))
}

#[test]
fn a_test_passes_if_it_is_true_and_fails_with_the_expression_that_was_not() {
    assert_eq!(
        run("package p_test

import data.cupcake.policies.p

test_denies if count(p.deny) == 1 with input as {\"a\": 1, \"b\": 2}

test_fails if {
\tx := 2
\tcount(p.deny) == x with input as {\"a\": 1}
\tx == 2
}

test_false := false

test_number := 5

todo_test_later if false

helper if false
"),
        [
            "test_denies passed",
            "test_fails failed at 9: `count(p.deny) == x with input as {\"a\": 1}` is not true",
            "test_false failed at 13: it is not true",
            "test_number failed at 15: it is a number, not true",
            "todo_test_later skipped",
        ]
    );
}

#[test]
fn cases_of_one_test_must_all_be_true() {
    assert_eq!(
        run("package p_test
test_good[name] if some name in [\"a\", \"b\"]
test_bad[name] := value if some name, value in {\"a\": true, \"b\": false}
"),
        [
            "test_good passed",
            "test_bad failed at 3: the case `b` is not true"
        ]
    );
}

#[test]
fn what_cannot_be_run_is_an_error_and_not_a_failure() {
    assert_eq!(
        run("package p_test\ntest_divides if 1 / (1 - 1) == 1\ntest_good if true\n"),
        [
            "test_divides evaluation at 2: divide by zero",
            "test_good passed"
        ]
    );
    assert_eq!(
        run("package p_test\ntest_x if data.cupcake.policies.q.deny\n"),
        [
            "test_x load at 2: `data.cupcake.policies.q.deny` is not in this project: did you mean `data.cupcake.policies.p`?"
        ]
    );
    let unreadable = run("package p_test\ntest_x if {\n");
    assert_eq!(unreadable.len(), 1);
    assert!(unreadable[0].starts_with(" load at 3: "), "{unreadable:?}");
}

#[test]
fn a_file_that_is_no_module_is_an_error_wherever_it_stands() {
    let files = [
        (POLICY, "package p\ndeny contains if {\n"),
        (TEST, "package p_test\ntest_good if true\n"),
    ];
    let ended = ended(&report(&files, &TestOptions::default()));
    assert_eq!(ended.len(), 2, "{ended:?}");
    assert!(ended[0].contains(" load at "), "{ended:?}");
    assert_eq!(ended[1], "test_good passed");
}

#[test]
fn tests_find_their_module_beside_rules_that_are_named_by_keywords() {
    let body =
        "in.scope if input.a == 1\n\ndeny contains {\"reason\": $\"a is {input.a}\"} if in.scope";
    let test = "package p_test
import data.cupcake.policies.p
test_said if some said in p.deny with input as {\"a\": 1}
test_text if { some said in p.deny with input as {\"a\": 1}; said.reason == $\"a is {1}\" }
test_other if data.cupcake.policies.p[\"in\"].scope with input as {\"a\": 2}
";
    let policy = policy("p", body);
    let ended = ended(&report(
        &[(POLICY, &policy), (TEST, test)],
        &TestOptions::default(),
    ));
    assert_eq!(ended.len(), 3, "{ended:?}");
    assert_eq!(ended[..2], ["test_said passed", "test_text passed"]);
    assert!(ended[2].starts_with("test_other failed at "), "{ended:?}");
}

#[test]
fn tests_replace_functions_of_the_host_and_nothing_else_changes() {
    let rules = "deny contains {\"reason\": \"late\"} if {
	[hour, _, _] := time.clock([time.now_ns(), \"Europe/Berlin\"])
	hour >= 18
}

digest := crypto.sha256(\"x\")";
    let tests = "package cupcake.policies.p_test

import data.cupcake.policies.p

at(text) := time.parse_rfc3339_ns(text)

early := 1

noon(_) := [12, 0, 0]

test_early if count(p.deny) == 0 with time.now_ns as at(\"2026-07-01T15:59:59Z\")
test_late if count(p.deny) == 1 with time.now_ns as at(\"2026-07-01T16:00:00Z\")
test_clock if count(p.deny) == 1 with time.clock as [19, 0, 0]
test_function if count(p.deny) == 0 with time.clock as noon
test_digest if p.digest == \"d\" with crypto.sha256 as \"d\"
test_as_it_is if startswith(p.digest, \"2d711642b726b044\")
test_own if time.now_ns() == 5 with time.now_ns as 5
test_now if time.now_ns() > 1700000000000000000
test_local if { time := 3; time + early == 4 }
test_names if object.keys(p) == {\"deny\", \"digest\"}
test_fails if time.clock(\"x\") == 1
";
    let files = [(POLICY, policy("p", rules)), (TEST, tests.to_owned())];
    let files = files.each_ref().map(|(path, text)| (*path, text.as_str()));
    let report = report(&files, &TestOptions::default());
    let expected = [
        "test_early passed",
        "test_late passed",
        "test_clock passed",
        "test_function passed",
        "test_digest passed",
        "test_as_it_is passed",
        "test_own passed",
        "test_now passed",
        "test_local passed",
        "test_names passed",
        "test_fails evaluation at 13: `time.clock` expects a time in nanoseconds as argument 1, not a string",
    ];
    assert_eq!(ended(&report), expected);
}

#[test]
fn a_test_that_does_not_end_is_stopped() {
    let endless = "package p_test
test_long if {
\tx := numbers.range(1, 3000)
\ty := numbers.range(1, 3000)
\tcount([1 | some a in x; some b in y; a * b < 0]) == 1
}
";
    let tests = TestOptions {
        deadline: Duration::from_millis(20),
        ..TestOptions::default()
    };
    let report = report(&[(TEST, endless)], &tests);
    let TestOutcome::Broken(fault) = &report.results[0].outcome else {
        panic!("{report:?}")
    };
    assert_eq!(fault.kind.code(), "timeout");
}

#[test]
fn paths_and_names_choose_tests() {
    let files = [
        (TEST, "package p_test\ntest_one if true\ntest_two if true\n"),
        (
            ".cupcake/policies/other_test.rego",
            "package other_test\ntest_one if true\n",
        ),
        (
            ".cupcake/tests/far_test.rego",
            "package far_test\ntest_far if true\n",
        ),
    ];
    let chosen = |paths: &[&str], name: &'static str| {
        let tests = TestOptions {
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
            is_wanted: Some(Arc::new(move |full| full.contains(name))),
            ..TestOptions::default()
        };
        ended(&report(&files, &tests)).join(", ")
    };
    assert_eq!(
        chosen(&[], ""),
        "test_one passed, test_two passed, test_one passed, test_far passed"
    );
    assert_eq!(
        chosen(&[".cupcake/policies/claude"], ""),
        "test_one passed, test_two passed"
    );
    assert_eq!(chosen(&[".cupcake/policies/clau"], ""), "");
    assert_eq!(chosen(&[TEST], "two"), "test_two passed");
    assert_eq!(chosen(&[], "other_test.test_one"), "test_one passed");
    assert_eq!(chosen(&[".cupcake/tests/"], ""), "test_far passed");
}

#[test]
fn each_harness_has_its_own_policies_and_shared_tests_run_once() {
    let own = |says: &str| policy("p", &DENY.replace("input.a == 1", says));
    let test = "package p_test\ntest_p if data.cupcake.policies.p.deny with input as {\"b\": 2}\n";
    let files = [
        (POLICY, own("true")),
        (".cupcake/policies/cursor/p.rego", own("false")),
        (TEST, test.to_owned()),
        (
            ".cupcake/policies/cursor/q_test.rego",
            "package q_test\ntest_q if count(data.cupcake.policies.p.deny) == 0 with input as {\"b\": 2}\n".to_owned(),
        ),
        (
            ".cupcake/policies/shared_test.rego",
            "package shared_test\ntest_shared if true\n".to_owned(),
        ),
    ];
    let project = project(files.each_ref().map(|(path, text)| (*path, text.as_str())));
    let ended = |harness| {
        let options = EngineOptions {
            harness,
            ..EngineOptions::default()
        };
        ended(&run_tests(project.path(), &options, &TestOptions::default()).unwrap()).join(", ")
    };
    assert_eq!(
        ended(None),
        "test_p passed, test_q passed, test_shared passed"
    );
    assert_eq!(
        ended(Some(Harness::Cursor)),
        "test_q passed, test_shared passed"
    );
}

#[test]
fn coverage_says_which_lines_of_policies_and_helpers_were_reached() {
    let files = [
        (POLICY, policy("p", DENY)),
        (
            ".cupcake/helpers/h.rego",
            "package cupcake.helpers.h\n\nyes := 1\n".to_owned(),
        ),
        (
            TEST,
            "package p_test\ntest_x if count(data.cupcake.policies.p.deny) == 0 with input as {\"a\": 2}\n".to_owned(),
        ),
    ];
    let files = files.each_ref().map(|(path, text)| (*path, text.as_str()));
    let tests = TestOptions {
        coverage: true,
        ..TestOptions::default()
    };
    let report = report(&files, &tests);
    let lines: Vec<String> = report
        .coverage
        .iter()
        .map(|file| format!("{} {:?} {:?}", file.file, file.covered, file.not_covered))
        .collect();
    assert_eq!(
        lines,
        [
            ".cupcake/helpers/h.rego {} {3}",
            ".cupcake/policies/claude/p.rego {9} {8, 10}",
        ]
    );
    assert_eq!(report.percent(), Some(25.0));
}

#[test]
fn what_a_test_prints_is_kept_with_it() {
    let report = report(
        &[(
            TEST,
            "package p_test\ntest_x if {\n\tprint(\"seen\", 1)\n}\n",
        )],
        &TestOptions::default(),
    );
    assert_eq!(report.results[0].prints, [format!("{TEST}:3: seen 1")]);
}

/// A language whose tests are its lines.
#[derive(Debug)]
struct Lines;

#[derive(Debug)]
struct LineTests(Vec<FoundTest>);

impl PolicyLanguage for Lines {
    fn name(&self) -> &'static str {
        "lines"
    }

    fn endings(&self) -> &'static [&'static str] {
        &["lua"]
    }

    fn comment(&self) -> &'static str {
        "--"
    }

    fn compile(
        &self,
        source: PolicySource<'_>,
    ) -> Result<llmspell_engine::CompiledPolicy, PolicyFault> {
        Err(PolicyFault::load(source.text, 1))
    }

    fn tests(&self, source: PolicySource<'_>) -> Result<Option<Box<dyn ScriptTests>>, PolicyFault> {
        if source.text.is_empty() {
            return Err(PolicyFault::load("the file is empty", 1));
        }
        let tests = (1..)
            .zip(source.text.lines())
            .map(|(line, name)| FoundTest {
                name: name.to_owned(),
                line,
            });
        Ok(Some(Box::new(LineTests(tests.collect()))))
    }
}

impl ScriptTests for LineTests {
    fn found(&self) -> &[FoundTest] {
        &self.0
    }

    fn run(&self, name: &str, _: Moment) -> TestRun {
        match name {
            "test_panics" => panic!("as it was told"),
            _ => TestOutcome::Passed.into(),
        }
    }
}

#[test]
fn tests_of_a_script_language_run_beside_those_in_rego_and_a_panic_is_an_error() {
    let project = project([
        (".cupcake/policies/a.lua", "test_one\ntest_panics"),
        (".cupcake/policies/b.lua", ""),
        (
            ".cupcake/policies/c_test.rego",
            "package c_test\ntest_c if true\n",
        ),
    ]);
    let options = EngineOptions {
        languages: vec![Arc::new(Lines)],
        ..EngineOptions::default()
    };
    let report = run_tests(project.path(), &options, &TestOptions::default()).unwrap();
    assert_eq!(
        ended(&report),
        [
            "test_one passed",
            "test_panics crashed at 2: the evaluator broke down while it ran the test",
            " load at 1: the file is empty",
            "test_c passed",
        ]
    );
    assert_eq!((report.passed(), report.broken(), report.found), (2, 2, 4));
}
