//! Filters: which rule decides about a module, and which rules are refused.

use llmspell_utils::debug::{
    DebugLevel, DebugManager, FilterAction, FilterErrorKind, FilterRule, PatternKind,
};
use proptest::prelude::*;

use super::support::{manager, speaking};

const ON: FilterAction = FilterAction::On;
const OFF: FilterAction = FilterAction::Off;

fn add(manager: &DebugManager, pattern: &str, kind: PatternKind, action: FilterAction) {
    manager
        .add_filter(FilterRule::new(pattern, kind, action))
        .unwrap();
}

fn refused(pattern: &str, kind: PatternKind) -> String {
    let manager = manager();
    manager.add_module_filter("kept", false).unwrap();
    let before = manager.filter_summary();
    let error = manager
        .add_filter(FilterRule::new(pattern, kind, ON))
        .unwrap_err();
    assert_eq!(
        manager.filter_summary(),
        before,
        "a refused rule changes nothing"
    );
    error.to_string()
}

#[test]
fn everybody_may_speak_while_there_are_no_rules() {
    assert_eq!(speaking(&manager(), &["a", "a.b", ""]), ["a", "a.b", ""]);
}

#[test]
fn a_pattern_says_by_itself_how_it_is_read() {
    let kinds = [
        ("policy", PatternKind::Exact),
        ("policy.shell", PatternKind::Exact),
        ("a{b", PatternKind::Exact),
        ("policy.*", PatternKind::Hierarchical),
        ("policy.shell.*", PatternKind::Hierarchical),
        ("*", PatternKind::Wildcard),
        ("*.test", PatternKind::Wildcard),
        ("policy.?", PatternKind::Wildcard),
        ("policy.[ab]", PatternKind::Wildcard),
        ("a*.*", PatternKind::Wildcard),
    ];
    for (pattern, kind) in kinds {
        assert_eq!(PatternKind::classify(pattern), kind, "{pattern}");
    }
}

#[test]
fn an_exact_rule_decides_before_a_longer_hierarchical_one_and_any_other() {
    let manager = manager();
    add(&manager, "m.a", PatternKind::Exact, OFF);
    add(&manager, "m.*", PatternKind::Hierarchical, ON);
    add(&manager, "m.a.*", PatternKind::Hierarchical, ON);
    add(&manager, "*", PatternKind::Wildcard, ON);
    assert_eq!(
        speaking(&manager, &["m.a", "m.a.b", "m", "mm"]),
        ["m.a.b", "m", "mm"]
    );
}

#[test]
fn the_longer_hierarchical_rule_decides_whichever_was_added_first() {
    for order in [["a.*", "a.b.*"], ["a.b.*", "a.*"]] {
        let manager = manager();
        for pattern in order {
            manager
                .add_module_filter(pattern, pattern == "a.b.*")
                .unwrap();
        }
        assert_eq!(
            speaking(&manager, &["a", "a.x", "a.b", "a.b.c"]),
            ["a.b", "a.b.c"]
        );
    }
}

#[test]
fn a_hierarchical_rule_matches_whole_parts_of_a_name() {
    let manager = manager();
    manager.set_default_filter_enabled(false);
    manager.add_module_filter("a.b.*", true).unwrap();
    assert_eq!(
        speaking(&manager, &["a.b", "a.b.c.d", "a.bc", "a", "x.a.b"]),
        ["a.b", "a.b.c.d"]
    );
}

#[test]
fn a_hierarchical_rule_decides_before_a_wildcard_that_is_newer() {
    let manager = manager();
    manager.add_module_filter("a.*", true).unwrap();
    manager.add_module_filter("*", false).unwrap();
    assert_eq!(speaking(&manager, &["a.b", "b"]), ["a.b"]);
}

#[test]
fn of_wildcards_and_regular_expressions_the_latest_added_decides() {
    let manager = manager();
    add(&manager, "unit*", PatternKind::Wildcard, OFF);
    add(&manager, "test$", PatternKind::Regex, ON);
    assert!(manager.wants(DebugLevel::Info, Some("unit.test")));
    add(&manager, "*.test", PatternKind::Wildcard, OFF);
    assert!(!manager.wants(DebugLevel::Info, Some("unit.test")));
}

#[test]
fn adding_a_rule_again_replaces_it_and_makes_it_the_latest() {
    let manager = manager();
    add(&manager, "a*", PatternKind::Wildcard, OFF);
    add(&manager, "*b", PatternKind::Wildcard, ON);
    assert!(manager.wants(DebugLevel::Info, Some("ab")));
    add(&manager, "a*", PatternKind::Wildcard, OFF);
    assert!(!manager.wants(DebugLevel::Info, Some("ab")));
    let patterns: Vec<_> = manager
        .filter_summary()
        .rules
        .into_iter()
        .map(|rule| rule.pattern)
        .collect();
    assert_eq!(patterns, ["*b", "a*"]);
}

#[test]
fn the_same_text_in_two_kinds_is_two_rules() {
    let manager = manager();
    add(&manager, "a.*", PatternKind::Regex, OFF);
    add(&manager, "a.*", PatternKind::Hierarchical, ON);
    assert_eq!(manager.filter_summary().rules.len(), 2);
    assert_eq!(speaking(&manager, &["a.b", "xab"]), ["a.b"]);
}

#[test]
fn the_default_changes_only_when_somebody_says_so() {
    let manager = manager();
    manager.add_module_filter("a", true).unwrap();
    assert_eq!(speaking(&manager, &["a", "b"]), ["a", "b"]);
    manager.set_default_filter_enabled(false);
    assert_eq!(speaking(&manager, &["a", "b"]), ["a"]);
    manager.clear_filters();
    assert_eq!(speaking(&manager, &["a", "b"]), ["a", "b"]);
    assert!(manager.filter_summary().default_enabled);
}

#[test]
fn a_default_of_off_silences_modules_and_leaves_messages_without_one() {
    let manager = manager();
    manager.set_default_filter_enabled(false);
    assert!(!manager.wants(DebugLevel::Error, Some("a")));
    assert!(manager.wants(DebugLevel::Info, None));
}

#[test]
fn a_rule_is_removed_by_the_text_it_was_given_with() {
    let manager = manager();
    for pattern in ["a.*", "b", "c*"] {
        manager.add_module_filter(pattern, false).unwrap();
    }
    assert!(!manager.remove_filter("a"));
    assert!(manager.remove_filter("a.*"));
    assert!(!manager.remove_filter("a.*"));
    assert!(manager.remove_filter("c*"));
    assert_eq!(speaking(&manager, &["a.x", "b", "cd"]), ["a.x", "cd"]);
}

#[test]
fn a_rule_gives_a_module_a_level_of_its_own() {
    let manager = manager();
    manager
        .add_filter(FilterRule::classified(
            "loud.*",
            FilterAction::Level(DebugLevel::Trace),
        ))
        .unwrap();
    manager
        .add_filter(FilterRule::classified(
            "quiet",
            FilterAction::Level(DebugLevel::Error),
        ))
        .unwrap();
    assert!(manager.wants(DebugLevel::Trace, Some("loud.x")));
    assert!(!manager.wants(DebugLevel::Debug, Some("other")));
    assert!(!manager.wants(DebugLevel::Debug, None));
    assert!(manager.wants(DebugLevel::Error, Some("quiet")));
    assert!(!manager.wants(DebugLevel::Warn, Some("quiet")));
}

#[test]
fn a_module_s_own_level_stays_when_the_global_level_changes() {
    let manager = manager();
    manager.set_directive("off,loud=debug").unwrap();
    assert!(manager.wants(DebugLevel::Debug, Some("loud")));
    assert!(!manager.wants(DebugLevel::Error, Some("other")));
    assert!(!manager.wants(DebugLevel::Error, None));
    manager.set_level(DebugLevel::Trace);
    assert!(!manager.wants(DebugLevel::Trace, Some("loud")));
    assert!(manager.wants(DebugLevel::Trace, Some("other")));
}

#[test]
fn a_decision_that_was_remembered_follows_a_change_of_the_rules() {
    let manager = manager();
    manager.add_module_filter("x", true).unwrap();
    for enabled in [false, true, false] {
        manager.add_module_filter("m.*", enabled).unwrap();
        assert_eq!(manager.wants(DebugLevel::Info, Some("m.a")), enabled);
        assert_eq!(manager.wants(DebugLevel::Info, Some("m.a")), enabled);
    }
}

#[test]
fn more_modules_than_are_remembered_are_still_decided_rightly() {
    let manager = manager();
    manager.add_module_filter("odd.*", false).unwrap();
    let long = "x".repeat(10_000);
    for number in 0..20_000 {
        assert!(manager.wants(DebugLevel::Info, Some(&format!("even.{number}"))));
        assert!(!manager.wants(DebugLevel::Info, Some(&format!("odd.{number}"))));
    }
    assert!(manager.wants(DebugLevel::Info, Some(&long)));
    assert!(!manager.wants(DebugLevel::Info, Some(&format!("odd.{long}"))));
}

#[test]
fn a_wildcard_crosses_dots_and_knows_classes_and_alternatives() {
    let cases = [
        ("a*z", vec!["az", "a.b.z", "a/b\nz"], vec!["xaz", "azx"]),
        ("a?c", vec!["abc", "a.c"], vec!["ac", "abbc"]),
        ("[ab]x", vec!["ax", "bx"], vec!["cx", "abx"]),
        ("[!ab]x", vec!["cx", ".x"], vec!["ax", "bx", "x"]),
        ("[a-c]*", vec!["b", "c.d"], vec!["d"]),
        (
            "{tool,agent}.*x",
            vec!["tool.x", "agent.yx"],
            vec!["tool", "other.x"],
        ),
        ("a\\*?", vec!["a*b"], vec!["abb"]),
        ("[]]?", vec!["]x"], vec!["ax"]),
        ("é*", vec!["é", "éa.b"], vec!["e"]),
    ];
    for (pattern, matching, other) in cases {
        let manager = manager();
        manager.set_default_filter_enabled(false);
        add(&manager, pattern, PatternKind::Wildcard, ON);
        assert_eq!(speaking(&manager, &matching), matching, "{pattern}");
        assert_eq!(speaking(&manager, &other), [""; 0], "{pattern}");
    }
}

#[test]
fn a_regular_expression_matches_anywhere_in_the_name() {
    let manager = manager();
    manager.set_default_filter_enabled(false);
    add(&manager, "au(th|dit)", PatternKind::Regex, ON);
    add(&manager, r"^\w+\.é$", PatternKind::Regex, ON);
    assert_eq!(
        speaking(&manager, &["x.auth.y", "audit", "aut", "日本.é"]),
        ["x.auth.y", "audit", "日本.é"]
    );
}

#[test]
fn a_bad_pattern_is_refused_with_its_position_and_changes_nothing() {
    use PatternKind::{Exact, Hierarchical, Regex, Wildcard};
    let cases = [
        (
            "",
            Exact,
            "the pattern is empty at character 1 (use `*` for every module)",
        ),
        (
            ".*",
            Hierarchical,
            "the pattern `.*` is not understood: nothing stands before `.*` at character 1 (use `*` for every module)",
        ),
        (
            "a*.b.*",
            Hierarchical,
            "the pattern `a*.b.*` is not understood: a hierarchical pattern has a wildcard only as `.*` at its end at character 2 (use the kind wildcard)",
        ),
        (
            "é[ab",
            Wildcard,
            "the pattern `é[ab` is not understood: the class has no `]` at character 2",
        ),
        (
            "[a]x[",
            Wildcard,
            "the pattern `[a]x[` is not understood: the class has no `]` at character 5",
        ),
        (
            "x[z-a]",
            Wildcard,
            "the pattern `x[z-a]` is not understood: the range runs backwards at character 5",
        ),
        (
            "x{a,b",
            Wildcard,
            "the pattern `x{a,b` is not understood: `{` has no `}` after it at character 2",
        ),
        (
            "x}y",
            Wildcard,
            "the pattern `x}y` is not understood: `}` has no `{` before it at character 2",
        ),
        (
            "x*\\",
            Wildcard,
            "the pattern `x*\\` is not understood: nothing stands after `\\` at character 3",
        ),
        (
            "[aé]",
            Wildcard,
            "the pattern `[aé]` is not understood: a class holds ASCII characters only at character 3 (use `{é,ü}` or the kind regex)",
        ),
        (
            "日本(a|b",
            Regex,
            "the pattern `日本(a|b` is not understood: unclosed group at character 3",
        ),
        (
            "a**b{2",
            Regex,
            "the pattern `a**b{2` is not understood: unclosed counted repetition at character 5",
        ),
        (
            r"a\p{Cake}",
            Regex,
            r"the pattern `a\p{Cake}` is not understood: Unicode property not found at character 2",
        ),
        (
            "(?:a{1000}){1000}",
            Regex,
            "the pattern `(?:a{1000}){1000}` would take more than 256 KiB of memory (use fewer repetitions and alternatives)",
        ),
    ];
    for (pattern, kind, expected) in cases {
        assert_eq!(refused(pattern, kind), expected);
    }
}

#[test]
fn patterns_are_bounded_in_length_depth_and_number() {
    let long = "a".repeat(512);
    let manager = manager();
    add(&manager, &long, PatternKind::Exact, ON);
    assert!(refused(&format!("{long}b"), PatternKind::Exact).contains("is longer than 512 bytes"));
    let deep = format!("{}a{}", "(".repeat(200), ")".repeat(200));
    assert!(refused(&deep, PatternKind::Regex).contains("nest"));
    let deep = format!("{}a{}", "{".repeat(200), "}".repeat(200));
    assert!(refused(&deep, PatternKind::Wildcard).contains("would take more than 256 KiB"));

    for number in 1..256 {
        manager
            .add_module_filter(&format!("m{number}"), true)
            .unwrap();
    }
    let error = manager.add_module_filter("one.more", true).unwrap_err();
    assert_eq!(error.kind(), FilterErrorKind::TooManyRules);
    assert_eq!(
        error.to_string(),
        "there are 256 filter rules already (remove some, or use one pattern for several modules)"
    );
    manager.add_module_filter("m1", false).unwrap();
}

#[test]
fn a_summary_can_be_read_by_programs() {
    let manager = manager();
    manager.set_directive("a.*=debug,/b/,c=off").unwrap();
    assert_eq!(
        serde_json::to_string(&manager.filter_summary()).unwrap(),
        r#"{"default_enabled":true,"rules":[{"pattern":"a.*","kind":"hierarchical","action":"debug"},{"pattern":"b","kind":"regex","action":"on"},{"pattern":"c","kind":"exact","action":"off"}]}"#
    );
}

/// What the documentation says about the order, written as plainly as possible.
fn expected(rules: &[FilterRule], default: bool, module: &str) -> FilterAction {
    let base = |rule: &FilterRule| rule.pattern.trim_end_matches(".*").to_owned();
    let by_kind = |kind, matches: &dyn Fn(&FilterRule) -> bool| {
        rules
            .iter()
            .filter(|rule| rule.kind == kind && matches(rule))
            .cloned()
            .collect::<Vec<_>>()
    };
    if let Some(rule) = by_kind(PatternKind::Exact, &|rule| rule.pattern == module).last() {
        return rule.action;
    }
    let mut below = by_kind(PatternKind::Hierarchical, &|rule| {
        module == base(rule) || module.starts_with(&format!("{}.", base(rule)))
    });
    below.sort_by_key(|rule| base(rule).len());
    if let Some(rule) = below.last() {
        return rule.action;
    }
    let latest = rules.iter().rev().find(|rule| match rule.kind {
        PatternKind::Wildcard => {
            let (head, tail) = rule.pattern.split_once('*').unwrap();
            module.len() >= head.len() + tail.len()
                && module.starts_with(head)
                && module.ends_with(tail)
        }
        PatternKind::Regex => module.contains(&rule.pattern),
        _ => false,
    });
    latest.map_or(FilterAction::from_enabled(default), |rule| rule.action)
}

/// Whether a level is heard of a module with this action, where the global level is info.
fn heard(level: DebugLevel, action: FilterAction) -> bool {
    match action {
        FilterAction::On => level <= DebugLevel::Info,
        FilterAction::Off => false,
        FilterAction::Level(own) => level <= own,
    }
}

fn any_rule() -> impl Strategy<Value = FilterRule> {
    let action = prop_oneof![
        Just(ON),
        Just(OFF),
        prop::sample::select(DebugLevel::ALL.to_vec()).prop_map(FilterAction::from_level)
    ];
    let name = "[ab](\\.[ab]){0,2}";
    let pattern = prop_oneof![
        name.prop_map(|name| (name, PatternKind::Exact)),
        name.prop_map(|name| (format!("{name}.*"), PatternKind::Hierarchical)),
        "[ab.]{0,2}\\*[ab.]{0,2}".prop_map(|pattern| (pattern, PatternKind::Wildcard)),
        "[ab]{1,2}".prop_map(|pattern| (pattern, PatternKind::Regex)),
    ];
    (pattern, action).prop_map(|((pattern, kind), action)| FilterRule::new(pattern, kind, action))
}

proptest! {
    #[test]
    fn the_order_is_exact_then_longest_then_latest_then_default(
        rules in prop::collection::vec(any_rule(), 0..12),
        modules in prop::collection::vec("[ab]{1,2}(\\.[ab]){0,3}", 1..8),
        default: bool,
    ) {
        let manager = manager();
        manager.set_default_filter_enabled(default);
        let mut kept: Vec<FilterRule> = Vec::new();
        for rule in rules {
            kept.retain(|known| !known.is_about_the_same(&rule));
            kept.push(rule.clone());
            manager.add_filter(rule).unwrap();
            for module in &modules {
                let action = expected(&kept, default, module);
                for level in DebugLevel::ALL.into_iter().skip(1) {
                    prop_assert_eq!(manager.wants(level, Some(module)), heard(level, action));
                }
            }
            prop_assert_eq!(manager.filter_summary().default_enabled, default);
        }
        prop_assert_eq!(manager.filter_summary().rules, kept);
    }

    #[test]
    fn whatever_a_pattern_is_a_remembered_decision_is_the_first_one(
        pattern in "[a-z\\[\\]{}()*?!^\\\\.,é-]{0,20}",
        module: String,
    ) {
        for kind in PatternKind::ALL {
            let manager = manager();
            if manager.add_filter(FilterRule::new(pattern.clone(), kind, OFF)).is_ok() {
                let first = manager.wants(DebugLevel::Info, Some(&module));
                prop_assert_eq!(manager.wants(DebugLevel::Info, Some(&module)), first);
            }
        }
    }
}

#[test]
fn what_one_manager_decided_is_never_another_s() {
    for round in 0..100 {
        let silent = DebugManager::new();
        silent.add_module_filter("noisy*", false).unwrap();
        let loud = DebugManager::new();
        loud.add_module_filter("other*", false).unwrap();
        for module in ["noisy", "noisy.one", "noisy.two"] {
            assert!(!silent.wants(DebugLevel::Info, Some(module)), "{round}");
            assert!(loud.wants(DebugLevel::Info, Some(module)), "{round}");
            assert!(!silent.wants(DebugLevel::Info, Some(module)), "{round}");
        }
        silent.clear_filters();
        silent.add_module_filter("other*", false).unwrap();
        assert!(silent.wants(DebugLevel::Info, Some("noisy")), "{round}");
    }
}
