//! The filter of a manager: its rules, and what was decided about each module so far.

use dashmap::DashMap;
use foldhash::fast::RandomState;

use crate::sync::RwLock;
use crate::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};

use super::rule_set::RuleSet;

/// How many modules are remembered; when there are more, all are forgotten and asked again.
const REMEMBERED_MODULES: usize = 4_096;

/// The longest module name that is remembered, in bytes.
const REMEMBERED_NAME_BYTES: usize = 256;

/// In the place of a threshold that is everybody's: the rules must be asked.
const ASK: u8 = u8::MAX;

#[derive(Debug, Clone, Copy)]
struct Decision {
    generation: u64,
    threshold: u8,
}

/// The rules of a manager, and the threshold of each module that asked: one hash lookup, or none while there are no
/// rules.
#[derive(Debug)]
pub(crate) struct ModuleFilter {
    everybody: AtomicU8,
    /// INVARIANT: moves on after everything that a decision depends on has changed, and a decision is made after its
    /// generation was read: what was decided from anything old belongs to an old generation.
    generation: AtomicU64,
    rules: RwLock<RuleSet>,
    decisions: DashMap<Box<str>, Decision, RandomState>,
    remembered: AtomicUsize,
}

impl Default for ModuleFilter {
    fn default() -> Self {
        Self {
            everybody: AtomicU8::new(ASK),
            generation: AtomicU64::new(0),
            rules: RwLock::new(RuleSet::default()),
            decisions: DashMap::default(),
            remembered: AtomicUsize::new(0),
        }
    }
}

impl ModuleFilter {
    /// The threshold of a module, which `decide` works out if it is not known.
    #[inline]
    pub(crate) fn threshold(&self, module: &str, decide: impl FnOnce(&str) -> u8) -> u8 {
        match self.everybody.load(Ordering::Relaxed) {
            ASK => self.remembered_threshold(module, decide),
            threshold => threshold,
        }
    }

    /// Changes the rules in one step; if the change fails it must have changed nothing.
    ///
    /// Whoever calls says by [`renew`](Self::renew) when the change is to count.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut RuleSet) -> T) -> T {
        change(&mut self.rules.write())
    }

    /// Makes every decision so far void; `everybody` is the threshold of all modules, if they have the same.
    pub(crate) fn renew(&self, everybody: Option<u8>) {
        self.everybody
            .store(everybody.unwrap_or(ASK), Ordering::Relaxed);
        self.generation.fetch_add(1, Ordering::Release);
    }

    /// Looks at the rules.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&RuleSet) -> T) -> T {
        look(&self.rules.read())
    }

    fn remembered_threshold(&self, module: &str, decide: impl FnOnce(&str) -> u8) -> u8 {
        let generation = self.generation.load(Ordering::Acquire);
        // The map's lock is released by the end of this statement: deciding anew takes it again.
        let known = self.decisions.get(module).map(|decision| *decision);
        match known {
            Some(decision) if decision.generation == generation => decision.threshold,
            _ => {
                let threshold = decide(module);
                self.remember(
                    module,
                    Decision {
                        generation,
                        threshold,
                    },
                );
                threshold
            }
        }
    }

    fn remember(&self, module: &str, decision: Decision) {
        if module.len() > REMEMBERED_NAME_BYTES {
            return;
        }
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
