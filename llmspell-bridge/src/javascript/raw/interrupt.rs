//! The engine's interrupt, with the context in which it comes.

#![expect(
    unsafe_code,
    reason = "the engine says in which runtime it is, but not in which context"
)]

use std::ptr::NonNull;

use rquickjs::{Runtime, qjs};

use super::{Home, Js};

/// The only context of a runtime, for the time in which the runtime runs something.
struct OnlyContext(NonNull<qjs::JSContext>);

// SAFETY: the context is entered only inside the interrupt handler, on the thread that holds the lock of the
// runtime at that time.
unsafe impl Send for OnlyContext {}

impl OnlyContext {
    /// Runs `look` in the context, unless its realm is gone.
    ///
    /// # Safety
    /// The engine must be running code of this context on this thread.
    unsafe fn with(&self, look: impl for<'a> FnOnce(Js<'a>) -> bool) -> bool {
        // SAFETY: code of the context runs, so it is alive and locked.
        let realm = unsafe { qjs::JS_GetContextOpaque(self.0.as_ptr()) };
        if realm.is_null() {
            return false;
        }
        // SAFETY: as above, and the context has its realm.
        unsafe { Js::in_callback(self.0.as_ptr(), look) }.unwrap_or(false)
    }
}

impl Home {
    /// Has `look` called wherever the engine can be interrupted; when it says true, the script ends.
    ///
    /// `runtime` must be the one of this home, and have no other context.
    pub(in crate::javascript) fn on_interrupt(
        &self,
        runtime: &Runtime,
        mut look: impl for<'js> FnMut(Js<'js>) -> bool + Send + 'static,
    ) {
        let context = OnlyContext(self.context.with(|ctx| ctx.as_raw()));
        runtime.set_interrupt_handler(Some(Box::new(move || {
            // SAFETY: the engine calls this from the code that it runs, and all code of the runtime is of its one
            // context.
            unsafe { context.with(&mut look) }
        })));
    }
}
