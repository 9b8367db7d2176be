//! What a context keeps for the policies that run in it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use llmspell_engine::Value;

use crate::javascript::raw::{Js, Kept, Local};

/// What a context keeps for the policies that run in it.
#[derive(Default)]
pub(in crate::javascript) struct PolicyRealm {
    /// The functions that run the policies' modules, by their programs' numbers.
    pub(super) modules: HashMap<u64, Kept>,
    /// The functions of the policy that began.
    pub(super) functions: Vec<Kept>,
    /// The last event, and the same as an object that no policy can change.
    pub(super) event: Option<(Value, Kept)>,
    /// Makes an event that notes what is read of it.
    pub(super) traced: Option<Kept>,
    /// The addresses of getters that only give a value; the context never lets them go.
    pub(super) trusted: Vec<usize>,
    /// The functions of policies that scripts registered.
    pub(super) registered: Vec<Kept>,
    /// What no other context of the process has.
    pub(super) number: ContextNumber,
}

/// A number that is given once.
pub(super) struct ContextNumber(pub(super) u64);

impl Default for ContextNumber {
    fn default() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        // Relaxed: only that numbers differ matters.
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl PolicyRealm {
    /// Whether a getter is one of the host's own that only gives a value.
    pub(in crate::javascript) fn trusts(&self, getter: &Local<'_>) -> bool {
        getter
            .address()
            .is_some_and(|address| self.trusted.contains(&address))
    }

    /// Forgets the functions of the policy that began.
    pub(super) fn end(&mut self, js: Js<'_>) {
        for function in self.functions.drain(..) {
            function.release(js);
        }
    }

    /// Gives back all that is kept.
    pub(in crate::javascript) fn release(mut self, js: Js<'_>) {
        self.end(js);
        let modules = self.modules.into_values();
        let event = self.event.map(|(_, kept)| kept);
        let helpers = self.traced.into_iter();
        let registered = self.registered.into_iter();
        for kept in modules.chain(event).chain(helpers).chain(registered) {
            kept.release(js);
        }
    }
}
