//! Scopes: what one may say, who sees it, and what stays as it is for everybody else.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use llmspell_utils::debug::{
    BufferLimits, BufferOutput, DebugLevel, DebugManager, FilterAction, FilterRule, PatternKind,
    ScopeGrants,
};
use proptest::prelude::*;

use super::support::{Refusing, clock, manager, messages, speaking};

fn host() -> Arc<DebugManager> {
    Arc::new(manager())
}

fn granted(level: DebugLevel) -> ScopeGrants {
    ScopeGrants { level: Some(level) }
}

fn gate(manager: &DebugManager) -> u8 {
    manager.gate().load(Ordering::Relaxed)
}

#[test]
fn a_new_scope_wants_what_the_manager_above_wants_now_and_later() {
    let host = host();
    host.set_directive("warn,loud.*=trace,noisy=off").unwrap();
    let scope = host.scope();
    assert_eq!((scope.level(), gate(&scope)), (DebugLevel::Warn, 5));
    assert!(scope.wants(DebugLevel::Trace, Some("loud.x")));
    assert!(!scope.wants(DebugLevel::Info, Some("other")));
    assert!(!scope.wants(DebugLevel::Error, Some("noisy")));
    host.set_directive("debug").unwrap();
    assert_eq!((scope.level(), gate(&scope)), (DebugLevel::Debug, 4));
    assert!(scope.wants(DebugLevel::Debug, Some("noisy")));
    host.set_default_filter_enabled(false);
    assert!(!scope.wants(DebugLevel::Error, Some("noisy")));
}

#[test]
fn a_scope_narrows_by_level_and_reaches_no_further_than_the_manager_above() {
    let host = host();
    let scope = host.scope();
    assert_eq!(host.most_verbose_allowed(), DebugLevel::Trace);
    assert_eq!(scope.most_verbose_allowed(), DebugLevel::Info);
    scope.set_level(DebugLevel::Trace);
    assert_eq!((scope.level(), gate(&scope)), (DebugLevel::Info, 3));
    assert!(!scope.wants(DebugLevel::Debug, None));
    scope.set_level(DebugLevel::Error);
    assert!(!scope.wants(DebugLevel::Warn, Some("m")));
    assert_eq!((host.level(), gate(&host)), (DebugLevel::Info, 3));
    scope.set_level(DebugLevel::Debug);
    host.set_level(DebugLevel::Trace);
    assert_eq!((scope.level(), gate(&scope)), (DebugLevel::Debug, 4));
}

#[test]
fn rules_of_a_scope_silence_and_never_allow() {
    let host = host();
    host.set_directive("info,noisy=off,quiet=error").unwrap();
    let scope = host.scope();
    scope
        .set_directive("noisy=trace,quiet=trace,own=trace,mine=off")
        .unwrap();
    assert_eq!(
        speaking(&scope, &["noisy", "quiet", "own", "mine"]),
        ["own"]
    );
    assert!(scope.wants(DebugLevel::Error, Some("quiet")));
    assert!(!scope.wants(DebugLevel::Debug, Some("own")));
    assert_eq!(speaking(&host, &["own", "mine"]), ["own", "mine"]);
    assert_eq!(host.filter_summary().rules.len(), 2);
    assert_eq!(scope.filter_summary().rules.len(), 4);
    scope.clear_filters();
    assert_eq!(speaking(&scope, &["noisy", "mine"]), ["mine"]);
}

#[test]
fn a_scope_cannot_speak_while_the_manager_above_is_disabled() {
    let host = host();
    let scope = host.scope_with(granted(DebugLevel::Trace));
    let inner = scope.scope();
    host.set_enabled(false);
    scope.set_enabled(true);
    inner.set_enabled(true);
    inner.log(DebugLevel::Error, None, "unheard");
    assert!(!scope.is_enabled() && !inner.is_enabled());
    assert_eq!((gate(&scope), gate(&inner)), (0, 0));
    host.set_enabled(true);
    scope.set_enabled(false);
    assert!(host.is_enabled() && !inner.is_enabled());
    inner.log(DebugLevel::Error, None, "unheard");
    scope.set_enabled(true);
    inner.log(DebugLevel::Error, None, "heard");
    assert_eq!(messages(&host), ["heard"]);
}

#[test]
fn a_granted_level_lifts_the_level_above_and_nothing_else() {
    let host = host();
    host.set_directive("warn,noisy=off,quiet=error,loud=trace")
        .unwrap();
    let scope = host.scope_with(granted(DebugLevel::Debug));
    assert_eq!(scope.level(), DebugLevel::Warn, "nothing was asked for yet");
    assert_eq!(scope.most_verbose_allowed(), DebugLevel::Debug);
    scope.set_level(DebugLevel::Trace);
    assert_eq!((scope.level(), gate(&scope)), (DebugLevel::Debug, 5));
    let wants = |level, module| scope.wants(level, Some(module));
    assert!(wants(DebugLevel::Debug, "any") && !wants(DebugLevel::Trace, "any"));
    assert!(wants(DebugLevel::Trace, "loud"));
    assert!(wants(DebugLevel::Error, "quiet") && !wants(DebugLevel::Warn, "quiet"));
    assert!(!wants(DebugLevel::Error, "noisy"));
    host.set_default_filter_enabled(false);
    assert!(!wants(DebugLevel::Error, "any"));
    host.set_level(DebugLevel::Off);
    assert!(scope.wants(DebugLevel::Debug, None) && !host.wants(DebugLevel::Error, None));
}

#[test]
fn a_rule_of_a_scope_may_use_what_was_granted() {
    let host = host();
    let scope = host.scope_with(granted(DebugLevel::Debug));
    scope.set_directive("policy.*=trace").unwrap();
    assert!(scope.wants(DebugLevel::Debug, Some("policy.shell")));
    assert!(!scope.wants(DebugLevel::Trace, Some("policy.shell")));
    assert!(!scope.wants(DebugLevel::Debug, Some("other")));
    assert_eq!((scope.level(), gate(&scope)), (DebugLevel::Info, 4));
}

#[test]
fn nobody_grants_more_than_was_granted_to_them() {
    let host = host();
    let scope = host.scope_with(granted(DebugLevel::Debug));
    let inner = scope.scope_with(granted(DebugLevel::Trace));
    inner.set_level(DebugLevel::Trace);
    assert_eq!(inner.level(), DebugLevel::Debug);
    assert_eq!(scope.level(), DebugLevel::Info);
    let plain = scope.scope();
    plain.set_level(DebugLevel::Trace);
    assert_eq!(plain.level(), DebugLevel::Info);
}

#[test]
fn entries_are_seen_in_the_scope_and_above_and_nowhere_else() {
    let host = host();
    let (one, two) = (host.scope(), host.scope());
    let inner = one.scope();
    host.log(DebugLevel::Info, None, "host");
    one.log(DebugLevel::Info, None, "one");
    two.log(DebugLevel::Info, None, "two");
    inner.log(DebugLevel::Info, None, "inner");
    assert_eq!(messages(&host), ["host", "one", "two", "inner"]);
    assert_eq!(messages(&one), ["one", "inner"]);
    assert_eq!(messages(&two), ["two"]);
    assert_eq!(messages(&inner), ["inner"]);
    assert!(Arc::ptr_eq(
        &inner.captured_shared(None)[0],
        &host.captured_shared(Some(1))[0]
    ));
}

#[test]
fn what_a_scope_clears_limits_or_forgets_is_its_own() {
    let host = host();
    let (one, two) = (host.scope(), host.scope());
    one.log(DebugLevel::Info, None, "one");
    two.log(DebugLevel::Info, None, "two");
    one.clear_captured();
    two.set_capture_limits(BufferLimits {
        entries: 0,
        bytes: 0,
    });
    assert_eq!((messages(&one).len(), messages(&two).len()), (0, 0));
    assert_eq!((one.forgotten(), two.forgotten()), (0, 1));
    assert_eq!((messages(&host).len(), host.forgotten()), (2, 0));
    drop((one, two));
    assert_eq!(messages(&host), ["one", "two"]);
}

#[test]
fn a_scope_captures_within_the_limits_of_the_manager_above() {
    let host = host();
    host.set_capture_limits(BufferLimits {
        entries: 3,
        ..BufferLimits::default()
    });
    let scope = host.scope();
    for number in 0..5 {
        scope.log(DebugLevel::Info, None, number);
    }
    assert_eq!(messages(&scope), ["2", "3", "4"]);
}

#[test]
fn outputs_belong_to_the_host_and_a_scope_may_have_one_more() {
    let host = host();
    let (all, own) = (
        Arc::new(BufferOutput::default()),
        Arc::new(BufferOutput::default()),
    );
    host.set_output(all.clone());
    let (one, two) = (host.scope(), host.scope());
    one.set_output(own.clone());
    one.log(DebugLevel::Info, None, "one");
    two.log(DebugLevel::Info, None, "two");
    assert_eq!((all.len(), own.len()), (2, 1));
    assert_eq!(own.entries(None)[0].message, "one");
}

#[test]
fn an_output_that_fails_is_the_concern_of_whoever_has_it() {
    let host = host();
    host.set_output(Arc::new(Refusing));
    let scope = host.scope();
    scope.log(DebugLevel::Info, None, "said");
    scope.log(DebugLevel::Info, None, "again");
    assert_eq!((host.dropped(), scope.dropped()), (2, 0));
    assert_eq!(messages(&scope), ["said", "again"]);
    assert_eq!(messages(&host).len(), 3);
    assert!(messages(&host)[0].starts_with("output `refusing` fails"));
    assert!(scope.flush().is_err());
}

#[test]
fn timers_of_a_scope_are_its_own_and_the_clock_is_shared() {
    let clock = clock();
    let host = Arc::new(DebugManager::with_clock(clock.clone()));
    let (one, two) = (host.scope(), host.scope());
    let timer = one.profiler().start("t");
    clock.advance(std::time::Duration::from_millis(2));
    assert_eq!(timer.stop().as_millis(), 2);
    assert_eq!(one.profiler().statistics().len(), 1);
    assert!(two.profiler().statistics().is_empty());
    assert_eq!(
        two.entry(DebugLevel::Info, "x").time,
        host.entry(DebugLevel::Info, "x").time
    );
}

#[test]
fn a_hundred_thousand_short_lived_scopes_leave_nothing_but_their_entries() {
    let host = host();
    let lasting = host.scope();
    for _ in 0..100_000 {
        let scope = host.scope();
        scope.log(DebugLevel::Info, None, "x");
    }
    assert_eq!(Arc::strong_count(&host), 2);
    assert_eq!(
        host.captured_shared(None).len() as u64 + host.forgotten(),
        100_000
    );
    host.set_level(DebugLevel::Debug);
    assert_eq!(gate(&lasting), 4);
}

/// A manager as the documentation describes it: who is above, what was granted, and what it says itself.
#[derive(Debug, Clone)]
struct Model {
    above: Option<(Box<Model>, Option<DebugLevel>)>,
    level: Option<DebugLevel>,
    enabled: bool,
    default: bool,
    rules: Vec<(&'static str, FilterAction)>,
}

impl Model {
    fn action(&self, module: Option<&str>) -> FilterAction {
        let rule = self
            .rules
            .iter()
            .find(|(pattern, _)| Some(*pattern) == module);
        match (rule, module) {
            (Some((_, action)), _) => *action,
            (None, Some(_)) => FilterAction::from_enabled(self.default),
            (None, None) => FilterAction::On,
        }
    }

    /// Whether the manager wants it, when whoever asks was granted a level.
    fn wants(&self, level: DebugLevel, module: Option<&str>, lift: Option<DebugLevel>) -> bool {
        let above = |lift: Option<DebugLevel>| match &self.above {
            Some((above, _)) => above.wants(level, module, lift),
            None => true,
        };
        let granted = self.above.as_ref().and_then(|(_, granted)| *granted);
        let itself = match self.action(module) {
            FilterAction::Off => false,
            FilterAction::Level(own) => level <= own,
            FilterAction::On => {
                lift.is_some_and(|lift| level <= lift)
                    || self.level.map_or_else(|| above(None), |own| level <= own)
            }
        };
        self.enabled && itself && above(granted)
    }
}

fn any_level() -> impl Strategy<Value = DebugLevel> {
    prop::sample::select(DebugLevel::ALL.to_vec())
}

fn any_rules() -> impl Strategy<Value = Vec<(&'static str, FilterAction)>> {
    let action = prop_oneof![
        Just(FilterAction::On),
        Just(FilterAction::Off),
        any_level().prop_map(FilterAction::from_level)
    ];
    let rules = prop::collection::btree_map(prop::sample::select(vec!["a", "b"]), action, 0..3);
    rules.prop_map(|rules| rules.into_iter().collect())
}

/// What one manager of a chain is granted and says.
type Said = (
    Option<DebugLevel>,
    Option<DebugLevel>,
    bool,
    bool,
    Vec<(&'static str, FilterAction)>,
);

fn anything_said() -> impl Strategy<Value = Said> {
    (
        prop::option::of(any_level()),
        prop::option::of(any_level()),
        prop::bool::weighted(0.9),
        prop::bool::weighted(0.8),
        any_rules(),
    )
}

fn say(manager: &DebugManager, model: &mut Model, (_, level, enabled, default, rules): &Said) {
    if let Some(level) = level {
        manager.set_level(*level);
        model.level = Some(*level);
    }
    manager.set_enabled(*enabled);
    manager.set_default_filter_enabled(*default);
    for (pattern, action) in rules {
        manager
            .add_filter(FilterRule::new(*pattern, PatternKind::Exact, *action))
            .unwrap();
    }
    model.enabled = *enabled;
    model.default = *default;
    model.rules.clone_from(rules);
}

proptest! {
    #[test]
    fn a_scope_wants_what_every_manager_on_the_way_up_wants_or_grants(
        chain in prop::collection::vec(anything_said(), 1..5),
        order in any::<prop::sample::Index>(),
    ) {
        // All managers first, then what they say, beginning anywhere: the order must not matter.
        let mut managers: Vec<Arc<DebugManager>> = Vec::new();
        for (granted, ..) in &chain {
            managers.push(match managers.last() {
                None => host(),
                Some(above) => above.scope_with(ScopeGrants { level: *granted }),
            });
        }
        let silent = Model { above: None, level: None, enabled: true, default: true, rules: Vec::new() };
        let mut models: Vec<_> = chain.iter().map(|_| silent.clone()).collect();
        models[0].level = Some(DebugLevel::Info);
        for step in 0..chain.len() {
            let place = (order.index(chain.len()) + step) % chain.len();
            // Decisions that are remembered from before must not count.
            for manager in &managers {
                let _ = manager.wants(DebugLevel::Info, Some("a"));
            }
            say(&managers[place], &mut models[place], &chain[place]);
        }
        let mut above: Option<Model> = None;
        for ((manager, mut model), said) in managers.iter().zip(models).zip(&chain) {
            model.above = above.map(|above| (Box::new(above), said.0));
            for level in DebugLevel::ALL.into_iter().skip(1) {
                for module in [None, Some("a"), Some("b"), Some("c")] {
                    let expected = model.wants(level, module, None);
                    prop_assert_eq!(manager.wants(level, module), expected, "{} {:?} {:?}", level, module, model);
                    prop_assert_eq!(manager.wants(level, module), expected, "remembered");
                }
                if manager.is_enabled() {
                    prop_assert_eq!(level <= manager.level(), model.wants(level, None, None));
                }
            }
            above = Some(model);
        }
    }
}
