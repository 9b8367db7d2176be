//! The operations of QuickJS that rquickjs does not offer, behind a safe face.
//!
//! rquickjs owns the runtime, its lock, the context and the interrupt handler. Here are values that
//! can be read without running a script's getters, proxies or `toString`.

#![expect(
    unsafe_code,
    reason = "own properties can only be read through the C interface"
)]

mod class;
mod function;
mod home;
mod interrupt;
mod kept;
mod name;
mod text;
mod value;

use std::ffi::{CStr, CString, c_char, c_int};
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ptr::NonNull;

use llmspell_utils::debug::MemoryUse;
use rquickjs::{Ctx, Value, qjs};

use super::realm::Realm;
use super::sandbox::settle;
pub(super) use class::Class;
pub(super) use function::{Given, Native, function};
pub(super) use home::Home;
pub(super) use kept::{Kept, KeptKey};
pub(super) use name::{Atom, Key, Keys};
pub(super) use text::Text;
pub(super) use value::{Access, Compiled, Kind, Local, PromiseState, Property};

/// The context of a runtime that this thread has locked for `'js`.
///
/// INVARIANT: a `Js` is made only from a [`Ctx`], or inside a callback of the engine, and its lifetime
/// cannot be confused with that of another context. The context keeps its realm throughout `'js`.
/// Everything unsafe below leans on this.
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

const NO_ATOM: qjs::JSAtom = 0;

impl<'js> Js<'js> {
    /// The context behind `ctx`, unless it has no realm: before a [`Home`] is made of it, and after
    /// that is dropped.
    pub(super) fn of(ctx: &Ctx<'js>) -> Option<Self> {
        // SAFETY: the context is alive and locked.
        let realm = unsafe { qjs::JS_GetContextOpaque(ctx.as_raw().as_ptr()) };
        // SAFETY: it has a realm, and only a home takes that away, which waits for the lock.
        (!realm.is_null()).then(|| unsafe { Self::without_realm(ctx) })
    }

    /// The context behind `ctx`.
    ///
    /// # Safety
    /// If the context has no realm, nobody may ask for [`realm`](Self::realm).
    unsafe fn without_realm(ctx: &Ctx<'js>) -> Self {
        Self {
            context: ctx.as_raw(),
            lock: PhantomData,
        }
    }

    /// Runs `body` with the context that called back.
    ///
    /// # Safety
    /// `context` must be the one that the engine passed to the callback that is running. Callbacks are
    /// functions and finalizers; functions run only in scripts, which only a [`Home`] lets run.
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
        // SAFETY: the context has a realm, and keeps it throughout `'js`.
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
        self.owned_key(atom)
    }

    pub(super) fn globals(self) -> Local<'js> {
        // SAFETY: the context is alive.
        self.local(unsafe { qjs::JS_GetGlobalObject(self.context()) })
    }

    pub(super) fn key(self, name: &str) -> Outcome<Key<'js>> {
        // SAFETY: pointer and length are those of one live slice.
        let atom =
            unsafe { qjs::JS_NewAtomLen(self.context(), name.as_ptr().cast(), name.len() as _) };
        self.owned_key(atom)
    }

    fn index(self, index: u32) -> Outcome<Key<'js>> {
        // SAFETY: the context is alive.
        let atom = unsafe { qjs::JS_NewAtomUInt32(self.context(), index) };
        self.owned_key(atom)
    }

    fn owned_key(self, atom: qjs::JSAtom) -> Outcome<Key<'js>> {
        if atom == NO_ATOM {
            Err(Pending)
        } else {
            Ok(Key { js: self, atom })
        }
    }

    /// What a function of the engine says that gives a negative number with an exception.
    fn succeeded(self, state: c_int) -> Outcome<()> {
        if state < 0 { Err(Pending) } else { Ok(()) }
    }

    /// A name as a string of the script; for a symbol its description.
    pub(super) fn name_text(self, atom: Atom<'_>) -> Outcome<Local<'js>> {
        // SAFETY: the atom is counted by its owner.
        self.checked(unsafe { qjs::JS_AtomToString(self.context(), atom.atom) })
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

    /// Ends the script as the interrupt handler does: no script catches this.
    pub(super) fn interrupt(self) -> Pending {
        match self.error() {
            Ok(error) => {
                // SAFETY: the value is alive.
                unsafe { qjs::JS_SetUncatchableError(self.context(), error.value) };
                self.throw(error)
            }
            Err(pending) => pending,
        }
    }

    /// Compiles a script; in `asynchronous` ones `await` may stand anywhere, and running gives a promise.
    pub(super) fn compile(
        self,
        source: &str,
        name: &str,
        asynchronous: bool,
    ) -> Outcome<Compiled<'js>> {
        let asynchronous = if asynchronous {
            qjs::JS_EVAL_FLAG_ASYNC
        } else {
            0
        };
        self.compile_as(source, name, qjs::JS_EVAL_FLAG_STRICT | asynchronous)
    }

    /// Compiles a module, to see whether it is one.
    pub(super) fn compile_module(self, source: &str, name: &str) -> Outcome<Compiled<'js>> {
        self.compile_as(source, name, qjs::JS_EVAL_TYPE_MODULE)
    }

    fn compile_as(self, source: &str, name: &str, flags: u32) -> Outcome<Compiled<'js>> {
        let mut text = Vec::with_capacity(source.len() + 1);
        text.extend_from_slice(source.as_bytes());
        text.push(0);
        let name = CString::new(name.replace('\0', "\u{fffd}")).unwrap_or_default();
        let flags = flags | qjs::JS_EVAL_FLAG_COMPILE_ONLY;
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

    /// Whether a job waits in the queue.
    pub(super) fn has_jobs(self) -> bool {
        // SAFETY: the runtime is locked by this thread.
        unsafe { qjs::JS_IsJobPending(self.runtime()) }
    }

    /// The size of the heap at which the engine looks for garbage next: half as much again as was left
    /// the last time.
    pub(super) fn collection_threshold(self) -> usize {
        // SAFETY: the runtime is locked by this thread.
        unsafe { qjs::JS_GetGCThreshold(self.runtime()) as usize }
    }

    /// How many bytes the heap holds now. The engine walks it to tell.
    pub(super) fn heap_size(self) -> usize {
        usize::try_from(self.usage().malloc_size).unwrap_or(0)
    }

    /// How many bytes the heap holds now, and in how many blocks. The engine walks it to tell.
    pub(super) fn memory(self) -> MemoryUse {
        let usage = self.usage();
        MemoryUse {
            script_heap: u64::try_from(usage.malloc_size).ok(),
            script_heap_limit: u64::try_from(self.realm().memory).ok(),
            allocations: u64::try_from(usage.malloc_count).ok(),
            ..MemoryUse::default()
        }
    }

    fn usage(self) -> qjs::JSMemoryUsage {
        let mut usage = MaybeUninit::uninit();
        // SAFETY: the runtime is locked by this thread, and the engine fills all of the struct.
        unsafe {
            qjs::JS_ComputeMemoryUsage(self.runtime(), usage.as_mut_ptr());
            usage.assume_init()
        }
    }

    /// The name of a class of objects.
    pub(super) fn class_name(self, class: qjs::JSClassID) -> Option<String> {
        // SAFETY: any number may be asked for; an unknown one gives no name.
        let atom = unsafe { qjs::JS_GetClassName(self.runtime(), class) };
        if atom == NO_ATOM {
            return None;
        }
        let key = Key { js: self, atom };
        settle(self, self.name(key.atom())).map(|text| text.lossy())
    }
}
