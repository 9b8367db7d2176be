//! Directives: what a line of text means, and which lines are refused.

use std::sync::atomic::Ordering;

use llmspell_utils::debug::{
    DebugLevel, Directive, FilterAction, FilterErrorKind, FilterRule, PatternKind,
};
use proptest::prelude::*;

use super::support::manager;

fn parse(text: &str) -> Directive {
    Directive::parse(text).unwrap()
}

fn refused(text: &str) -> String {
    Directive::parse(text).unwrap_err().to_string()
}

#[test]
fn a_directive_has_a_level_and_rules() {
    let directive = parse("info,policy.*=debug, noisy = OFF ,/re{1,2}/=trace,one,t*[,=]=2");
    assert_eq!(directive.level(), Some(DebugLevel::Info));
    assert_eq!(
        directive.rules(),
        [
            FilterRule::new(
                "policy.*",
                PatternKind::Hierarchical,
                FilterAction::Level(DebugLevel::Debug)
            ),
            FilterRule::new("noisy", PatternKind::Exact, FilterAction::Off),
            FilterRule::new(
                "re{1,2}",
                PatternKind::Regex,
                FilterAction::Level(DebugLevel::Trace)
            ),
            FilterRule::new("one", PatternKind::Exact, FilterAction::On),
            FilterRule::new(
                "t*[,=]",
                PatternKind::Wildcard,
                FilterAction::Level(DebugLevel::Warn)
            ),
        ]
    );
    assert_eq!(
        directive.to_string(),
        "info,policy.*=debug,noisy=off,/re{1,2}/=trace,one=on,t*[,=]=warn"
    );
}

#[test]
fn a_regular_expression_may_contain_an_escaped_slash() {
    let directive = parse(r"/a\/b,c=d/=off,x");
    assert_eq!(directive.rules()[0].pattern, r"a\/b,c=d");
    assert_eq!(directive.to_string(), r"/a\/b,c=d/=off,x=on");
    let manager = manager();
    manager.set_directive(r"/a\/b/=off").unwrap();
    assert!(!manager.wants(DebugLevel::Info, Some("a/b")));
}

#[test]
fn an_empty_directive_has_nothing() {
    assert_eq!(parse(""), Directive::default());
    assert_eq!(parse("  "), Directive::default());
    assert_eq!(parse("").to_string(), "");
}

#[test]
fn of_two_items_about_one_pattern_the_later_counts() {
    assert_eq!(parse("a=debug,b,a=off").to_string(), "b=on,a=off");
}

#[test]
fn a_level_s_name_can_be_a_module_if_it_has_a_value() {
    let directive = parse("debug=on");
    assert_eq!(
        (directive.level(), directive.to_string().as_str()),
        (None, "debug=on")
    );
}

#[test]
fn applying_a_directive_replaces_rules_and_the_level_it_names() {
    let manager = manager();
    manager.add_module_filter("old", false).unwrap();
    manager.set_default_filter_enabled(false);
    manager.set_level(DebugLevel::Error);
    manager.set_directive("new=debug").unwrap();
    assert_eq!(manager.level(), DebugLevel::Error);
    assert!(manager.wants(DebugLevel::Error, Some("old")));
    assert!(manager.wants(DebugLevel::Debug, Some("new")));
    manager.set_directive("trace").unwrap();
    assert_eq!(
        (manager.level(), manager.filter_summary().rules.len()),
        (DebugLevel::Trace, 0)
    );
}

#[test]
fn a_refused_directive_changes_nothing() {
    let manager = manager();
    manager.set_directive("warn,a=debug").unwrap();
    let before = (manager.filter_summary(), manager.level());
    let error = manager.set_directive("trace,b=on,[=off").unwrap_err();
    assert_eq!(error.kind(), FilterErrorKind::Syntax);
    assert_eq!((manager.filter_summary(), manager.level()), before);
}

#[test]
fn whatever_is_not_understood_is_refused_with_its_position() {
    let cases = [
        (
            "info,debug",
            "the global level is said twice, the second time by `debug` at character 6 (to give a module a level write `module=level`)",
        ),
        (
            "a,,b",
            "nothing stands between two commas at character 3 (remove one of them)",
        ),
        (
            "a,",
            "nothing stands between two commas at character 3 (remove one of them)",
        ),
        (
            "true",
            "`true` is neither a level nor a module at character 1 (write a level such as `debug`, or `module=on`)",
        ),
        (
            "x, On",
            "`On` is neither a level nor a module at character 4 (write a level such as `debug`, or `module=on`)",
        ),
        (
            "é=loud",
            "`loud` is not what a module can be set to at character 3 (use on, off, error, warn, info, debug, trace or 0 to 5)",
        ),
        (
            "a=",
            "`` is not what a module can be set to at character 3 (use on, off, error, warn, info, debug, trace or 0 to 5)",
        ),
        (
            "a=on=off",
            "a second value `off` stands after `=` at character 6 (separate rules by commas)",
        ),
        (
            "=on",
            "the pattern is empty at character 1 (use `*` for every module)",
        ),
        (
            "//=on",
            "the pattern is empty at character 2 (use `*` for every module)",
        ),
        (
            "a, /b=on",
            "the regular expression `/b=on` does not end in `/` at character 4 (write `/…/`, and `\\/` for a slash inside)",
        ),
        (
            "a, /b/c=on",
            "the regular expression `/b/c` does not end in `/` at character 4 (write `/…/`, and `\\/` for a slash inside)",
        ),
        (
            "a, /b(/=on",
            "the pattern `b(` is not understood: unclosed group at character 6",
        ),
        (
            "a,b.[c=off,d",
            "the pattern `b.[c=off,d` is not understood: the class has no `]` at character 5",
        ),
        (
            "a,b{c,d",
            "the pattern `b{c,d` leaves a bracket or a `\\` open at character 3",
        ),
        (
            "a\\",
            "the pattern `a\\` leaves a bracket or a `\\` open at character 1",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(refused(text), expected, "{text}");
    }
    assert_eq!(
        refused(&"a,".repeat(10_000)),
        "the directive is longer than 16384 bytes"
    );
}

fn any_item() -> impl Strategy<Value = String> {
    let pattern = prop_oneof![
        "[a-z]{1,5}(\\.[a-z]{1,3}){0,2}(\\.\\*)?",
        "[a-z]{0,2}[*?][a-z.]{0,3}",
        "[a-z]\\[!?[a-z,=\\]]\\]\\*?",
        "\\*\\{[a-z]{1,2},[a-z=]{1,2}\\}",
        "/[a-z]{1,3}(\\\\/|[,=|.])[a-z]{1,3}/",
        " ?é[a-z ]{1,3}x",
    ];
    let value = prop_oneof![
        Just(""),
        Just("=on"),
        Just(" = off"),
        Just("=debug"),
        Just("=5")
    ];
    (pattern, value).prop_map(|(pattern, value)| format!("{pattern}{value}"))
}

fn any_rule() -> impl Strategy<Value = FilterRule> {
    let pattern = prop_oneof![
        "[a-c]{1,3}(\\.[a-c]){0,2}".prop_map(|text| (text, PatternKind::Exact)),
        "[a-c]{1,3}(\\.[a-c])?\\.\\*".prop_map(|text| (text, PatternKind::Hierarchical)),
        "\\*[a-c.]{0,3}[*?][a-c]?".prop_map(|text| (text, PatternKind::Wildcard)),
        "[a-c.]{1,2}(\\||,|=)[a-c]{1,2}".prop_map(|text| (text, PatternKind::Regex)),
    ];
    let action = prop_oneof![
        Just(FilterAction::On),
        prop::sample::select(DebugLevel::ALL.to_vec()).prop_map(FilterAction::from_level),
    ];
    (pattern, action).prop_map(|((pattern, kind), action)| FilterRule::new(pattern, kind, action))
}

/// A rule as a directive writes it.
fn item(rule: &FilterRule, shortly: bool) -> String {
    let pattern = match rule.kind {
        PatternKind::Regex => format!("/{}/", rule.pattern),
        _ => rule.pattern.clone(),
    };
    match rule.action {
        FilterAction::On if shortly => pattern,
        action => format!("{pattern}={action}"),
    }
}

proptest! {
    #[test]
    fn a_directive_says_the_same_as_the_calls(
        level in prop::sample::select(DebugLevel::ALL.to_vec()),
        rules in prop::collection::vec(any_rule(), 0..8),
        shortly: bool,
        modules in prop::collection::vec("[a-c]{1,2}(\\.[a-c]){0,2}", 1..6),
    ) {
        let (called, said) = (manager(), manager());
        called.set_level(level);
        for rule in &rules {
            called.add_filter(rule.clone()).unwrap();
        }
        let mut items: Vec<_> = rules.iter().map(|rule| item(rule, shortly)).collect();
        items.push(level.as_lower_str().to_owned());
        said.set_directive(&items.join(",")).unwrap();
        prop_assert_eq!(said.filter_summary(), called.filter_summary());
        prop_assert_eq!(said.level(), called.level());
        prop_assert_eq!(said.gate().load(Ordering::Relaxed), called.gate().load(Ordering::Relaxed));
        for module in &modules {
            for level in DebugLevel::ALL {
                prop_assert_eq!(said.wants(level, Some(module)), called.wants(level, Some(module)));
            }
        }
    }

    #[test]
    fn a_directive_is_displayed_as_text_that_parses_to_the_same(
        level in prop_oneof![Just(""), Just("off,"), Just("trace , ")],
        items in prop::collection::vec(any_item(), 1..8),
    ) {
        let text = format!("{level}{}", items.join(","));
        if let Ok(directive) = Directive::parse(&text) {
            prop_assert_eq!(Directive::parse(&directive.to_string()), Ok(directive.clone()));
            prop_assert_eq!(directive.to_string().parse(), Ok(directive));
        }
    }

    #[test]
    fn any_text_is_understood_or_refused_and_what_is_understood_comes_back(text in "[a-c\\[\\]{}()*?!^\\\\/.,= é-]{0,24}") {
        if let Ok(directive) = Directive::parse(&text) {
            prop_assert_eq!(Directive::parse(&directive.to_string()), Ok(directive));
        }
    }
}
