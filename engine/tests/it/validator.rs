//! What a check of a project finds, rule by rule: the policy goes in, the findings come out.

use std::collections::BTreeSet;

use llmspell_engine::{
    EngineErrorKind, EngineOptions, Harness, Severity, check_project, check_rules,
};

use crate::support::{policy, project};

const FILE: &str = ".cupcake/policies/claude/p.rego";

/// The findings of a project, but that it has no tests: `severity rule line:column message | help`.
fn found(files: &[(&str, &str)]) -> Vec<String> {
    let project = project(files.iter().copied());
    let report = check_project(project.path(), &EngineOptions::default()).unwrap();
    report
        .findings
        .iter()
        .filter(|finding| finding.rule != "untested-policy")
        .map(|finding| {
            let place = &finding.place;
            let number =
                |number: Option<u32>| number.map_or(String::new(), |number| format!(":{number}"));
            format!(
                "{} {} {}{}{} {} | {}",
                finding.severity.name(),
                finding.rule,
                place.file.rsplit('/').next().unwrap(),
                number(place.line),
                number(place.column),
                finding.message,
                finding.help
            )
        })
        .collect()
}

/// The findings of a policy with these rules, the first of which stands in line 8.
fn found_in(rules: &str) -> Vec<String> {
    found(&[(FILE, &policy("p", rules))])
}

/// A policy for these events and tools that defines one verb.
fn routed(events: &str, tools: &str, rule: &str) -> String {
    let tools = match tools {
        "" => String::new(),
        tools => format!("#     required_tools: {tools}\n"),
    };
    format!(
        "# METADATA\n# custom:\n#   id: P\n#   routing:\n#     required_events: {events}\n{tools}package cupcake.policies.p\n\n{rule}\n"
    )
}

/// The column at which the body of `DENY if {…}` begins.
const BODY: usize = 70;

const DENY: &str = r#"deny contains {"reason": "x", "rule_id": "R", "severity": "LOW"}"#;

#[test]
fn a_policy_without_fault_has_no_findings() {
    assert_eq!(
        found_in(&format!("{DENY} if input.tool_input.command")),
        [""; 0]
    );
}

#[test]
fn telemetry_that_is_switched_on_and_not_written_is_a_warning() {
    let policy = policy("p", DENY);
    let rulebook = "signals: {}\ntelemetry:\n  enabled: true\n";
    assert_eq!(
        found(&[(FILE, &policy), (".cupcake/rulebook.yml", rulebook)]),
        [
            "warning unwritten-telemetry rulebook.yml:2 `telemetry` writes whole events to files, which this engine does not do | switch it off; `llmspell record` keeps decisions, and redacts secrets"
        ]
    );
}

#[test]
fn decisions_without_severity_or_rule_id_are_warnings_and_without_reason_an_error() {
    assert_eq!(
        found_in(r#"deny contains {"note": "x"}"#),
        [
            "warning decision-rule-id p.rego:8:15 a decision of `deny` has no `rule_id` | add a stable name: without it the policy's id counts",
            "warning decision-severity p.rego:8:15 a decision of `deny` has no `severity` | add LOW, MEDIUM, HIGH or CRITICAL: without it `MEDIUM` counts",
            "error decision-structure p.rego:8:15 a decision of `deny` has no `reason` | add a sentence for people: without it the decision is an error",
        ]
    );
    assert_eq!(
        found_in(
            "ask contains decision if {\n\tdecision := {\n\t\t\"reason\": \"x\",\n\t\t\"rule_id\": \"R\",\n\t}\n}"
        ),
        [
            "warning decision-severity p.rego:9:14 a decision of `ask` has no `severity` | add LOW, MEDIUM, HIGH or CRITICAL: without it `MEDIUM` counts"
        ]
    );
}

#[test]
fn what_is_computed_is_not_judged() {
    assert_eq!(
        found_in(
            "deny contains decision if some decision in found\n\nfound contains object.union({\"reason\": \"x\"}, input.more)"
        ),
        [""; 0]
    );
    assert_eq!(
        found_in(
            "deny contains {\"reason\": concat(\" \", [\"a\", input.x]), key: 1, \"rule_id\": \"R\"} if key := input.key"
        ),
        [""; 0]
    );
}

#[test]
fn fields_of_the_wrong_type_or_name_are_found_where_they_stand() {
    assert_eq!(
        found_in(
            r#"deny contains {"reason": 5, "rule_id": "R", "severity": "SEVERE", "agent_contxt": "a"}"#
        ),
        [
            "error decision-structure p.rego:8:17 the `reason` of a decision is a number | make it a text",
            "warning decision-severity p.rego:8:46 `SEVERE` is no known severity | write LOW, MEDIUM, HIGH or CRITICAL",
            "warning decision-key p.rego:8:68 `agent_contxt` is no field of a decision | did you mean `agent_context`?",
        ]
    );
    assert_eq!(
        found_in(
            r#"modify contains {"reason": "x", "rule_id": "R", "severity": "LOW", "priority": 300}"#
        ),
        [
            "error decision-structure p.rego:8:17 a decision of `modify` has no `updated_input` | add an object that is merged over the tool's input",
            "error decision-structure p.rego:8:69 the `priority` of a decision is a number | make it a whole number from 0 to 255",
        ]
    );
    assert_eq!(
        found_in("add_context contains {\"a\": 1}"),
        [
            "error decision-structure p.rego:8:22 `add_context` holds something that is no text | write `add_context contains \"…\"`"
        ]
    );
    assert_eq!(
        found_in("deny contains \"no\""),
        [
            "error decision-structure p.rego:8:16 `deny` holds a text, not a decision | write an object with `reason`, `rule_id` and `severity`"
        ]
    );
}

#[test]
fn a_set_that_is_nearly_a_verb_is_found_unless_something_reads_it() {
    assert_eq!(
        found_in(&format!(
            "{DENY}\n\ndenny contains \"x\"\n\nallow contains \"y\""
        )),
        [
            "warning misspelt-verb p.rego:10:1 `denny` is no verb, and nothing reads it | did you mean `deny`?",
            "warning misspelt-verb p.rego:12:1 `allow` is no verb, and nothing reads it | there is no such verb: what no rule refuses is allowed",
        ]
    );
    assert_eq!(
        found_in(&format!(
            "{DENY} if count(denny) > 0\n\ndenny contains \"x\""
        )),
        [""; 0]
    );
}

#[test]
fn definitions_of_a_set_with_another_set_between_them_are_found() {
    let ask = DENY.replace("deny", "ask").replace("\"R\"", "\"A\"");
    assert_eq!(
        found_in(&format!(
            "{DENY} if input.a\n\n{ask} if input.b\n\n{DENY} if input.c"
        )),
        [
            "warning incremental-rule-grouping p.rego:12:1 `deny` is defined in several places of the file | put it beneath the definition at line 8"
        ]
    );
    assert_eq!(
        found_in(&format!(
            "{DENY} if helper\n\nhelper := true\n\n{DENY} if input.c"
        )),
        [""; 0]
    );
}

#[test]
fn a_text_looked_for_in_an_object_is_found_also_behind_a_name() {
    let help = "write `\"command\" in object.keys(input.tool_input)`";
    let message =
        "`in` looks for `command` among the values of `input.tool_input`, not among its keys";
    for body in [
        "\"command\" in input.tool_input",
        "ti := input.tool_input; \"command\" in ti",
        "some x in [1]; x > 0; not \"command\" in input.tool_input",
    ] {
        let column = BODY + body.find("command").unwrap();
        assert_eq!(
            found_in(&format!("{DENY} if {{{body}}}")),
            [format!(
                "warning object-key-membership p.rego:8:{column} {message} | {help}"
            )],
            "{body}"
        );
    }
    for body in [
        "\"a\" in input.tool_input.items",
        "\"a\" in {\"a\", \"b\"}",
        "\"a\" in object.keys(input.tool_input)",
        "some \"a\", x in input.tool_input; x",
    ] {
        assert_eq!(
            found_in(&format!("{DENY} if {{{body}}}")),
            [""; 0],
            "{body}"
        );
    }
}

#[test]
fn a_rule_for_what_the_routing_does_not_let_through_is_found() {
    let finding = |column: u32, name: &str, key: &str| {
        format!(
            "warning contradicting-filter p.rego:9:{column} the rule is for `{name}`, which the routing does not let through | add it to `{key}`, or remove the rule"
        )
    };
    for (body, expected) in [
        (
            "input.tool_name == \"Edit\"",
            Some((70, "Edit", "required_tools")),
        ),
        (
            "\"Edit\" == input.tool_name",
            Some((71, "Edit", "required_tools")),
        ),
        (
            "input.tool_name in {\"Edit\"}",
            Some((70, "Edit", "required_tools")),
        ),
        (
            "input.hook_event_name == \"Stop\"",
            Some((70, "Stop", "required_events")),
        ),
        ("input.tool_name in {\"Edit\", \"Bash\"}", None),
        ("input.tool_name != \"Edit\"", None),
        ("not input.tool_name == \"Edit\"", None),
        ("input.tool_name == input.other", None),
    ] {
        let text = routed("[PreToolUse]", "[Bash]", &format!("{DENY} if {{{body}}}"));
        let expected: Vec<String> = expected
            .map(|(column, name, key)| finding(column, name, key))
            .into_iter()
            .collect();
        assert_eq!(found(&[(FILE, &text)]), expected, "{body}");
    }
}

#[test]
fn tools_that_are_nearly_known_are_warnings_and_others_notes() {
    let text = routed(
        "[PreToolUse]",
        "[bash, Wirte, Zork, mcp__a__b, Write]",
        DENY,
    );
    assert_eq!(
        found(&[(FILE, &text)]),
        [
            "warning unknown-tool p.rego:6:24 `claude` is not known to have a tool `bash` | did you mean `Bash`?",
            "warning unknown-tool p.rego:6:30 `claude` is not known to have a tool `Wirte` | did you mean `Write`?",
            "note unknown-tool p.rego:6:37 `claude` is not known to have a tool `Zork` | correct the name, unless the tool is new",
        ]
    );
}

#[test]
fn an_event_that_nobody_sends_is_a_warning_and_one_that_is_nearly_known_an_error() {
    let text = routed("[SomethingNew]", "", DENY);
    assert_eq!(
        found(&[(FILE, &text)]),
        [
            "warning unknown-event p.rego:5:25 `claude` is not known to send an event `SomethingNew` | correct the name, unless the event is new"
        ]
    );
    let text = routed("[PreToolUze]", "", DENY);
    assert_eq!(
        found(&[(FILE, &text)]),
        ["error metadata p.rego:5:25 there is no event `PreToolUze` | did you mean `PreToolUse`?"]
    );
}

#[test]
fn a_routing_that_no_event_can_match_is_an_error() {
    let block = DENY.replace("deny", "block");
    let finding = |severity: &str| {
        format!(
            "{severity} unreachable-routing p.rego:6:7 `Stop` of `claude` has no tool, so `required_tools` keeps it from the policy | remove `required_tools`, or the event"
        )
    };
    let text = routed("[Stop]", "[Bash]", &block);
    assert_eq!(found(&[(FILE, &text)]), [finding("error")]);
    let text = routed("[Stop, PostToolUse]", "[Bash]", &block);
    assert_eq!(found(&[(FILE, &text)]), [finding("warning")]);
    let text = routed("[Stop]", "[\"*\"]", &block);
    assert_eq!(found(&[(FILE, &text)]), [""; 0]);
}

#[test]
fn a_verb_that_no_reply_can_say_is_an_error_and_one_that_is_weakened_a_note() {
    let ask = DENY.replace("deny", "ask");
    let lost = |severity: &str| {
        format!(
            "{severity} decision-event-compatibility p.rego:8:1 the reply of `claude` to `PostToolUse` cannot say `ask` | it can say `halt`, `block`, `add_context`"
        )
    };
    assert_eq!(
        found(&[(FILE, &routed("[PostToolUse]", "", &ask))]),
        [lost("error")]
    );
    assert_eq!(
        found(&[(FILE, &routed("[PreToolUse, PostToolUse]", "", &ask))]),
        [lost("warning")]
    );
    assert_eq!(
        found(&[(FILE, &routed("[Stop]", "", DENY))]),
        [
            "note decision-event-compatibility p.rego:8:1 `deny` is said as `block` in the reply of `claude` to `Stop` | say `block`"
        ]
    );
    assert_eq!(
        found(&[(
            FILE,
            &routed("[PreToolUse]", "", &DENY.replace("deny", "block"))
        )]),
        [
            "note deprecated-verb p.rego:8:1 `block` says the same as `deny` to `PreToolUse` | say `deny`"
        ]
    );
    let cursor = ".cupcake/policies/cursor/p.rego";
    let modify = r#"modify contains {"reason": "x", "rule_id": "R", "severity": "LOW", "updated_input": {}}"#;
    assert_eq!(
        found(&[(cursor, &routed("[beforeShellExecution]", "", modify))]),
        [
            "error decision-event-compatibility p.rego:8:1 the reply of `cursor` to `beforeShellExecution` cannot say `modify` | it can say `halt`, `deny`, `block`, `ask`"
        ]
    );
}

#[test]
fn a_rule_id_or_a_policy_id_of_another_policy_is_found_with_its_place() {
    let one = policy("one", DENY);
    let two = policy("two", DENY).replace("id: two", "id: one");
    assert_eq!(
        found(&[
            (".cupcake/policies/claude/one.rego", &one),
            (".cupcake/policies/claude/two.rego", &two),
        ]),
        [
            "warning shadowed-policy-id two.rego:3:9 the policy id `one` is that of `.cupcake/policies/claude/one.rego` already | give each policy a `custom.id` of its own: decisions name policies by it",
            "warning duplicate-rule-id two.rego:8:32 the rule id `R` is that of `.cupcake/policies/claude/one.rego:8` already | give each rule an id of its own",
        ]
    );
}

#[test]
fn metadata_in_the_wrong_place_or_with_a_key_that_nobody_reads_is_found() {
    let late = format!(
        "package cupcake.policies.p\n# METADATA\n# custom:\n#   routing:\n#     required_events: [PreToolUse]\n{DENY}\n"
    );
    assert_eq!(
        found(&[(FILE, &late)]),
        [
            "error metadata-placement p.rego:2 the metadata of the package stands below the package, where it belongs to a rule | move it above line 1"
        ]
    );
    let text = policy(
        "p",
        &format!(
            "{DENY}\n\n# METADATA\n# custom:\n#   routing:\n#     required_events: [Stop]\nx := 1"
        ),
    );
    assert_eq!(
        found(&[(FILE, &text)]),
        [
            "warning metadata-placement p.rego:12 this routing is not read: only the first metadata of a file has one | remove it, or put the rule into a file of its own"
        ]
    );
    let text = policy("p", DENY)
        .replace("# METADATA\n", "# METADATA\n# titel: x\n# severity: HIGH\n")
        .replace(
            "#   id: p\n",
            "#   id: p\n#   severty: LOW\n#   owner: me\n",
        );
    assert_eq!(
        found(&[(FILE, &text)]),
        [
            "warning unknown-key p.rego:2:3 the key `titel` of the metadata is not read | did you mean `title`?",
            "warning unknown-key p.rego:3:3 the key `severity` of the metadata is not read | move it under `custom`, where `severity` is read",
            "warning unknown-key p.rego:6:5 the key `severty` of the metadata is not read | did you mean `severity`?",
        ]
    );
}

#[test]
fn a_signal_that_is_read_and_not_asked_for_is_found_once() {
    let body =
        "input.signals.branch == \"main\"; input.signals.branch != \"x\"; input.signals[\"other\"]";
    assert_eq!(
        found_in(&format!("{DENY} if {{{body}}}")),
        [
            "warning undeclared-signal p.rego:8:70 the signal `branch` is read, but the routing does not ask for it | add `branch` to `required_signals`: else it is there only if another policy asks",
            "warning undeclared-signal p.rego:8:131 the signal `other` is read, but the routing does not ask for it | add `other` to `required_signals`: else it is there only if another policy asks",
        ]
    );
}

#[test]
fn what_keeps_a_policy_from_being_loaded_is_found_with_a_stable_id() {
    let cases = [
        ("deny contains 1", "package-declaration"),
        ("", "package-declaration"),
        ("package cupcake.policies.p\nx := 1", "routing-metadata"),
        ("package cupcake.policies.p\nx :=", "load"),
        (
            &policy(
                "p",
                "deny contains {\"reason\": \"x\", \"rule_id\": \"R\", \"severity\": \"LOW\"} if no_such(1)",
            ),
            "unknown-function",
        ),
        (
            &policy("p", DENY).replace("required_events", "required_event"),
            "metadata",
        ),
    ];
    for (text, rule) in cases {
        let found = found(&[(FILE, text)]);
        assert!(
            found
                .first()
                .is_some_and(|first| first.starts_with(&format!("error {rule} p.rego:"))),
            "{rule}: {found:?}"
        );
    }
}

#[test]
fn a_broken_rulebook_and_broken_settings_are_findings_and_a_missing_project_is_an_error() {
    for (file, text, expected) in [
        (
            ".cupcake/rulebook.yml",
            "signal: 1",
            "error project rulebook.yml:1",
        ),
        (
            "llmspell.toml",
            "[policy]\nmod = 1",
            "error project llmspell.toml:2",
        ),
    ] {
        let found = found(&[(FILE, &policy("p", DENY)), (file, text)]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with(expected), "{found:?}");
    }
    let nowhere = tempfile::tempdir().unwrap();
    let error = check_project(nowhere.path(), &EngineOptions::default()).unwrap_err();
    assert_eq!(error.kind, EngineErrorKind::MissingProject);
}

#[test]
fn policies_of_every_harness_are_checked_unless_one_is_named() {
    let broken = "package cupcake.policies.p\nx := 1";
    let project = project([
        (FILE, policy("p", DENY).as_str()),
        (".cupcake/policies/cursor/q.rego", broken),
    ]);
    let count = |harness| {
        let options = EngineOptions {
            harness,
            ..EngineOptions::default()
        };
        let report = check_project(project.path(), &options).unwrap();
        (report.policies, report.count(Severity::Error))
    };
    assert_eq!(count(None), (2, 1));
    assert_eq!(count(Some(Harness::Claude)), (1, 0));
    assert_eq!(count(Some(Harness::Cursor)), (1, 1));
}

#[test]
fn a_policy_that_no_test_names_is_a_note() {
    let policy = policy("p", DENY);
    let test = |text: &str| {
        let test = (".cupcake/policies/claude/p_test.rego", text);
        let project = project([(FILE, policy.as_str()), test]);
        let report = check_project(project.path(), &EngineOptions::default()).unwrap();
        report
            .findings
            .iter()
            .filter(|finding| finding.rule == "untested-policy")
            .count()
    };
    assert_eq!(
        test("package p_test\ntest_x if data.cupcake.policies.p.deny"),
        0
    );
    assert_eq!(
        test("package p_test\nimport data.cupcake.policies.p\ntest_x if p.deny"),
        0
    );
    assert_eq!(test("package p_test\ntest_x if true"), 1);
    assert_eq!(
        test("package p_test\nhelper := data.cupcake.policies.p.deny"),
        1
    );
}

#[test]
fn every_rule_has_an_id_of_its_own() {
    let rules = check_rules();
    let different: BTreeSet<&str> = rules.iter().copied().collect();
    assert_eq!(different.len(), rules.len());
    assert!(rules.iter().all(|id| {
        id.chars()
            .all(|letter| letter.is_ascii_lowercase() || letter == '-')
    }));
}

#[test]
fn text_that_is_hard_to_read_does_not_stop_a_check() {
    let texts = [
        "\u{feff}package",
        "# METADATA\n# \t: [",
        "package cupcake.policies.p\n\n\"\\",
        "package cupcake.policies.p\r\ndeny contains {\"reason\": \"é\", \"rule_id\": \"R\"}\r\n",
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[",
        "# METADATA\n# custom: {routing: {required_events: [PreToolUse]}}\npackage cupcake.policies[\"a b\"]\ndeny contains x if x := {\"é\": 1}",
    ];
    for text in texts {
        assert!(!found(&[(FILE, text)]).is_empty(), "{text:?}");
    }
}
