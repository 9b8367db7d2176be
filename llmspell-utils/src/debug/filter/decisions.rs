//! The filter of a manager: its rules, and what they decided about each module so far.

use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};

use dashmap::DashMap;
use foldhash::fast::RandomState;
use parking_lot::RwLock;

use super::rule::FilterAction;
use super::rule_set::RuleSet;

/// How many modules are remembered; when there are more, all are forgotten and asked again.
const REMEMBERED_MODULES: usize = 4_096;

/// The longest module name that is remembered, in bytes.
const REMEMBERED_NAME_BYTES: usize = 256;

/// The shortcut's values: ask the rules, or there are none and everybody may speak or nobody.
const ASK: u8 = 0;
const ALL_ON: u8 = 1;
const ALL_OFF: u8 = 2;

#[derive(Debug, Clone, Copy)]
struct Decision {
    generation: u64,
    action: FilterAction,
}

/// Decides about modules with one hash lookup, or none while there are no rules.
#[derive(Debug)]
pub(crate) struct ModuleFilter {
    shortcut: AtomicU8,
    /// INVARIANT: changes only while `rules` is locked for writing, so a decision that was made under the read lock
    /// belongs to the generation that was read under the same lock, and a later change makes it void.
    generation: AtomicU64,
    rules: RwLock<RuleSet>,
    decisions: DashMap<Box<str>, Decision, RandomState>,
    remembered: AtomicUsize,
}

impl Default for ModuleFilter {
    fn default() -> Self {
        Self {
            shortcut: AtomicU8::new(ALL_ON),
            generation: AtomicU64::new(0),
            rules: RwLock::new(RuleSet::default()),
            decisions: DashMap::default(),
            remembered: AtomicUsize::new(0),
        }
    }
}

impl ModuleFilter {
    /// What happens to a module.
    #[inline]
    pub(crate) fn action(&self, module: &str) -> FilterAction {
        match self.shortcut.load(Ordering::Relaxed) {
            ALL_ON => FilterAction::On,
            ALL_OFF => FilterAction::Off,
            _ => self.remembered_action(module),
        }
    }

    /// Changes the rules in one step; if the change fails it must have changed nothing.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut RuleSet) -> T) -> T {
        let mut rules = self.rules.write();
        let outcome = change(&mut rules);
        self.shortcut.store(shortcut_of(&rules), Ordering::Relaxed);
        self.generation.fetch_add(1, Ordering::Release);
        drop(rules);
        self.forget();
        outcome
    }

    /// Looks at the rules.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&RuleSet) -> T) -> T {
        look(&self.rules.read())
    }

    fn remembered_action(&self, module: &str) -> FilterAction {
        let generation = self.generation.load(Ordering::Acquire);
        // The map's lock is released by the end of this statement: deciding anew takes it again.
        let known = self.decisions.get(module).map(|decision| *decision);
        match known {
            Some(decision) if decision.generation == generation => decision.action,
            _ => self.decide(module),
        }
    }

    fn decide(&self, module: &str) -> FilterAction {
        let decision = {
            let rules = self.rules.read();
            Decision {
                generation: self.generation.load(Ordering::Acquire),
                action: rules.decide(module),
            }
        };
        if module.len() <= REMEMBERED_NAME_BYTES {
            self.remember(module, decision);
        }
        decision.action
    }

    fn remember(&self, module: &str, decision: Decision) {
        if self.remembered.load(Ordering::Relaxed) >= REMEMBERED_MODULES {
            self.forget();
        }
        if self.decisions.insert(module.into(), decision).is_none() {
            self.remembered.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn forget(&self) {
        // Counted down first: a module that another thread adds meanwhile is at worst counted without being there,
        // which only makes the next forgetting come sooner.
        self.remembered.store(0, Ordering::Relaxed);
        self.decisions.clear();
    }
}

fn shortcut_of(rules: &RuleSet) -> u8 {
    match rules.without_rules() {
        None => ASK,
        Some(FilterAction::Off) => ALL_OFF,
        Some(_) => ALL_ON,
    }
}
