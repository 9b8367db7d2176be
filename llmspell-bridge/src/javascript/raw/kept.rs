//! What outlives the lock of the runtime.

#![expect(unsafe_code, reason = "counts are given back through the C interface")]

use std::marker::PhantomData;

use rquickjs::qjs;

use super::{Atom, Js, Key, Local};

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
