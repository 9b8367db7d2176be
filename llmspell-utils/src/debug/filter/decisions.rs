//! The filter of a manager: its rules, and what was decided about each module so far.

use std::cell::RefCell;
use std::sync::atomic::AtomicU64 as Counter;

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

/// How many decisions each thread has at hand; a power of two.
const AT_HAND: usize = 8;

#[derive(Debug, Clone, Copy)]
struct Decision {
    generation: u64,
    threshold: u8,
}

/// A decision that a thread has at hand.
#[derive(Default)]
struct AtHand {
    /// No generation is 0.
    generation: u64,
    threshold: u8,
    module: String,
}

thread_local! {
    /// The map of decisions is locked even for reading, which costs more than all the rest, and most of all where
    /// threads ask about the same module.
    static DECIDED: RefCell<[AtHand; AT_HAND]> = RefCell::default();
}

/// Where a thread has the decision about a module at hand.
fn place_at_hand(module: &str) -> usize {
    let last = module.as_bytes().last().copied().unwrap_or_default();
    (module.len() + usize::from(last)) % AT_HAND
}

/// A decision of this thread about the module, of this generation.
#[inline]
fn at_hand(module: &str, generation: u64) -> Option<u8> {
    let find = |decided: &RefCell<[AtHand; AT_HAND]>| {
        let decided = decided.try_borrow().ok()?;
        let known = decided.get(place_at_hand(module))?;
        (known.generation == generation && known.module == module).then_some(known.threshold)
    };
    DECIDED.try_with(find).ok().flatten()
}

fn put_at_hand(module: &str, decision: Decision) {
    if module.len() > REMEMBERED_NAME_BYTES {
        return;
    }
    // A thread that is ending has nothing at hand any more, which only costs time.
    let _ = DECIDED.try_with(|decided| {
        if let Ok(mut decided) = decided.try_borrow_mut()
            && let Some(place) = decided.get_mut(place_at_hand(module))
        {
            (place.generation, place.threshold) = (decision.generation, decision.threshold);
            place.module.clear();
            place.module.push_str(module);
        }
    });
}

/// A number that no filter of this process has had for a generation.
fn new_generation() -> u64 {
    static LATEST: Counter = Counter::new(0);
    LATEST.fetch_add(1, Ordering::Relaxed) + 1
}

/// The rules of a manager, and the threshold of each module that asked: one comparison where the thread asked before,
/// or else one hash lookup; nothing while there are no rules.
#[derive(Debug)]
pub(crate) struct ModuleFilter {
    everybody: AtomicU8,
    /// INVARIANT: moves on after everything that a decision depends on has changed, and a decision is made after its
    /// generation was read: what was decided from anything old belongs to an old generation. It never returns to an
    /// earlier one, and no two filters have the same, so that a decision at hand needs not say whose it is.
    generation: AtomicU64,
    rules: RwLock<RuleSet>,
    decisions: DashMap<Box<str>, Decision, RandomState>,
    remembered: AtomicUsize,
}

impl Default for ModuleFilter {
    fn default() -> Self {
        Self {
            everybody: AtomicU8::new(ASK),
            generation: AtomicU64::new(new_generation()),
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
        self.generation.store(new_generation(), Ordering::Release);
    }

    /// Looks at the rules.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&RuleSet) -> T) -> T {
        look(&self.rules.read())
    }

    fn remembered_threshold(&self, module: &str, decide: impl FnOnce(&str) -> u8) -> u8 {
        let generation = self.generation.load(Ordering::Acquire);
        if let Some(threshold) = at_hand(module, generation) {
            return threshold;
        }
        let decision = self.shared_decision(module, generation, decide);
        put_at_hand(module, decision);
        decision.threshold
    }

    fn shared_decision(
        &self,
        module: &str,
        generation: u64,
        decide: impl FnOnce(&str) -> u8,
    ) -> Decision {
        // The map's lock is released by the end of this statement: deciding anew takes it again.
        let known = self.decisions.get(module).map(|decision| *decision);
        if let Some(decision) = known
            && decision.generation == generation
        {
            return decision;
        }
        let decision = Decision {
            generation,
            threshold: decide(module),
        };
        self.remember(module, decision);
        decision
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
