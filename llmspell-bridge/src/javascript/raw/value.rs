//! Values of the engine, read without running any of the script.

#![expect(unsafe_code, reason = "values are read through the C interface")]

use std::ffi::c_int;

use rquickjs::qjs;

use super::{Atom, Js, Kept, Keys, Outcome, Pending, Text};
use crate::javascript::sandbox::settle;

/// A value that is counted as long as it is held.
pub(in crate::javascript) struct Local<'js> {
    pub(super) js: Js<'js>,
    pub(super) value: qjs::JSValue,
}

/// What sort of value one is, with what can be read at no cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::javascript) enum Kind {
    Undefined,
    Null,
    Bool(bool),
    Integer(i32),
    Float(f64),
    Text,
    Symbol,
    BigInteger,
    Object,
    /// No value at all, as after an error for which there was no memory left.
    Nothing,
}

/// An own property as it is, nothing having been run.
pub(in crate::javascript) enum Property<'js> {
    Absent,
    Value(Local<'js>),
    Accessor {
        getter: Local<'js>,
        setter: Local<'js>,
    },
}

/// What a property may be used for.
#[derive(Clone, Copy)]
pub(in crate::javascript) enum Access {
    /// As an assignment would make it.
    Open,
    /// Enumerable, for reading only.
    Fixed,
    /// For reading only, and not enumerable.
    Hidden,
    /// As the properties of a new `Error` are: changeable, but not enumerable.
    Quiet,
    /// As the length of a function is: for reading only, until it is defined anew.
    Changeable,
}

impl Access {
    fn flags(self) -> c_int {
        let flags = match self {
            Self::Open => qjs::JS_PROP_C_W_E,
            Self::Fixed => qjs::JS_PROP_ENUMERABLE,
            Self::Hidden => 0,
            Self::Quiet => qjs::JS_PROP_WRITABLE | qjs::JS_PROP_CONFIGURABLE,
            Self::Changeable => qjs::JS_PROP_CONFIGURABLE,
        };
        (flags | qjs::JS_PROP_THROW) as c_int
    }
}

/// A promise's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::javascript) enum PromiseState {
    Pending,
    Fulfilled,
    Rejected,
}

/// A script that was compiled and not run yet.
pub(in crate::javascript) struct Compiled<'js>(pub(super) Local<'js>);

impl<'js> Local<'js> {
    pub(in crate::javascript) fn js(&self) -> Js<'js> {
        self.js
    }

    /// The value for a function of the engine that takes over its count.
    pub(in crate::javascript) fn into_raw(self) -> qjs::JSValue {
        let value = self.value;
        std::mem::forget(self);
        value
    }

    /// The value for a function of the engine that only looks at it.
    pub(in crate::javascript) fn raw(&self) -> qjs::JSValue {
        self.value
    }

    #[inline]
    pub(in crate::javascript) fn kind(&self) -> Kind {
        // SAFETY: each arm reads the member of the union that the tag names.
        unsafe {
            match qjs::JS_VALUE_GET_NORM_TAG(self.value) {
                qjs::JS_TAG_UNDEFINED => Kind::Undefined,
                qjs::JS_TAG_NULL => Kind::Null,
                qjs::JS_TAG_BOOL => Kind::Bool(qjs::JS_VALUE_GET_BOOL(self.value)),
                qjs::JS_TAG_INT => Kind::Integer(qjs::JS_VALUE_GET_INT(self.value)),
                qjs::JS_TAG_FLOAT64 => Kind::Float(qjs::JS_VALUE_GET_FLOAT64(self.value)),
                qjs::JS_TAG_STRING | qjs::JS_TAG_STRING_ROPE => Kind::Text,
                qjs::JS_TAG_SYMBOL => Kind::Symbol,
                qjs::JS_TAG_BIG_INT | qjs::JS_TAG_SHORT_BIG_INT => Kind::BigInteger,
                qjs::JS_TAG_OBJECT => Kind::Object,
                _ => Kind::Nothing,
            }
        }
    }

    /// The class of an object; 0 for what is no object.
    #[inline]
    pub(in crate::javascript) fn class(&self) -> qjs::JSClassID {
        // SAFETY: the value is alive.
        unsafe { qjs::JS_GetClassID(self.value) }
    }

    /// Where an object is in memory; `None` for what is no object.
    #[inline]
    pub(in crate::javascript) fn address(&self) -> Option<usize> {
        // SAFETY: the tag says that the value is a pointer.
        (self.kind() == Kind::Object).then(|| unsafe { qjs::JS_VALUE_GET_PTR(self.value) } as usize)
    }

    pub(in crate::javascript) fn is_function(&self) -> bool {
        // SAFETY: the value is alive.
        unsafe { qjs::JS_IsFunction(self.js.context(), self.value) }
    }

    pub(in crate::javascript) fn is_proxy(&self) -> bool {
        // SAFETY: the value is alive.
        unsafe { qjs::JS_IsProxy(self.value) }
    }

    pub(in crate::javascript) fn is_error(&self) -> bool {
        // SAFETY: the value is alive.
        unsafe { qjs::JS_IsError(self.value) }
    }

    /// Whether this is the exception of an interrupt, which scripts cannot catch.
    pub(in crate::javascript) fn is_uncatchable(&self) -> bool {
        // SAFETY: the value is alive.
        unsafe { qjs::JS_IsUncatchableError(self.value) }
    }

    /// The bytes of a string; `None` for anything else, which would have to be converted by the script.
    pub(in crate::javascript) fn bytes(&self) -> Option<Outcome<Text<'js>>> {
        if self.kind() != Kind::Text {
            return None;
        }
        let mut length = 0;
        // SAFETY: the value is a string, so that the engine copies or lends and runs nothing.
        let bytes =
            unsafe { qjs::JS_ToCStringLen2(self.js.context(), &raw mut length, self.value, false) };
        Some(self.js.owned_text(bytes, length as usize))
    }

    /// The string with U+FFFD for each lone surrogate; `None` for anything else, or without memory.
    pub(in crate::javascript) fn text(&self) -> Option<String> {
        settle(self.js, self.bytes()?).map(|text| text.lossy())
    }

    /// A symbol's description.
    pub(in crate::javascript) fn description(&self) -> Option<String> {
        if self.kind() != Kind::Symbol {
            return None;
        }
        // SAFETY: the value is a symbol, which is a name already.
        let atom = unsafe { qjs::JS_ValueToAtom(self.js.context(), self.value) };
        let key = settle(self.js, self.js.owned_key(atom))?;
        settle(self.js, self.js.name(key.atom())).map(|text| text.lossy())
    }

    /// A big integer that fits; `None` for anything else.
    pub(in crate::javascript) fn big_integer(&self) -> Option<i64> {
        if self.kind() != Kind::BigInteger {
            return None;
        }
        let mut number = 0;
        let context = self.js.context();
        // SAFETY: the value is a big integer, so nothing is converted; the result is taken modulo 2^64.
        let state = unsafe { qjs::JS_ToBigInt64(context, &raw mut number, self.value) };
        settle(self.js, self.js.succeeded(state))?;
        // SAFETY: the context is alive.
        let again = self
            .js
            .checked(unsafe { qjs::JS_NewBigInt64(context, number) });
        let again = settle(self.js, again)?;
        // SAFETY: both values are alive and primitive.
        let same = unsafe { qjs::JS_IsStrictEqual(context, again.value, self.value) };
        same.then_some(number)
    }

    /// The length of an array, or of a string in its own units; 0 for anything else.
    pub(in crate::javascript) fn length(&self) -> u32 {
        if !self.is_array() && self.kind() != Kind::Text {
            return 0;
        }
        let mut length = 0;
        // SAFETY: the value is alive. The length of both is data, whatever the script did to it.
        let state = unsafe { qjs::JS_GetLength(self.js.context(), self.value, &raw mut length) };
        settle(self.js, self.js.succeeded(state)).map_or(0, |()| u32::try_from(length).unwrap_or(0))
    }

    /// Whether this is an array, and no proxy of one.
    pub(in crate::javascript) fn is_array(&self) -> bool {
        // SAFETY: the value is alive.
        unsafe { qjs::JS_IsArray(self.value) }
    }

    /// The names of the enumerable own properties: array indices, then strings, then symbols.
    ///
    /// Must not be asked of a proxy, which would run the script.
    pub(in crate::javascript) fn keys(&self) -> Outcome<Keys<'js>> {
        let flags = qjs::JS_GPN_STRING_MASK | qjs::JS_GPN_SYMBOL_MASK | qjs::JS_GPN_ENUM_ONLY;
        self.keys_of(flags)
    }

    /// The names of all own properties that are strings. Must not be asked of a proxy either.
    pub(in crate::javascript) fn all_keys(&self) -> Outcome<Keys<'js>> {
        self.keys_of(qjs::JS_GPN_STRING_MASK)
    }

    fn keys_of(&self, flags: u32) -> Outcome<Keys<'js>> {
        let mut table = std::ptr::null_mut();
        let mut length = 0;
        // SAFETY: the value is alive; the engine fills table and length or says that it did not.
        let state = unsafe {
            qjs::JS_GetOwnPropertyNames(
                self.js.context(),
                &raw mut table,
                &raw mut length,
                self.value,
                flags as c_int,
            )
        };
        self.js.succeeded(state).map(|()| Keys {
            js: self.js,
            table,
            length,
        })
    }

    /// An own property as it is. A proxy has none, since asking it would run the script.
    #[inline]
    pub(in crate::javascript) fn property(&self, atom: Atom<'_>) -> Outcome<Property<'js>> {
        if self.is_proxy() {
            return Ok(Property::Absent);
        }
        let mut found = qjs::JSPropertyDescriptor {
            flags: 0,
            value: qjs::JS_UNDEFINED,
            getter: qjs::JS_UNDEFINED,
            setter: qjs::JS_UNDEFINED,
        };
        let context = self.js.context();
        // SAFETY: value and atom are alive, and the object is no proxy.
        let state =
            unsafe { qjs::JS_GetOwnProperty(context, &raw mut found, self.value, atom.atom) };
        match state {
            0 => Ok(Property::Absent),
            1 if found.flags & qjs::JS_PROP_GETSET as c_int != 0 => Ok(Property::Accessor {
                getter: self.js.local(found.getter),
                setter: self.js.local(found.setter),
            }),
            1 => self.js.checked(found.value).map(Property::Value),
            _ => Err(Pending),
        }
    }

    /// An own property by name.
    pub(in crate::javascript) fn named(&self, name: &str) -> Outcome<Property<'js>> {
        self.property(self.js.key(name)?.atom())
    }

    /// An element of an array as it is.
    #[inline]
    pub(in crate::javascript) fn element(&self, index: u32) -> Outcome<Property<'js>> {
        self.property(self.js.index(index)?.atom())
    }

    /// The prototype, if there is one and asking for it runs nothing.
    pub(in crate::javascript) fn prototype(&self) -> Option<Self> {
        if self.kind() != Kind::Object || self.is_proxy() {
            return None;
        }
        // SAFETY: the value is an object and no proxy, so nothing is run.
        let prototype = self
            .js
            .local(unsafe { qjs::JS_GetPrototype(self.js.context(), self.value) });
        (prototype.kind() == Kind::Object).then_some(prototype)
    }

    /// Defines an own property.
    pub(in crate::javascript) fn define(
        &self,
        atom: Atom<'_>,
        value: Local<'js>,
        access: Access,
    ) -> Outcome<()> {
        // SAFETY: all values are alive, and the engine takes over the count of the new one.
        let state = unsafe {
            qjs::JS_DefinePropertyValue(
                self.js.context(),
                self.value,
                atom.atom,
                value.into_raw(),
                access.flags(),
            )
        };
        self.js.succeeded(state)
    }

    /// Defines an own property by name.
    pub(in crate::javascript) fn define_named(
        &self,
        name: &str,
        value: Local<'js>,
        access: Access,
    ) -> Outcome<()> {
        self.define(self.js.key(name)?.atom(), value, access)
    }

    /// Defines an enumerable own property that is read through a function.
    pub(in crate::javascript) fn define_getter(
        &self,
        name: &str,
        getter: Local<'js>,
    ) -> Outcome<()> {
        let key = self.js.key(name)?;
        let flags = qjs::JS_PROP_ENUMERABLE | qjs::JS_PROP_THROW;
        // SAFETY: all values are alive, and the engine takes over the count of the getter.
        let state = unsafe {
            qjs::JS_DefinePropertyGetSet(
                self.js.context(),
                self.value,
                key.atom,
                getter.into_raw(),
                qjs::JS_UNDEFINED,
                flags as c_int,
            )
        };
        self.js.succeeded(state)
    }

    /// Makes an object that is no proxy unchangeable.
    pub(in crate::javascript) fn freeze(&self) -> Outcome<()> {
        // SAFETY: the value is alive.
        let state = unsafe { qjs::JS_FreezeObject(self.js.context(), self.value) };
        self.js.succeeded(state)
    }

    /// Calls a function.
    pub(in crate::javascript) fn call(
        &self,
        this: &Local<'js>,
        arguments: &[Local<'js>],
    ) -> Outcome<Local<'js>> {
        let mut raw: Vec<_> = arguments.iter().map(Local::raw).collect();
        let count = c_int::try_from(raw.len()).unwrap_or(c_int::MAX);
        // SAFETY: all values are alive, and the array has as many as `count` says.
        let value = unsafe {
            qjs::JS_Call(
                self.js.context(),
                self.value,
                this.value,
                count,
                raw.as_mut_ptr(),
            )
        };
        self.js.checked(value)
    }

    /// Calls a constructor.
    pub(in crate::javascript) fn construct(&self, arguments: &[Local<'js>]) -> Outcome<Local<'js>> {
        let mut raw: Vec<_> = arguments.iter().map(Local::raw).collect();
        let count = c_int::try_from(raw.len()).unwrap_or(c_int::MAX);
        // SAFETY: all values are alive, and the array has as many as `count` says.
        let value = unsafe {
            qjs::JS_CallConstructor(self.js.context(), self.value, count, raw.as_mut_ptr())
        };
        self.js.checked(value)
    }

    /// The state of a promise; `None` for anything else.
    pub(in crate::javascript) fn promise_state(&self) -> Option<PromiseState> {
        // SAFETY: the value is alive.
        match unsafe { qjs::JS_PromiseState(self.js.context(), self.value) } {
            qjs::JSPromiseStateEnum_JS_PROMISE_PENDING => Some(PromiseState::Pending),
            qjs::JSPromiseStateEnum_JS_PROMISE_FULFILLED => Some(PromiseState::Fulfilled),
            qjs::JSPromiseStateEnum_JS_PROMISE_REJECTED => Some(PromiseState::Rejected),
            _ => None,
        }
    }

    /// What a promise was fulfilled or rejected with.
    pub(in crate::javascript) fn promise_result(&self) -> Local<'js> {
        // SAFETY: the value is alive; what is no promise gives `undefined`.
        self.js
            .local(unsafe { qjs::JS_PromiseResult(self.js.context(), self.value) })
    }

    /// The value for a time after the lock.
    pub(in crate::javascript) fn keep(self) -> Kept {
        Kept(self.into_raw())
    }
}

impl Clone for Local<'_> {
    fn clone(&self) -> Self {
        // SAFETY: the value is alive.
        self.js
            .local(unsafe { qjs::JS_DupValue(self.js.context(), self.value) })
    }
}

impl Drop for Local<'_> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the count of this value is ours, and only pointers have one.
        unsafe {
            if qjs::JS_VALUE_HAS_REF_COUNT(self.value) {
                qjs::JS_FreeValue(self.js.context(), self.value);
            }
        }
    }
}
