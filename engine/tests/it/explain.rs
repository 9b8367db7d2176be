//! Tests of what is said about why an event led to its decision.

use llmspell_engine::{Explanation, PolicyExplanation, RuleOutcome, SkipReason};
use serde_json::{Value as Json, json};

use crate::support::{engine, event, policy, project, repeatable};

const HELPER: &str = r#"package cupcake.helpers.shell

import rego.v1

is_dangerous(command) if {
	some word in split(command, " ")
	word in ["sudo", "rm"]
}

is_dangerous(command) if { contains(command, "| sh"); not contains(command, "localhost") }

is_plan if input.mode == "plan"
"#;

/// What is explained about an event for a policy of these rules, which may use the helper.
fn explained(rules: &str, input: &Json) -> Explanation {
    let rules = format!("import data.cupcake.helpers.shell\nimport rego.v1\n\n{rules}");
    let text = policy("p", &rules);
    let project = project([
        (".cupcake/policies/p.rego", text.as_str()),
        (".cupcake/helpers/shell.rego", HELPER),
    ]);
    let engine = engine(&project);
    let event = event(&input.to_string());
    let explanation = engine.explain(&event);
    assert_eq!(
        repeatable(&explanation.decision),
        repeatable(&engine.evaluate(&event))
    );
    explanation
}

/// What is explained of the policy itself, and not of the guardrails that every project has.
fn own(explanation: &Explanation) -> &PolicyExplanation {
    let mut policies = explanation.evaluated.iter();
    policies.find(|policy| &*policy.policy == "p").unwrap()
}

/// Each rule with its line, its outcome, and the expression that failed with its place.
fn rules(explanation: &Explanation) -> Vec<String> {
    let rules = own(explanation).rules.iter();
    rules
        .map(|rule| {
            let outcome = serde_json::to_value(rule.outcome).unwrap();
            let failed = rule.failed.as_ref().map_or_else(String::new, |failed| {
                let error = failed
                    .error
                    .as_ref()
                    .map_or_else(String::new, |error| format!(" ({error})"));
                format!(
                    " at {}:{} {}{error}",
                    failed.line, failed.column, failed.expression
                )
            });
            format!(
                "{} {} {}{failed}",
                rule.name,
                rule.line,
                outcome.as_str().unwrap()
            )
        })
        .collect()
}

fn bash(command: &str) -> Json {
    json!({"hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_input": {"command": command}})
}

#[test]
fn the_first_expression_that_does_not_hold_is_named_with_its_line_and_column() {
    let found = explained(
        "deny contains {\"reason\": \"a\"} if { input.tool_name == \"Bash\"; contains(input.tool_input.command, \"sudo\"); input.cwd == \"/\" }\n\ndeny contains {\"reason\": \"b\"} if {\n\tcommand := input.tool_input.command\n\t\"ls\" == command\n}",
        &bash("sudo ls"),
    );
    assert_eq!(
        rules(&found),
        [
            "deny 11 silent at 11:107 input.cwd == \"/\"",
            "deny 13 silent at 15:2 \"ls\" == command",
        ]
    );
    assert_eq!(found.inputs_missing, ["input.cwd"]);
}

#[test]
fn loops_negations_and_every_are_explained_as_they_are_evaluated() {
    let found = explained(
        "deny contains {\"reason\": word} if { some word in split(input.tool_input.command, \" \"); startswith(word, \"-\"); not word == \"-rf\" }\n\ndeny contains {\"reason\": \"b\"} if { every word in split(input.tool_input.command, \" \") { word != \"rm\" }; true }\n\nask contains {\"reason\": \"c\"} if { some i; input.tags[i] == \"b\" }",
        &json!({"hook_event_name": "PreToolUse", "tool_input": {"command": "rm -rf /"}, "tags": ["a", "b"]}),
    );
    assert_eq!(
        rules(&found),
        [
            "deny 11 silent at 11:111 not word == \"-rf\"",
            "deny 13 silent at 13:36 every word in split(input.tool_input.command, \" \") { word != \"rm\" }",
            "ask 15 fired",
        ]
    );
}

#[test]
fn functions_are_explained_with_the_arguments_with_which_they_are_called() {
    let rule = "deny contains {\"reason\": \"no\"} if {\n\tcommand := input.tool_input.command\n\tshell.is_dangerous(command)\n\tnot shell.is_plan\n}";
    assert_eq!(
        rules(&explained(rule, &bash("curl x | sh"))),
        [
            "deny 11 fired",
            "is_dangerous 5 silent at 7:2 word in [\"sudo\", \"rm\"]",
            "is_dangerous 10 fired",
            "is_plan 12 silent at 12:12 input.mode == \"plan\"",
        ]
    );
    let local = rules(&explained(rule, &bash("curl localhost | sh")));
    assert_eq!(
        local[2],
        "is_dangerous 10 silent at 10:55 not contains(command, \"localhost\")"
    );
    let missing = explained(
        rule,
        &json!({"hook_event_name": "PreToolUse", "tool_name": "Bash"}),
    );
    assert_eq!(
        rules(&missing)[..2],
        [
            "deny 11 silent at 12:2 command := input.tool_input.command",
            "is_dangerous 5 not_asked",
        ]
    );
    assert_eq!(missing.inputs_missing, ["input.mode", "input.tool_input"]);
}

#[test]
fn a_head_that_is_undefined_and_an_expression_that_is_an_error_are_named() {
    let found = explained(
        "deny contains {\"reason\": input.nothing} if { true }\n\nask contains {\"reason\": \"b\"} if { lower(input.tool_input.timeout) == \"b\" }",
        &json!({"hook_event_name": "PreToolUse", "tool_input": {"timeout": 3}}),
    );
    assert_eq!(
        rules(&found),
        [
            "deny 11 silent at 11:15 {\"reason\": input.nothing}",
            "ask 13 failed at 13:35 lower(input.tool_input.timeout) == \"b\" (`lower` expects a string as argument 1, not a number)",
        ]
    );
}

#[test]
fn what_is_bound_besides_the_file_is_named_as_the_file_says_it() {
    let rules_text = "is_a(x) if x == \"a\"\n\ndeny contains {\"reason\": x.r} if {\n\tsome x in input.list\n}\n\nask contains {\"reason\": \"a\"} if not is_a(input.m)\n\nhalt contains input.list[_].q";
    let input = json!({"hook_event_name": "PreToolUse", "list": [{"s": 1}]});
    let explanation = explained(rules_text, &input);
    let told = rules(&explanation).join("\n");
    assert!(told.contains("x.r"), "{told}");
    assert!(told.contains(" input.m"), "{told}");
    assert!(told.contains("input.list[_].q"), "{told}");
    assert!(!told.contains("__"), "{told}");
}

#[test]
fn an_else_is_asked_only_if_what_stands_before_it_has_no_value() {
    let rule = "mode := \"plan\" if { input.mode == \"plan\" } else := \"auto\" if { input.mode == \"auto\" } else := \"none\"\n\nadd_context contains mode";
    assert_eq!(
        rules(&explained(
            rule,
            &json!({"hook_event_name": "PreToolUse", "mode": "auto"})
        )),
        [
            "mode 11 silent at 11:21 input.mode == \"plan\"",
            "mode 11 fired",
            "mode 11 not_asked",
            "add_context 13 fired",
        ]
    );
}

#[test]
fn the_inputs_of_the_reached_statements_are_named_through_local_names_too() {
    let found = explained(
        "deny contains {\"reason\": \"a\"} if { edit := input.tool_input.edits[0]; edit.old == \"x\"; edit[\"new text\"] == \"y\"; input.never }",
        &json!({"hook_event_name": "PreToolUse", "tool_input": {"edits": [{"old": "x"}]}}),
    );
    let inputs: Vec<(&str, Option<&str>)> = own(&found)
        .inputs
        .iter()
        .map(|input| (input.path.as_str(), input.missing.as_deref()))
        .collect();
    assert_eq!(
        inputs,
        [
            ("input.tool_input.edits[0]", None),
            ("input.tool_input.edits[0].old", None),
            (
                "input.tool_input.edits[0][\"new text\"]",
                Some("input.tool_input.edits[0][\"new text\"]")
            ),
        ]
    );
}

#[test]
fn a_head_of_several_fields_does_not_keep_its_rule_from_being_explained() {
    let head = "{\n\t# {\n\t\"reason\": input.reason,\n\t\"rule_id\": \"A-1\",\n}";
    let found = explained(
        &format!(
            "deny contains {{\"reason\": \"not as root\", \"rule_id\": \"NO-ROOT-1\"}} if {{ contains(input.tool_input.command, \"sudo\") }}\n\nask contains {head} if {{ true }}"
        ),
        &json!({"hook_event_name": "PreToolUse", "tool_name": "Bash"}),
    );
    assert_eq!(
        rules(&found),
        [
            "deny 11 silent at 11:70 contains(input.tool_input.command, \"sudo\")".to_owned(),
            format!("ask 13 silent at 13:14 {head}"),
        ]
    );
    assert_eq!(found.inputs_missing, ["input.reason", "input.tool_input"]);
}

#[test]
fn objects_of_several_fields_may_stand_in_calls_and_loops() {
    let found = explained(
        "is_near(place) if { place.x < input.near; place.y < 9 }\n\ndeny contains {\"reason\": \"a\", \"rule_id\": \"A\"} if { is_near({\"x\": 1, \"y\": 2}) }\n\nask contains {\"reason\": \"a\", \"rule_id\": \"B\"} if { every name, size in {\"a\": 1, \"b\": 2} { is_near({\"x\": size, \"y\": size}); name != \"b\" } }",
        &json!({"hook_event_name": "PreToolUse", "near": 3}),
    );
    assert_eq!(
        rules(&found),
        [
            "is_near 11 fired",
            "deny 13 fired",
            "ask 15 silent at 15:51 every name, size in {\"a\": 1, \"b\": 2} { is_near({\"x\": size, \"y\": size}); name != \"b\" }",
        ]
    );
}

#[test]
fn a_policy_on_the_virtual_machine_is_explained_as_on_the_interpreter() {
    let rules_of = |rvm: &str| {
        let text = policy(
            "p",
            "deny contains {\"reason\": \"a\", \"rule_id\": \"A\"} if { input.tool_name == \"Bash\"; input.cwd == \"/\" }",
        );
        let settings = format!("[policy]\nrvm = \"{rvm}\"\n");
        let project = project([
            (".cupcake/policies/p.rego", text.as_str()),
            ("llmspell.toml", settings.as_str()),
        ]);
        let engine = engine(&project);
        let is_compiled = engine.policies().iter().any(|policy| policy.is_compiled);
        (
            is_compiled,
            rules(&engine.explain(&event(&bash("ls").to_string()))),
        )
    };
    let expected = vec!["deny 8 silent at 8:79 input.cwd == \"/\"".to_owned()];
    assert_eq!(rules_of("on"), (true, expected.clone()));
    assert_eq!(rules_of("off"), (false, expected));
}

/// What each part of the expressions that do not hold was.
fn seen(explanation: &Explanation) -> Vec<String> {
    let failed = own(explanation).rules.iter().flat_map(|rule| &rule.failed);
    failed
        .flat_map(|failed| &failed.values)
        .map(|seen| format!("{} is {}", seen.expression, seen.values.join(" or ")))
        .collect()
}

#[test]
fn the_values_that_were_compared_are_told_without_secrets_and_cut_where_they_are_long() {
    let rules = "deny contains {\"reason\": \"a\"} if { startswith(lower(input.tool_input.command), \"sudo\") }\n\ndeny contains {\"reason\": \"b\"} if { input.cwd == \"/\" }\n\ndeny contains {\"reason\": \"c\"} if { some word in split(input.tool_input.command, \" \"); word in {\"rm\", \"mv\"} }\n\nask contains {\"reason\": \"d\"} if { input.password != \"hunter2\" }\n\nask contains {\"reason\": \"e\"} if { contains(input.prompt, \"x\") }";
    let found = explained(
        rules,
        &json!({
            "hook_event_name": "PreToolUse",
            "tool_input": {"command": "LS -a b c"},
            "password": "hunter2",
            "prompt": format!("{} ", "long").repeat(30),
        }),
    );
    let long = "long ".repeat(20);
    assert_eq!(
        seen(&found),
        [
            "lower(input.tool_input.command) is \"ls -a b c\"".to_owned(),
            "input.cwd is ".to_owned(),
            "word is \"-a\" or \"LS\" or \"b\"".to_owned(),
            "input.password is [redacted:password]".to_owned(),
            format!("input.prompt is \"{}…", long.get(..79).unwrap()),
        ]
    );
}

#[test]
fn the_values_in_a_function_are_those_of_the_arguments_that_came_furthest() {
    let found = explained(
        "is_long(word) if { startswith(word, \"l\"); count(word) > 9 }\n\ndeny contains {\"reason\": \"a\"} if { is_long(\"short\") }\n\ndeny contains {\"reason\": \"b\"} if { is_long(input.word) }",
        &json!({"hook_event_name": "PreToolUse", "word": "lengthy"}),
    );
    assert_eq!(
        seen(&found),
        ["count(word) is 7", "input.word is \"lengthy\""]
    );
}

#[test]
fn a_key_that_is_missing_is_answered_with_the_nearest_one_that_is_there() {
    let found = explained(
        "deny contains {\"reason\": \"a\"} if { input.tool_input.commnad == \"ls\" }\n\nask contains {\"reason\": \"b\"} if { input.toolInput.command == \"ls\" }\n\nask contains {\"reason\": \"c\"} if { input.nothing }",
        &bash("ls"),
    );
    let inputs = own(&found).inputs.iter();
    let near: Vec<(&str, Option<&str>)> = inputs
        .map(|input| (input.path.as_str(), input.did_you_mean.as_deref()))
        .collect();
    assert_eq!(
        near,
        [
            ("input.nothing", None),
            ("input.toolInput.command", Some("input.tool_input")),
            ("input.tool_input.commnad", Some("input.tool_input.command")),
        ]
    );
}

#[cfg(unix)]
#[test]
fn the_signals_that_were_gathered_are_told_with_what_came_of_them() {
    let text = policy(
        "p",
        "deny contains {\"reason\": \"a\"} if { input.signals.branch == \"x\"; input.signals.tests.success == false }",
    )
    .replace(
        "[PreToolUse]",
        "[PreToolUse]\n#     required_signals: [branch, tests, gone]",
    );
    let rulebook = "signals:\n  branch: {command: \"echo main\"}\n  tests: {command: \"exit 3\"}\n  gone: {command: \"kill -9 $$\"}\n";
    let project = project([
        (".cupcake/policies/p.rego", text.as_str()),
        (".cupcake/rulebook.yml", rulebook),
    ]);
    let explanation = engine(&project).explain(&event(&bash("ls").to_string()));
    let signals: Vec<Json> = explanation
        .signals
        .iter()
        .map(|signal| {
            json!([
                signal.name,
                signal.outcome,
                signal.exit_code,
                signal.message
            ])
        })
        .collect();
    assert_eq!(
        signals,
        [
            json!(["branch", "answered", null, null]),
            json!(["gone", "failed", null, "was ended by the system's signal 9"]),
            json!(["tests", "exited", 3, "ended with 3"]),
        ]
    );
    let other = engine(&project).explain(&event(r#"{"hook_event_name": "Stop"}"#));
    assert_eq!(other.signals, []);
}

#[test]
fn whether_the_inputs_were_recorded_is_told() {
    let found = explained(
        "deny contains {\"reason\": \"a\"} if { input.x }",
        &bash("ls"),
    );
    assert!(own(&found).inputs_recorded);
    let guardrail = &found.evaluated[0];
    assert!(!guardrail.inputs_recorded, "{}", guardrail.policy);
}

#[test]
fn a_guardrail_says_whether_it_spoke() {
    let project = project([]);
    let engine = engine(&project);
    let outcome = |command: &str| {
        let explanation = engine.explain(&event(&bash(command).to_string()));
        let guardrail = &explanation.evaluated[0];
        assert_eq!(&*guardrail.policy, "BUILTIN-RULEBOOK-SECURITY");
        let rules = guardrail.rules.iter();
        rules
            .map(|rule| (rule.verb.unwrap().name(), rule.outcome))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        outcome("ls"),
        [("halt", RuleOutcome::Silent), ("ask", RuleOutcome::Silent)]
    );
    assert_eq!(
        outcome("rm -rf .cupcake"),
        [("halt", RuleOutcome::Fired), ("ask", RuleOutcome::Silent)]
    );
    assert_eq!(
        outcome("curl example.com | sh"),
        [("halt", RuleOutcome::Silent), ("ask", RuleOutcome::Fired)]
    );
}

#[test]
fn statements_in_any_order_are_explained_as_far_as_they_can_be() {
    let found = explained(
        "deny contains {\"reason\": \"a\"} if { contains(command, \"sudo\"); command = input.tool_input.command }\n\nask contains {\"reason\": \"b\"} if { input.mode == \"plan\" }",
        &bash("sudo ls"),
    );
    assert_eq!(
        rules(&found),
        [
            "deny 11 fired",
            "ask 13 silent at 13:35 input.mode == \"plan\""
        ]
    );
    assert_eq!(found.decision.rules.len(), 1);
}

#[test]
fn a_policy_that_is_not_asked_is_listed_with_the_reason() {
    let wrong = policy("wrong", "deny contains {\"reason\": 1} if").replace("PreToolUse", "Stop");
    let routed = |name: &str, tools: &str| {
        policy(name, "deny contains {\"reason\": \"x\"} if { input.x }").replace(
            "[PreToolUse]",
            &format!("[PreToolUse]\n#     required_tools: [{tools}]"),
        )
    };
    let other = policy("other", "deny contains {\"reason\": \"x\"} if { input.x }")
        .replace("PreToolUse", "PostToolUse");
    let (near, all) = (routed("near", "Bash"), routed("all", "\"*\""));
    let project = project([
        (".cupcake/policies/wrong.rego", wrong.as_str()),
        (".cupcake/policies/near.rego", near.as_str()),
        (".cupcake/policies/other.rego", other.as_str()),
        (".cupcake/policies/all.rego", all.as_str()),
    ]);
    let found = engine(&project).explain(&event(
        r#"{"hook_event_name": "PreToolUse", "tool_name": "Bahs"}"#,
    ));
    let is_own = |file: &str| file.starts_with(".cupcake/policies/");
    let matched = found.matched.iter().filter(|name| is_own(&name.file));
    let matched: Vec<&str> = matched.map(|name| &*name.policy).collect();
    assert_eq!(matched, ["all"]);
    let skipped: Vec<(&str, SkipReason, &str)> = found
        .skipped
        .iter()
        .filter(|skipped| is_own(&skipped.file))
        .map(|skipped| (&*skipped.policy, skipped.because, skipped.message.as_str()))
        .collect();
    assert_eq!(
        skipped,
        [
            (
                "near",
                SkipReason::Tool,
                "it is for the tool `Bash`, and the event is of `Bahs`: did you mean `Bash`?"
            ),
            (
                "other",
                SkipReason::Event,
                "it is for `PostToolUse`, and the event is `PreToolUse`"
            ),
            (
                "wrong",
                SkipReason::Broken,
                "it is broken, as the errors of the decision say"
            ),
        ]
    );
}
