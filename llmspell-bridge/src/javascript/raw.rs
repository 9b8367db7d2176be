//! The operations of QuickJS that rquickjs does not offer, behind a safe face.
//!
//! rquickjs owns the runtime, its lock, the context and the interrupt handler. Here are values that
//! can be read without running a script's getters, proxies or `toString`.

#![expect(
    unsafe_code,
    reason = "own properties can only be read through the C interface"
)]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ops::Deref;
use std::ptr::NonNull;
use std::slice;

use rquickjs::{Ctx, Value, qjs};

use super::error;
use super::realm::Realm;

/// The context of a runtime that this thread has locked for `'js`.
///
/// INVARIANT: a `Js` is made only from a [`Ctx`], or inside a callback of the engine, and its lifetime
/// cannot be confused with that of another context. Everything unsafe below leans on this.
#[derive(Clone, Copy)]
pub(super) struct Js<'js> {
    context: NonNull<qjs::JSContext>,
    lock: PhantomData<fn(&'js ()) -> &'js ()>,
}

/// An exception is pending in the context; [`Js::take_exception`] takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pending;

/// The result of whatever may leave an exception pending.
pub(super) type Outcome<T> = Result<T, Pending>;

/// A value that is counted as long as it is held.
pub(super) struct Local<'js> {
    js: Js<'js>,
    value: qjs::JSValue,
}

/// What sort of value one is, with what can be read at no cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
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

/// A property's name, borrowed from a [`Key`] or [`Keys`].
#[derive(Clone, Copy)]
pub(super) struct Atom<'a> {
    atom: qjs::JSAtom,
    owner: PhantomData<&'a ()>,
}

impl Atom<'_> {
    /// A number that stays with this name while anybody holds it.
    pub(super) fn number(self) -> u32 {
        self.atom
    }
}

/// A property's name that is counted as long as it is held.
pub(super) struct Key<'js> {
    js: Js<'js>,
    atom: qjs::JSAtom,
}

/// The names of an object's own properties.
pub(super) struct Keys<'js> {
    js: Js<'js>,
    table: *mut qjs::JSPropertyEnum,
    length: u32,
}

/// An own property as it is, nothing having been run.
pub(super) enum Property<'js> {
    Absent,
    Value(Local<'js>),
    Accessor {
        getter: Local<'js>,
        setter: Local<'js>,
    },
}

/// The UTF-8 form of a string; a lone surrogate is encoded as if it were a character.
pub(super) struct Text<'js> {
    js: Js<'js>,
    bytes: NonNull<u8>,
    length: usize,
}

/// A value that outlives the lock. It must be [released](Self::release) before the runtime ends.
pub(super) struct Kept(qjs::JSValue);

/// A name that outlives the lock. It must be [released](Self::release) before the runtime ends.
pub(super) struct KeptKey(qjs::JSAtom);

/// What a property may be used for.
#[derive(Clone, Copy)]
pub(super) enum Access {
    /// As an assignment would make it.
    Open,
    /// Enumerable, for reading only.
    Fixed,
    /// For reading only, and not enumerable.
    Hidden,
    /// As the properties of a new `Error` are: changeable, but not enumerable.
    Quiet,
}

impl Access {
    fn flags(self) -> c_int {
        let flags = match self {
            Self::Open => qjs::JS_PROP_C_W_E,
            Self::Fixed => qjs::JS_PROP_ENUMERABLE,
            Self::Hidden => 0,
            Self::Quiet => qjs::JS_PROP_WRITABLE | qjs::JS_PROP_CONFIGURABLE,
        };
        (flags | qjs::JS_PROP_THROW) as c_int
    }
}

/// A promise's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PromiseState {
    Pending,
    Fulfilled,
    Rejected,
}

impl<'js> Js<'js> {
    /// The context behind `ctx`.
    pub(super) fn of(ctx: &Ctx<'js>) -> Self {
        Self {
            context: ctx.as_raw(),
            lock: PhantomData,
        }
    }

    /// Runs `body` with the context that called back.
    ///
    /// # Safety
    /// `context` must be the one that the engine passed to the callback that is running.
    unsafe fn in_callback<R>(
        context: *mut qjs::JSContext,
        body: impl for<'a> FnOnce(Js<'a>) -> R,
    ) -> Option<R> {
        NonNull::new(context).map(|context| {
            body(Js {
                context,
                lock: PhantomData,
            })
        })
    }

    pub(super) fn context(self) -> *mut qjs::JSContext {
        self.context.as_ptr()
    }

    pub(super) fn runtime(self) -> *mut qjs::JSRuntime {
        // SAFETY: the context is alive while `'js` lasts.
        unsafe { qjs::JS_GetRuntime(self.context()) }
    }

    /// What the adapter keeps for this context.
    pub(super) fn realm(self) -> &'js Realm {
        // SAFETY: the context got its realm before any script, and keeps it until no script runs.
        unsafe { &*qjs::JS_GetContextOpaque(self.context()).cast::<Realm>() }
    }

    fn local(self, value: qjs::JSValue) -> Local<'js> {
        Local { js: self, value }
    }

    fn checked(self, value: qjs::JSValue) -> Outcome<Local<'js>> {
        // SAFETY: reading the tag of a value.
        if unsafe { qjs::JS_IsException(value) } {
            Err(Pending)
        } else {
            Ok(self.local(value))
        }
    }

    /// The value that the engine lent.
    ///
    /// # Safety
    /// The value must belong to this runtime.
    unsafe fn borrowed(self, value: qjs::JSValue) -> Local<'js> {
        // SAFETY: the value is alive, as the caller promises.
        self.local(unsafe { qjs::JS_DupValue(self.context(), value) })
    }

    /// The same value as rquickjs holds it.
    pub(super) fn value_of(self, value: &Value<'js>) -> Local<'js> {
        // SAFETY: the value lives in the context that `'js` stands for.
        unsafe { self.borrowed(value.as_raw()) }
    }

    pub(super) fn undefined(self) -> Local<'js> {
        self.local(qjs::JS_UNDEFINED)
    }

    pub(super) fn null(self) -> Local<'js> {
        self.local(qjs::JS_NULL)
    }

    pub(super) fn boolean(self, value: bool) -> Local<'js> {
        self.local(if value { qjs::JS_TRUE } else { qjs::JS_FALSE })
    }

    pub(super) fn number(self, value: f64) -> Local<'js> {
        self.local(qjs::JS_NewFloat64(value))
    }

    pub(super) fn text(self, text: &str) -> Outcome<Local<'js>> {
        // SAFETY: pointer and length are those of one live slice.
        let value =
            unsafe { qjs::JS_NewStringLen(self.context(), text.as_ptr().cast(), text.len() as _) };
        self.checked(value)
    }

    pub(super) fn object(self) -> Outcome<Local<'js>> {
        // SAFETY: the context is alive.
        self.checked(unsafe { qjs::JS_NewObject(self.context()) })
    }

    pub(super) fn array(self) -> Outcome<Local<'js>> {
        // SAFETY: the context is alive.
        self.checked(unsafe { qjs::JS_NewArray(self.context()) })
    }

    /// An array of these elements.
    pub(super) fn array_of(self, elements: Vec<Local<'js>>) -> Outcome<Local<'js>> {
        let raw: Vec<_> = elements.into_iter().map(Local::into_raw).collect();
        let count = c_int::try_from(raw.len()).unwrap_or(c_int::MAX);
        // SAFETY: the array has at least as many values as `count` says; the engine takes their counts.
        self.checked(unsafe { qjs::JS_NewArrayFrom(self.context(), count, raw.as_ptr()) })
    }

    /// A new `Error` with the stack of now.
    pub(super) fn error(self) -> Outcome<Local<'js>> {
        // SAFETY: the context is alive.
        self.checked(unsafe { qjs::JS_NewError(self.context()) })
    }

    /// The name that is a symbol which no script can make.
    pub(super) fn symbol(self, description: &CStr) -> Outcome<Key<'js>> {
        // SAFETY: the description ends with a NUL.
        let symbol = self
            .checked(unsafe { qjs::JS_NewSymbol(self.context(), description.as_ptr(), false) })?;
        // SAFETY: the value is alive.
        let atom = unsafe { qjs::JS_ValueToAtom(self.context(), symbol.value) };
        if atom == NO_ATOM {
            Err(Pending)
        } else {
            Ok(Key { js: self, atom })
        }
    }

    pub(super) fn globals(self) -> Local<'js> {
        // SAFETY: the context is alive.
        self.local(unsafe { qjs::JS_GetGlobalObject(self.context()) })
    }

    pub(super) fn key(self, name: &str) -> Outcome<Key<'js>> {
        // SAFETY: pointer and length are those of one live slice.
        let atom =
            unsafe { qjs::JS_NewAtomLen(self.context(), name.as_ptr().cast(), name.len() as _) };
        if atom == NO_ATOM {
            Err(Pending)
        } else {
            Ok(Key { js: self, atom })
        }
    }

    fn index(self, index: u32) -> Outcome<Key<'js>> {
        // SAFETY: the context is alive.
        let atom = unsafe { qjs::JS_NewAtomUInt32(self.context(), index) };
        if atom == NO_ATOM {
            Err(Pending)
        } else {
            Ok(Key { js: self, atom })
        }
    }

    /// The text of a name; for a symbol its description.
    pub(super) fn name(self, atom: Atom<'_>) -> Outcome<Text<'js>> {
        let mut length = 0;
        // SAFETY: the atom is counted by its owner.
        let bytes = unsafe { qjs::JS_AtomToCStringLen(self.context(), &raw mut length, atom.atom) };
        self.owned_text(bytes, length as usize)
    }

    fn owned_text(self, bytes: *const c_char, length: usize) -> Outcome<Text<'js>> {
        match NonNull::new(bytes.cast_mut().cast::<u8>()) {
            Some(bytes) => Ok(Text {
                js: self,
                bytes,
                length,
            }),
            None => Err(Pending),
        }
    }

    /// Takes the pending exception.
    pub(super) fn take_exception(self) -> Local<'js> {
        // SAFETY: the context is alive.
        self.local(unsafe { qjs::JS_GetException(self.context()) })
    }

    /// Makes `value` the pending exception.
    pub(super) fn throw(self, value: Local<'js>) -> Pending {
        // SAFETY: the engine takes over the count that `into_raw` gives up.
        unsafe { qjs::JS_Throw(self.context(), value.into_raw()) };
        Pending
    }

    /// Compiles a script; in `asynchronous` ones `await` may stand anywhere, and running gives a promise.
    pub(super) fn compile(
        self,
        source: &str,
        name: &str,
        asynchronous: bool,
    ) -> Outcome<Compiled<'js>> {
        let mut text = Vec::with_capacity(source.len() + 1);
        text.extend_from_slice(source.as_bytes());
        text.push(0);
        let name = CString::new(name.replace('\0', "\u{fffd}")).unwrap_or_default();
        let mut flags = qjs::JS_EVAL_FLAG_STRICT | qjs::JS_EVAL_FLAG_COMPILE_ONLY;
        if asynchronous {
            flags |= qjs::JS_EVAL_FLAG_ASYNC;
        }
        // SAFETY: the text ends with a NUL that its length leaves out, and the name ends with one.
        let value = unsafe {
            qjs::JS_Eval(
                self.context(),
                text.as_ptr().cast(),
                source.len() as _,
                name.as_ptr(),
                flags as c_int,
            )
        };
        self.checked(value).map(Compiled)
    }

    /// Runs a compiled script.
    pub(super) fn evaluate(self, compiled: Compiled<'js>) -> Outcome<Local<'js>> {
        // SAFETY: `Compiled` holds what the compiler made, and the engine takes over its count.
        self.checked(unsafe { qjs::JS_EvalFunction(self.context(), compiled.0.into_raw()) })
    }

    /// Runs the first job of the queue; false if there is none.
    pub(super) fn run_job(self) -> Outcome<bool> {
        let mut context = std::ptr::null_mut();
        // SAFETY: the runtime is locked by this thread, and has this one context only.
        match unsafe { qjs::JS_ExecutePendingJob(self.runtime(), &raw mut context) } {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Pending),
        }
    }

    /// The size of the heap at which the engine looks for garbage next: half as much again as was left
    /// the last time.
    pub(super) fn collection_threshold(self) -> usize {
        // SAFETY: the runtime is locked by this thread.
        unsafe { qjs::JS_GetGCThreshold(self.runtime()) as usize }
    }

    /// How many bytes the heap holds now. The engine walks it to tell.
    pub(super) fn heap_size(self) -> usize {
        let mut usage = MaybeUninit::uninit();
        // SAFETY: the runtime is locked by this thread, and the engine fills all of the struct.
        let usage = unsafe {
            qjs::JS_ComputeMemoryUsage(self.runtime(), usage.as_mut_ptr());
            usage.assume_init()
        };
        usize::try_from(usage.malloc_size).unwrap_or(0)
    }

    /// The name of a class of objects.
    pub(super) fn class_name(self, class: qjs::JSClassID) -> Option<String> {
        // SAFETY: any number may be asked for; an unknown one gives no name.
        let atom = unsafe { qjs::JS_GetClassName(self.runtime(), class) };
        if atom == NO_ATOM {
            return None;
        }
        let key = Key { js: self, atom };
        self.name(key.atom()).ok().map(|text| text.lossy())
    }
}

/// A script that was compiled and not run yet.
pub(super) struct Compiled<'js>(Local<'js>);

const NO_ATOM: qjs::JSAtom = 0;

impl<'js> Local<'js> {
    pub(super) fn js(&self) -> Js<'js> {
        self.js
    }

    /// The value for a function of the engine that takes over its count.
    pub(super) fn into_raw(self) -> qjs::JSValue {
        let value = self.value;
        std::mem::forget(self);
        value
    }

    /// The value for a function of the engine that only looks at it.
    pub(super) fn raw(&self) -> qjs::JSValue {
        self.value
    }

    #[inline]
    pub(super) fn kind(&self) -> Kind {
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
    pub(super) fn class(&self) -> qjs::JSClassID {
        // SAFETY: the value is alive.
        unsafe { qjs::JS_GetClassID(self.value) }
    }

    /// Where an object is in memory; `None` for what is no object.
    #[inline]
    pub(super) fn address(&self) -> Option<usize> {
        // SAFETY: the tag says that the value is a pointer.
        (self.kind() == Kind::Object).then(|| unsafe { qjs::JS_VALUE_GET_PTR(self.value) } as usize)
    }

    pub(super) fn is_function(&self) -> bool {
        // SAFETY: the value is alive.
        unsafe { qjs::JS_IsFunction(self.js.context(), self.value) }
    }

    pub(super) fn is_proxy(&self) -> bool {
        // SAFETY: the value is alive.
        unsafe { qjs::JS_IsProxy(self.value) }
    }

    pub(super) fn is_error(&self) -> bool {
        // SAFETY: the value is alive.
        unsafe { qjs::JS_IsError(self.value) }
    }

    /// Whether this is the exception of an interrupt, which scripts cannot catch.
    pub(super) fn is_uncatchable(&self) -> bool {
        // SAFETY: the value is alive.
        unsafe { qjs::JS_IsUncatchableError(self.value) }
    }

    /// The bytes of a string; `None` for anything else, which would have to be converted by the script.
    pub(super) fn bytes(&self) -> Option<Outcome<Text<'js>>> {
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
    pub(super) fn text(&self) -> Option<String> {
        match self.bytes()? {
            Ok(text) => Some(text.lossy()),
            Err(Pending) => {
                drop(self.js.take_exception());
                None
            }
        }
    }

    /// A symbol's description.
    pub(super) fn description(&self) -> Option<String> {
        if self.kind() != Kind::Symbol {
            return None;
        }
        // SAFETY: the value is a symbol, which is a name already.
        let atom = unsafe { qjs::JS_ValueToAtom(self.js.context(), self.value) };
        let key = Key { js: self.js, atom };
        self.js.name(key.atom()).ok().map(|text| text.lossy())
    }

    /// A big integer that fits; `None` for anything else.
    pub(super) fn big_integer(&self) -> Option<i64> {
        if self.kind() != Kind::BigInteger {
            return None;
        }
        let mut number = 0;
        let context = self.js.context();
        // SAFETY: the value is a big integer, so nothing is converted; the result is taken modulo 2^64.
        let failed = unsafe { qjs::JS_ToBigInt64(context, &raw mut number, self.value) } != 0;
        // SAFETY: the context is alive.
        let again = self
            .js
            .local(unsafe { qjs::JS_NewBigInt64(context, number) });
        // SAFETY: both values are alive and primitive.
        let same = unsafe { qjs::JS_IsStrictEqual(context, again.value, self.value) };
        (!failed && same).then_some(number)
    }

    /// The length of an array.
    pub(super) fn length(&self) -> u32 {
        let mut length = 0;
        // SAFETY: the value is alive. The length of an array is data, whatever the script did to it.
        unsafe {
            if !qjs::JS_IsArray(self.value)
                || qjs::JS_GetLength(self.js.context(), self.value, &raw mut length) != 0
            {
                return 0;
            }
        }
        u32::try_from(length).unwrap_or(0)
    }

    /// The names of the enumerable own properties: array indices, then strings, then symbols.
    ///
    /// Must not be asked of a proxy, which would run the script.
    pub(super) fn keys(&self) -> Outcome<Keys<'js>> {
        let mut table = std::ptr::null_mut();
        let mut length = 0;
        let flags = qjs::JS_GPN_STRING_MASK | qjs::JS_GPN_SYMBOL_MASK | qjs::JS_GPN_ENUM_ONLY;
        // SAFETY: the value is alive; the engine fills table and length or says that it did not.
        let failed = unsafe {
            qjs::JS_GetOwnPropertyNames(
                self.js.context(),
                &raw mut table,
                &raw mut length,
                self.value,
                flags as c_int,
            )
        } != 0;
        if failed {
            Err(Pending)
        } else {
            Ok(Keys {
                js: self.js,
                table,
                length,
            })
        }
    }

    /// An own property as it is. A proxy has none, since asking it would run the script.
    #[inline]
    pub(super) fn property(&self, atom: Atom<'_>) -> Outcome<Property<'js>> {
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
    pub(super) fn named(&self, name: &str) -> Outcome<Property<'js>> {
        self.property(self.js.key(name)?.atom())
    }

    /// An element of an array as it is.
    #[inline]
    pub(super) fn element(&self, index: u32) -> Outcome<Property<'js>> {
        self.property(self.js.index(index)?.atom())
    }

    /// The prototype, if there is one and asking for it runs nothing.
    pub(super) fn prototype(&self) -> Option<Self> {
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
    pub(super) fn define(&self, atom: Atom<'_>, value: Local<'js>, access: Access) -> Outcome<()> {
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
        if state < 0 { Err(Pending) } else { Ok(()) }
    }

    /// Defines an own property by name.
    pub(super) fn define_named(
        &self,
        name: &str,
        value: Local<'js>,
        access: Access,
    ) -> Outcome<()> {
        self.define(self.js.key(name)?.atom(), value, access)
    }

    /// Defines an enumerable own property that is read through a function.
    pub(super) fn define_getter(&self, name: &str, getter: Local<'js>) -> Outcome<()> {
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
        if state < 0 { Err(Pending) } else { Ok(()) }
    }

    /// Makes an object that is no proxy unchangeable.
    pub(super) fn freeze(&self) -> Outcome<()> {
        // SAFETY: the value is alive.
        let state = unsafe { qjs::JS_FreezeObject(self.js.context(), self.value) };
        if state < 0 { Err(Pending) } else { Ok(()) }
    }

    /// Calls a function.
    pub(super) fn call(&self, this: &Local<'js>, arguments: &[Local<'js>]) -> Outcome<Local<'js>> {
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

    /// The state of a promise; `None` for anything else.
    pub(super) fn promise_state(&self) -> Option<PromiseState> {
        // SAFETY: the value is alive.
        match unsafe { qjs::JS_PromiseState(self.js.context(), self.value) } {
            qjs::JSPromiseStateEnum_JS_PROMISE_PENDING => Some(PromiseState::Pending),
            qjs::JSPromiseStateEnum_JS_PROMISE_FULFILLED => Some(PromiseState::Fulfilled),
            qjs::JSPromiseStateEnum_JS_PROMISE_REJECTED => Some(PromiseState::Rejected),
            _ => None,
        }
    }

    /// What a promise was fulfilled or rejected with.
    pub(super) fn promise_result(&self) -> Local<'js> {
        // SAFETY: the value is alive; what is no promise gives `undefined`.
        self.js
            .local(unsafe { qjs::JS_PromiseResult(self.js.context(), self.value) })
    }

    /// The value for a time after the lock.
    pub(super) fn keep(self) -> Kept {
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

impl Key<'_> {
    pub(super) fn atom(&self) -> Atom<'_> {
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
    pub(super) fn len(&self) -> usize {
        self.length as usize
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Atom<'_>> {
        self.table().iter().map(|entry| Atom {
            atom: entry.atom,
            owner: PhantomData,
        })
    }

    /// Whether a symbol is among the names; symbols come last.
    pub(super) fn has_symbol(&self) -> bool {
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

impl Text<'_> {
    /// The text, unless it has a lone surrogate.
    #[inline]
    pub(super) fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(self).ok()
    }

    /// The text with U+FFFD for each lone surrogate.
    pub(super) fn lossy(&self) -> String {
        match self.as_str() {
            Some(text) => text.to_owned(),
            None => without_surrogates(self),
        }
    }
}

/// A lone surrogate is three bytes, of which each would become a U+FFFD of its own.
fn without_surrogates(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        if chunk.invalid().first() == Some(&0xed) {
            text.push('\u{fffd}');
        }
    }
    text
}

impl Deref for Text<'_> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        // SAFETY: the engine gave pointer and length, and the bytes are ours until they are freed.
        unsafe { slice::from_raw_parts(self.bytes.as_ptr(), self.length) }
    }
}

impl Drop for Text<'_> {
    fn drop(&mut self) {
        // SAFETY: the bytes came from the engine and are freed once.
        unsafe { qjs::JS_FreeCString(self.js.context(), self.bytes.as_ptr().cast()) };
    }
}

impl Kept {
    pub(super) fn get<'js>(&self, js: Js<'js>) -> Local<'js> {
        // SAFETY: a realm hands out what it keeps only to its own context.
        unsafe { js.borrowed(self.0) }
    }

    pub(super) fn release(self, js: Js<'_>) {
        drop(js.local(self.0));
    }
}

impl KeptKey {
    /// Keeps a name.
    pub(super) fn new(js: Js<'_>, atom: Atom<'_>) -> Self {
        // SAFETY: the atom is counted by its owner.
        Self(unsafe { qjs::JS_DupAtom(js.context(), atom.atom) })
    }

    pub(super) fn atom(&self) -> Atom<'_> {
        Atom {
            atom: self.0,
            owner: PhantomData,
        }
    }

    pub(super) fn release(self, js: Js<'_>) {
        drop(Key { js, atom: self.0 });
    }
}

/// A class of objects that hold one `T` each, which is dropped with the object.
pub(super) struct Class<T> {
    number: qjs::JSClassID,
    holds: PhantomData<fn() -> T>,
}

impl<T: 'static> Class<T> {
    /// Makes the class known to the runtime.
    pub(super) fn new(js: Js<'_>, name: &CStr) -> Outcome<Self> {
        let definition = qjs::JSClassDef {
            class_name: name.as_ptr(),
            finalizer: Some(drop_held::<T>),
            gc_mark: None,
            call: None,
            exotic: std::ptr::null_mut(),
        };
        let mut number = 0;
        // SAFETY: the runtime is locked; it copies the definition and its name.
        let state = unsafe {
            qjs::JS_NewClassID(js.runtime(), &raw mut number);
            qjs::JS_NewClass(js.runtime(), number, &raw const definition)
        };
        if state == 0 {
            Ok(Self {
                number,
                holds: PhantomData,
            })
        } else {
            Err(Pending)
        }
    }

    /// An object of this class.
    pub(super) fn object<'js>(&self, prototype: &Local<'js>, held: T) -> Outcome<Local<'js>> {
        let js = prototype.js();
        // SAFETY: the prototype is alive and the class is known to this runtime.
        let value =
            unsafe { qjs::JS_NewObjectProtoClass(js.context(), prototype.raw(), self.number) };
        let object = js.checked(value)?;
        // SAFETY: the object is of a class of ours, whose finalizer takes the box back.
        unsafe { qjs::JS_SetOpaque(object.raw(), Box::into_raw(Box::new(held)).cast()) };
        Ok(object)
    }

    /// What an object of this class holds; `None` for every other value.
    pub(super) fn held<'a>(&self, object: &'a Local<'_>) -> Option<&'a T> {
        // SAFETY: the engine compares the class; the box lives as long as the object.
        unsafe {
            qjs::JS_GetOpaque(object.raw(), self.number)
                .cast::<T>()
                .as_ref()
        }
    }
}

unsafe extern "C" fn drop_held<T>(_runtime: *mut qjs::JSRuntime, object: qjs::JSValue) {
    let mut class = 0;
    // SAFETY: the object is being finalized, so nobody else has the box; it is null if there is none.
    let held = unsafe { qjs::JS_GetAnyOpaque(object, &raw mut class) }.cast::<T>();
    // SAFETY: as above.
    unsafe { drop_box(held) };
}

unsafe extern "C" fn drop_closure<T>(held: *mut c_void) {
    // SAFETY: the function object is being finalized, so nobody else has the box.
    unsafe { drop_box(held.cast::<T>()) };
}

unsafe fn drop_box<T>(held: *mut T) {
    if held.is_null() {
        return;
    }
    // SAFETY: the pointer came from `Box::into_raw`, as the callers promise.
    let held = unsafe { Box::from_raw(held) };
    // A panic of a destructor must not reach the engine's C code, and there is nobody to tell.
    drop(std::panic::catch_unwind(std::panic::AssertUnwindSafe(
        || drop(held),
    )));
}

/// A function of the host, with what it owns.
pub(super) trait Native: Sized + 'static {
    /// Whether a call has nothing to do now; asked before anything else, the arguments untouched.
    #[inline]
    fn idle(&self) -> bool {
        false
    }

    /// Runs the function.
    fn call<'js>(&self, js: Js<'js>, this: &Local<'js>, given: Given<'js>) -> Outcome<Local<'js>>;
}

/// The arguments of a call.
#[derive(Clone, Copy)]
pub(super) struct Given<'js> {
    js: Js<'js>,
    values: &'js [qjs::JSValue],
}

impl<'js> Given<'js> {
    pub(super) fn js(&self) -> Js<'js> {
        self.js
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// An argument; `undefined` beyond the last one.
    pub(super) fn get(&self, index: usize) -> Local<'js> {
        match self.values.get(index) {
            // SAFETY: the engine lends the arguments for the time of the call.
            Some(value) => unsafe { self.js.borrowed(*value) },
            None => self.js.undefined(),
        }
    }

    /// All arguments from an index on.
    pub(super) fn rest(&self, first: usize) -> Vec<Local<'js>> {
        (first..self.values.len())
            .map(|index| self.get(index))
            .collect()
    }
}

/// A function object that owns `native`.
pub(super) fn function<'js, T: Native>(js: Js<'js>, name: &str, native: T) -> Outcome<Local<'js>> {
    let held = Box::into_raw(Box::new(native));
    // The name is set below: with an empty one here, a failure means that `held` was not taken over.
    // SAFETY: the trampoline takes its last argument for a `T`, and the finalizer takes the box back.
    let value = unsafe {
        qjs::JS_NewCClosure(
            js.context(),
            Some(trampoline::<T>),
            c"".as_ptr(),
            Some(drop_closure::<T>),
            0,
            0,
            held.cast(),
        )
    };
    let Ok(function) = js.checked(value) else {
        // SAFETY: the engine did not take the box over.
        unsafe { drop_box(held) };
        return Err(Pending);
    };
    function.define_named("name", js.text(name)?, Access::Hidden)?;
    Ok(function)
}

unsafe extern "C" fn trampoline<T: Native>(
    context: *mut qjs::JSContext,
    this: qjs::JSValue,
    count: c_int,
    values: *mut qjs::JSValue,
    _magic: c_int,
    held: *mut c_void,
) -> qjs::JSValue {
    // SAFETY: `function` gave the box, which lives as long as the function object that is running.
    let native = unsafe { &*held.cast_const().cast::<T>() };
    if native.idle() {
        return qjs::JS_UNDEFINED;
    }
    let count = usize::try_from(count).unwrap_or(0);
    // SAFETY: the engine passes its context, and as many values as it says.
    unsafe { enter(native, context, this, count, values) }.unwrap_or(qjs::JS_EXCEPTION)
}

#[inline(never)]
unsafe fn enter<T: Native>(
    native: &T,
    context: *mut qjs::JSContext,
    this: qjs::JSValue,
    count: usize,
    values: *mut qjs::JSValue,
) -> Option<qjs::JSValue> {
    let body = |js: Js<'_>| {
        let values = if count == 0 {
            &[]
        } else {
            // SAFETY: the caller passes on what the engine gave for the time of this call.
            unsafe { slice::from_raw_parts(values, count) }
        };
        // SAFETY: as above.
        let this = unsafe { js.borrowed(this) };
        let run = || native.call(js, &this, Given { js, values });
        // A panic must not cross the engine's C code, and becomes an error of the script.
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run))
            .unwrap_or_else(|panic| Err(error::throw_panic(js, panic.as_ref())));
        result.map_or(qjs::JS_EXCEPTION, Local::into_raw)
    };
    // SAFETY: the caller passes on the context that the engine gave.
    unsafe { Js::in_callback(context, body) }
}

/// The realm of one context, at a place that does not move.
pub(super) struct Home(NonNull<Realm>);

// SAFETY: a realm is used only while the thread holds the lock of its runtime.
unsafe impl Send for Home {}

impl Home {
    /// Gives the context its realm.
    pub(super) fn new(js: Js<'_>, realm: Realm) -> Self {
        let home = Self(NonNull::from(Box::leak(Box::new(realm))));
        // SAFETY: rquickjs keeps its own data with the runtime and leaves the context's pointer free.
        unsafe { qjs::JS_SetContextOpaque(js.context(), home.0.as_ptr().cast()) };
        home
    }

    /// Releases all that the realm keeps. No script may run afterwards.
    pub(super) fn leave(self, js: Js<'_>) {
        // SAFETY: the pointer came from a box, and `self` is gone after this.
        unsafe { Box::from_raw(self.0.as_ptr()) }.release(js);
    }
}
