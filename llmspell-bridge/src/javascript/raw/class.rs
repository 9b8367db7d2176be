//! Objects of the script that hold a value of the host.

#![expect(unsafe_code, reason = "classes are made through the C interface")]

use std::ffi::CStr;
use std::marker::PhantomData;

use rquickjs::qjs;

use super::{Js, Local, Outcome, Pending};

/// A class of objects that hold one `T` each, which is dropped with the object, on whatever thread the
/// heap is then.
pub(in crate::javascript) struct Class<T> {
    number: qjs::JSClassID,
    holds: PhantomData<fn() -> T>,
}

impl<T: Send + 'static> Class<T> {
    /// Makes the class known to the runtime.
    pub(in crate::javascript) fn new(js: Js<'_>, name: &CStr) -> Outcome<Self> {
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
    pub(in crate::javascript) fn object<'js>(
        &self,
        prototype: &Local<'js>,
        held: T,
    ) -> Outcome<Local<'js>> {
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
    pub(in crate::javascript) fn held<'a>(&self, object: &'a Local<'_>) -> Option<&'a T> {
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

/// Drops a box that the engine held.
///
/// # Safety
/// The pointer must be null, or come from `Box::into_raw` and be used no more.
pub(super) unsafe fn drop_box<T>(held: *mut T) {
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
