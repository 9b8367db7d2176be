//! Functions of the script that run code of the host.

#![expect(unsafe_code, reason = "the engine calls back through the C interface")]

use std::ffi::{c_int, c_void};
use std::slice;

use rquickjs::qjs;

use super::class::drop_box;
use super::{Access, Js, Local, Outcome, Pending};
use crate::host_object::guarded;
use crate::javascript::error;
use crate::script_error::ScriptError;

/// A function of the host, with what it owns. The heap that holds it moves between threads.
pub(in crate::javascript) trait Native: Sized + Send + 'static {
    /// Whether a call has nothing to do now; asked before anything else, the arguments untouched.
    ///
    /// # Errors
    /// When that cannot be said; the call then raises the error.
    #[inline]
    fn idle(&self) -> Result<bool, ScriptError> {
        Ok(false)
    }

    /// Runs the function.
    fn call<'js>(&self, js: Js<'js>, this: &Local<'js>, given: Given<'js>) -> Outcome<Local<'js>>;
}

/// The arguments of a call.
#[derive(Clone, Copy)]
pub(in crate::javascript) struct Given<'js> {
    js: Js<'js>,
    values: &'js [qjs::JSValue],
}

impl<'js> Given<'js> {
    pub(in crate::javascript) fn js(&self) -> Js<'js> {
        self.js
    }

    pub(in crate::javascript) fn len(&self) -> usize {
        self.values.len()
    }

    /// An argument; `undefined` beyond the last one.
    pub(in crate::javascript) fn get(&self, index: usize) -> Local<'js> {
        match self.values.get(index) {
            // SAFETY: the engine lends the arguments for the time of the call.
            Some(value) => unsafe { self.js.borrowed(*value) },
            None => self.js.undefined(),
        }
    }

    /// Passes the same arguments on to another function.
    pub(in crate::javascript) fn pass(
        &self,
        function: &Local<'js>,
        this: &Local<'js>,
    ) -> Outcome<Local<'js>> {
        let count = c_int::try_from(self.values.len()).unwrap_or(c_int::MAX);
        // SAFETY: all values are alive, there are as many as `count` says, and a function of the engine
        // does not write to its arguments.
        let value = unsafe {
            qjs::JS_Call(
                self.js.context(),
                function.raw(),
                this.raw(),
                count,
                self.values.as_ptr().cast_mut(),
            )
        };
        self.js.checked(value)
    }

    /// All arguments from an index on.
    pub(in crate::javascript) fn rest(&self, first: usize) -> Vec<Local<'js>> {
        (first..self.values.len())
            .map(|index| self.get(index))
            .collect()
    }
}

/// A function object that owns `native`.
pub(in crate::javascript) fn function<'js, T: Native>(
    js: Js<'js>,
    name: &str,
    native: T,
) -> Outcome<Local<'js>> {
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
    match native.idle() {
        Ok(true) => return qjs::JS_UNDEFINED,
        Ok(false) => {}
        // SAFETY: the engine passes its context.
        Err(error) => return unsafe { raise(context, &error) },
    }
    let count = usize::try_from(count).unwrap_or(0);
    // SAFETY: the engine passes its context, and as many values as it says.
    unsafe { enter(native, context, this, count, values) }.unwrap_or(qjs::JS_EXCEPTION)
}

#[cold]
unsafe fn raise(context: *mut qjs::JSContext, error: &ScriptError) -> qjs::JSValue {
    let raise = |js: Js<'_>| {
        let Pending = error::throw(js, error);
    };
    // SAFETY: the caller passes on the context that the engine gave.
    unsafe { Js::in_callback(context, raise) };
    qjs::JS_EXCEPTION
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
        // A panic must not cross the engine's C code. Code of an embedding program is guarded under the
        // name of its object; this is for what is left.
        let result = guarded("the host", run).unwrap_or_else(|error| Err(error::throw(js, &error)));
        result.map_or(qjs::JS_EXCEPTION, Local::into_raw)
    };
    // SAFETY: the caller passes on the context that the engine gave.
    unsafe { Js::in_callback(context, body) }
}

unsafe extern "C" fn drop_closure<T>(held: *mut c_void) {
    // SAFETY: the function object is being finalized, so nobody else has the box.
    unsafe { drop_box(held.cast::<T>()) };
}
