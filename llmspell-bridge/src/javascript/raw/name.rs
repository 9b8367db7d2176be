//! Names of properties.

#![expect(unsafe_code, reason = "names are counted through the C interface")]

use std::marker::PhantomData;
use std::slice;

use rquickjs::qjs;

use super::{Js, Kind};

/// A property's name, borrowed from a [`Key`] or [`Keys`].
#[derive(Clone, Copy)]
pub(in crate::javascript) struct Atom<'a> {
    pub(super) atom: qjs::JSAtom,
    pub(super) owner: PhantomData<&'a ()>,
}

impl Atom<'_> {
    /// A number that stays with this name while anybody holds it.
    pub(in crate::javascript) fn number(self) -> u32 {
        self.atom
    }
}

/// A property's name that is counted as long as it is held.
pub(in crate::javascript) struct Key<'js> {
    pub(super) js: Js<'js>,
    pub(super) atom: qjs::JSAtom,
}

/// The names of an object's own properties.
pub(in crate::javascript) struct Keys<'js> {
    pub(super) js: Js<'js>,
    pub(super) table: *mut qjs::JSPropertyEnum,
    pub(super) length: u32,
}

impl Key<'_> {
    pub(in crate::javascript) fn atom(&self) -> Atom<'_> {
        Atom {
            atom: self.atom,
            owner: PhantomData,
        }
    }
}

impl Drop for Key<'_> {
    fn drop(&mut self) {
        // SAFETY: the count of this name is ours.
        unsafe { qjs::JS_FreeAtom(self.js.context(), self.atom) };
    }
}

impl Keys<'_> {
    pub(in crate::javascript) fn len(&self) -> usize {
        self.length as usize
    }

    pub(in crate::javascript) fn iter(&self) -> impl Iterator<Item = Atom<'_>> {
        self.table().iter().map(|entry| Atom {
            atom: entry.atom,
            owner: PhantomData,
        })
    }

    /// Whether a symbol is among the names; symbols come last.
    pub(in crate::javascript) fn has_symbol(&self) -> bool {
        self.table().last().is_some_and(|entry| {
            // SAFETY: the atom is counted by the table.
            let value = unsafe { qjs::JS_AtomToValue(self.js.context(), entry.atom) };
            self.js.local(value).kind() == Kind::Symbol
        })
    }

    fn table(&self) -> &[qjs::JSPropertyEnum] {
        if self.table.is_null() {
            return &[];
        }
        // SAFETY: the engine filled that many entries, and they are ours until they are freed.
        unsafe { slice::from_raw_parts(self.table, self.length as usize) }
    }
}

impl Drop for Keys<'_> {
    fn drop(&mut self) {
        // SAFETY: the table came from the engine, is freed once, and may be null.
        unsafe { qjs::JS_FreePropertyEnum(self.js.context(), self.table, self.length) };
    }
}
