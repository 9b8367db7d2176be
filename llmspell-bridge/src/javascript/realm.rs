//! What the adapter keeps for one context: classes, original functions, prototypes and names.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use llmspell_engine::Value;

use super::call_sites::{CallSites, Collected};
use super::object::{HeldObject, Prototype};
use super::policy::PolicyRealm;
use super::profile::{Calls, ProfileFeed, Sampling};
use super::raw::{Atom, Class, Js, Kept, KeptKey, Local};
use super::sandbox::{Lack, Originals};
use crate::sandbox::StopFlag;
use crate::script_error::ScriptError;

/// How many property names have their [`Value`] remembered.
const KEY_SLOTS: usize = 512;

/// The longest name that is remembered, in bytes.
const LONGEST_KEY: usize = 64;

/// What the adapter keeps for one context.
pub(super) struct Realm {
    /// The class of `{}`.
    pub(super) plain: u32,
    /// The class of `[]`.
    pub(super) array: u32,
    /// Objects that hold a host object.
    pub(super) objects: Class<HeldObject>,
    /// Objects that hold an error of the host.
    pub(super) errors: Class<ScriptError>,
    /// The symbol under which a script's error refers to the host's.
    pub(super) cause: KeptKey,
    /// Functions of the engine, as they were before any script could replace them.
    pub(super) originals: Originals,
    /// What reads the functions on the stack.
    pub(super) call_sites: CallSites,
    /// The functions on the stack while they are read.
    pub(super) collected: Collected,
    /// The profile that is fed, if there is one.
    pub(super) profile: Arc<ProfileFeed>,
    /// When the stack was last read for a profile.
    pub(super) sampling: Sampling,
    /// The calls that probes note, and which functions have probes.
    pub(super) calls: RefCell<Calls>,
    /// Built-in functions that others stand for.
    pub(super) builtins: RefCell<Vec<Kept>>,
    /// The prototypes of host objects, one for each kind that was met.
    pub(super) prototypes: RefCell<Vec<Prototype>>,
    /// Rejected promises that nobody handles.
    pub(super) rejections: RefCell<Rejections>,
    /// The name of the script that runs or ran last.
    pub(super) script: RefCell<String>,
    /// What is kept for policies, if they run here.
    pub(super) policies: RefCell<PolicyRealm>,
    /// Why the script that runs should stop.
    pub(super) stop: Arc<StopFlag>,
    /// How many bytes the heap may hold.
    pub(super) memory: usize,
    keys: RefCell<KeyCache>,
}

impl Realm {
    /// Makes the realm of a new context, before any script has run in it.
    pub(super) fn new(
        js: Js<'_>,
        stop: Arc<StopFlag>,
        profile: Arc<ProfileFeed>,
        memory: usize,
    ) -> Result<Self, Lack> {
        let plain = js.object()?.class();
        let array = js.array()?.class();
        let objects = Class::new(js, c"HostObject")?;
        let errors = Class::new(js, c"HostError")?;
        let cause = js.symbol(c"cause in the host")?;
        let call_sites = CallSites::take(js)?;
        let originals = match Originals::take(js) {
            Ok(originals) => originals,
            Err(lack) => {
                call_sites.release(js);
                return Err(lack);
            }
        };
        Ok(Self {
            plain,
            array,
            objects,
            errors,
            cause: KeptKey::new(js, cause.atom()),
            originals,
            call_sites,
            collected: Collected::default(),
            profile,
            sampling: Sampling::default(),
            calls: RefCell::default(),
            builtins: RefCell::default(),
            prototypes: RefCell::default(),
            rejections: RefCell::default(),
            script: RefCell::default(),
            policies: RefCell::default(),
            stop,
            memory,
            keys: RefCell::default(),
        })
    }

    /// Gives back all that is kept.
    pub(super) fn release(self, js: Js<'_>) {
        self.cause.release(js);
        self.originals.release(js);
        self.call_sites.release(js);
        self.collected.release(js);
        for builtin in self.builtins.into_inner() {
            builtin.release(js);
        }
        for prototype in self.prototypes.into_inner() {
            prototype.release(js);
        }
        self.rejections.into_inner().release(js);
        self.policies.into_inner().release(js);
        for (key, _) in self.keys.into_inner().slots.into_iter().flatten() {
            key.release(js);
        }
    }

    /// The name of a property as data, from the cache or made by `make`.
    pub(super) fn key_value<E>(
        &self,
        js: Js<'_>,
        atom: Atom<'_>,
        make: impl FnOnce() -> Result<Value, E>,
    ) -> Result<Value, E> {
        let slot = atom.number() as usize % KEY_SLOTS;
        let mut keys = self.keys.borrow_mut();
        if let Some(Some((key, value))) = keys.slots.get(slot)
            && key.atom().number() == atom.number()
        {
            return Ok(value.clone());
        }
        let value = make()?;
        if let Value::String(text) = &value
            && text.len() <= LONGEST_KEY
        {
            keys.put(js, slot, KeptKey::new(js, atom), value.clone());
        }
        Ok(value)
    }
}

/// Names of properties and their values as data, each name in the one slot that its number gives.
///
/// INVARIANT: a name in a slot is counted, so that its number cannot come to mean another name.
#[derive(Default)]
struct KeyCache {
    slots: Vec<Option<(KeptKey, Value)>>,
}

impl KeyCache {
    fn put(&mut self, js: Js<'_>, slot: usize, key: KeptKey, value: Value) {
        if self.slots.is_empty() {
            self.slots.resize_with(KEY_SLOTS, || None);
        }
        let old = match self.slots.get_mut(slot) {
            Some(place) => place.replace((key, value)),
            None => Some((key, value)),
        };
        if let Some((key, _)) = old {
            key.release(js);
        }
    }
}

/// Rejected promises that nobody handles, in the order in which they were rejected.
///
/// They are held in the engine's heap, so its memory limit bounds them too.
#[derive(Default)]
pub(super) struct Rejections {
    waiting: HashMap<usize, Rejection>,
    count: u64,
}

struct Rejection {
    order: u64,
    promise: Kept,
    reason: Kept,
}

impl Rejections {
    /// A promise was rejected that has no handler yet.
    pub(super) fn add(&mut self, promise: Local<'_>, reason: Local<'_>) {
        let Some(address) = promise.address() else {
            return;
        };
        let js = promise.js();
        self.count += 1;
        let order = self.count;
        let rejection = Rejection {
            order,
            promise: promise.keep(),
            reason: reason.keep(),
        };
        if let Some(old) = self.waiting.insert(address, rejection) {
            old.release(js);
        }
    }

    /// A promise that was rejected got a handler.
    pub(super) fn remove(&mut self, promise: &Local<'_>) {
        let rejection = promise
            .address()
            .and_then(|address| self.waiting.remove(&address));
        if let Some(rejection) = rejection {
            rejection.release(promise.js());
        }
    }

    /// The reason of the first rejection that nobody handled.
    pub(super) fn first<'js>(&self, js: Js<'js>) -> Option<Local<'js>> {
        let first = self
            .waiting
            .values()
            .min_by_key(|rejection| rejection.order)?;
        Some(first.reason.get(js))
    }

    /// Forgets all.
    pub(super) fn release(self, js: Js<'_>) {
        for rejection in self.waiting.into_values() {
            rejection.release(js);
        }
    }
}

impl Rejection {
    fn release(self, js: Js<'_>) {
        self.promise.release(js);
        self.reason.release(js);
    }
}
