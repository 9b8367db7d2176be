//! What modules of one project have to do with each other, and what a file that is no module leads to.

use crate::support::{engine, event, policy, project};

/// The errors of a decision as `policy file:line message`, then the rules as `policy file:line`.
fn decided(files: &[(&str, &str)]) -> Vec<String> {
    let project = project(files.iter().copied());
    let decision = engine(&project).evaluate(&event(r#"{"hook_event_name": "PreToolUse"}"#));
    let errors = decision.errors.iter().map(|error| {
        format!(
            "{} {}:{} {}",
            error.policy,
            error.file.as_deref().unwrap_or_default(),
            error.line.unwrap_or_default(),
            error.message
        )
    });
    let rules = decision
        .rules
        .iter()
        .map(|rule| format!("{} {}:{}", rule.policy, rule.file, rule.line));
    errors.chain(rules).collect()
}

const ASK: &str = "ask contains {\"reason\": \"x\"}";

#[test]
fn a_policy_says_nothing_of_what_another_file_of_its_package_says() {
    let own = policy(
        "shared",
        &format!("{ASK} if data.cupcake.policies.shared.x\n\nx := 1"),
    );
    let other = policy(
        "shared",
        "deny contains {\"reason\": \"y\"}\n\nask contains {\"reason\": \"z\"}",
    );
    assert_eq!(
        decided(&[
            (".cupcake/policies/a.rego", &own),
            (".cupcake/policies/b.rego", &other)
        ]),
        [
            "shared .cupcake/policies/b.rego:6 the package `cupcake.policies.shared` is that of `.cupcake/policies/a.rego` already",
            "shared .cupcake/policies/a.rego:8"
        ]
    );
}

#[test]
fn a_rule_of_another_package_that_is_a_verb_of_a_policy_is_refused() {
    let team = policy(
        "team",
        &format!("{ASK}\n\nguard.deny contains {{\"reason\": \"z\"}}\n\ny := 1"),
    );
    let guard = policy(
        "team.guard",
        &format!("{ASK} if data.cupcake.policies.team.y == 1"),
    );
    assert_eq!(
        decided(&[
            (".cupcake/policies/guard.rego", &guard),
            (".cupcake/policies/team.rego", &team)
        ]),
        [
            "team.guard .cupcake/policies/team.rego:10 `guard.deny` of `.cupcake/policies/team.rego` belongs to the package of `.cupcake/policies/guard.rego`, whose verbs stand in its own file only",
            "team .cupcake/policies/team.rego:8"
        ]
    );
}

#[test]
fn a_package_whose_name_is_a_verb_of_a_policy_is_refused() {
    let inner = policy("guard.deny", &format!("{ASK}\n\nx := 1"));
    let guard = policy(
        "guard",
        &format!("{ASK} if data.cupcake.policies.guard.deny.x == 1"),
    );
    let found = decided(&[
        (".cupcake/policies/guard.rego", &guard),
        (".cupcake/policies/inner.rego", &inner),
    ]);
    assert_eq!(
        found[0],
        "guard .cupcake/policies/inner.rego:8 `ask` of `.cupcake/policies/inner.rego` belongs to the package of `.cupcake/policies/guard.rego`, whose verbs stand in its own file only"
    );
}

#[test]
fn who_needs_a_broken_helper_is_told_so() {
    let by_import = policy(
        "by_import",
        &format!("import data.cupcake.helpers.h\n\n{ASK} if h.flag"),
    );
    let by_name = policy("by_name", &format!("{ASK} if data.cupcake.helpers.h.flag"));
    let helper = "package cupcake.helpers.h\n\nflag := := true\n";
    assert_eq!(
        decided(&[
            (".cupcake/helpers/h.rego", helper),
            (".cupcake/policies/by_import.rego", &by_import),
            (".cupcake/policies/by_name.rego", &by_name),
        ])[1..],
        [
            "by_import .cupcake/policies/by_import.rego:10 `data.cupcake.helpers.h.flag` needs `.cupcake/helpers/h.rego`, which is broken",
            "by_name .cupcake/policies/by_name.rego:8 `data.cupcake.helpers.h.flag` needs `.cupcake/helpers/h.rego`, which is broken",
        ]
    );
}

#[test]
fn who_needs_the_broken_half_of_a_helper_is_told_so() {
    let user = policy("user", &format!("{ASK} if data.cupcake.helpers.h.flag"));
    assert_eq!(
        decided(&[
            (
                ".cupcake/helpers/a.rego",
                "package cupcake.helpers.h\n\nother := true\n"
            ),
            (
                ".cupcake/helpers/b.rego",
                "package cupcake.helpers.h\n\nflag := := true\n"
            ),
            (".cupcake/policies/user.rego", &user),
        ])[1..],
        [
            "user .cupcake/policies/user.rego:8 `data.cupcake.helpers.h.flag` needs `.cupcake/helpers/b.rego`, which is broken",
        ]
    );
}

#[test]
fn a_byte_order_mark_at_the_beginning_is_passed_over() {
    let marked = format!("\u{feff}{}", policy("marked", ASK));
    assert_eq!(
        decided(&[(".cupcake/policies/marked.rego", &marked)]),
        ["marked .cupcake/policies/marked.rego:8"]
    );
}

#[test]
fn an_empty_file_is_told_what_to_begin_with() {
    for text in ["", "\n \n", "# a comment\n", "\u{feff}"] {
        assert_eq!(
            decided(&[(".cupcake/policies/bare.rego", text)]),
            [
                "bare .cupcake/policies/bare.rego:1 the file is empty: a policy begins with `package cupcake.policies.<name>`"
            ]
        );
    }
}

#[test]
fn a_context_that_is_no_set_is_told_what_to_write() {
    let text = policy("p", "add_context := \"hello\"");
    assert_eq!(
        decided(&[(".cupcake/policies/p.rego", &text)]),
        [
            "p .cupcake/policies/p.rego:8 `add_context` is a string, not a set of strings: write `add_context contains …`"
        ]
    );
}

#[test]
fn an_import_of_the_own_package_is_refused_where_it_is_used_because_it_would_be_undefined() {
    let error = |import: &str, name: &str| {
        let text = policy(
            "p",
            &format!("import {import}\n\n{ASK} if {name}\n\nx := 1"),
        );
        decided(&[(".cupcake/policies/p.rego", &text)])
    };
    for (import, name) in [
        ("data.cupcake.policies.p", "p.x"),
        ("data.cupcake.policies.p as own", "own.x == 1"),
        ("data.cupcake.policies as all", "not all.p.x"),
    ] {
        let used = name.trim_start_matches("not ").trim_end_matches(" == 1");
        assert_eq!(
            error(import, name),
            [format!(
                "p .cupcake/policies/p.rego:10 `{used}` leads back to its own package through an import: write `x` alone"
            )]
        );
    }
    assert_eq!(
        error("data.cupcake.policies.p", "x == 1"),
        ["p .cupcake/policies/p.rego:10"]
    );
}
