//! What outlives the lock of the runtime.

#![expect(unsafe_code, reason = "counts are given back through the C interface")]

use std::marker::PhantomData;
use std::ptr::NonNull;

use rquickjs::qjs;

use super::{Atom, Js, Key, Local};
use crate::javascript::realm::Realm;

/// A value that outlives the lock. It must be [released](Self::release) before the runtime ends.
pub(in crate::javascript) struct Kept(pub(super) qjs::JSValue);

/// A name that outlives the lock. It must be [released](Self::release) before the runtime ends.
pub(in crate::javascript) struct KeptKey(qjs::JSAtom);

impl Kept {
    pub(in crate::javascript) fn get<'js>(&self, js: Js<'js>) -> Local<'js> {
        // SAFETY: a realm hands out what it keeps only to its own context.
        unsafe { js.borrowed(self.0) }
    }

    pub(in crate::javascript) fn release(self, js: Js<'_>) {
        drop(js.local(self.0));
    }
}

impl KeptKey {
    /// Keeps a name.
    pub(in crate::javascript) fn new(js: Js<'_>, atom: Atom<'_>) -> Self {
        // SAFETY: the atom is counted by its owner.
        Self(unsafe { qjs::JS_DupAtom(js.context(), atom.atom) })
    }

    pub(in crate::javascript) fn atom(&self) -> Atom<'_> {
        Atom {
            atom: self.0,
            owner: PhantomData,
        }
    }

    pub(in crate::javascript) fn release(self, js: Js<'_>) {
        drop(Key { js, atom: self.0 });
    }
}

/// The realm of one context, at a place that does not move.
pub(in crate::javascript) struct Home(NonNull<Realm>);

// SAFETY: a realm is used only while the thread holds the lock of its runtime.
unsafe impl Send for Home {}

impl Home {
    /// Gives the context its realm.
    pub(in crate::javascript) fn new(js: Js<'_>, realm: Realm) -> Self {
        let home = Self(NonNull::from(Box::leak(Box::new(realm))));
        // SAFETY: rquickjs keeps its own data with the runtime and leaves the context's pointer free.
        unsafe { qjs::JS_SetContextOpaque(js.context(), home.0.as_ptr().cast()) };
        home
    }

    /// Releases all that the realm keeps. No script may run afterwards.
    pub(in crate::javascript) fn leave(self, js: Js<'_>) {
        // SAFETY: the pointer came from a box, and `self` is gone after this.
        unsafe { Box::from_raw(self.0.as_ptr()) }.release(js);
    }
}
