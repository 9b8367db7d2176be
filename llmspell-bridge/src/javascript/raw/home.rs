//! The context of an engine with the realm that belongs to it.

#![expect(
    unsafe_code,
    reason = "the context refers to its realm through the C interface"
)]

use rquickjs::{Context, Ctx, qjs};

use super::Js;
use crate::javascript::realm::Realm;

/// A context that has its realm as long as anybody can enter it.
///
/// INVARIANT: the context's opaque pointer is null, or comes from a box whose realm is used only while
/// the thread holds the lock of the runtime. The realm's values belong to the heap, and what the heap
/// owns is [`Send`], so a home may move to another thread.
pub(in crate::javascript) struct Home {
    pub(super) context: Context,
}

impl Home {
    /// Gives a new context the realm that `make` makes. No script may have run in the context.
    pub(in crate::javascript) fn new<E>(
        context: Context,
        make: impl for<'js> FnOnce(Js<'js>) -> Result<Realm, E>,
    ) -> Result<Self, E> {
        context.with(|ctx| {
            // SAFETY: making a realm does not ask for one.
            let realm = make(unsafe { Js::without_realm(&ctx) })?;
            let realm = Box::into_raw(Box::new(realm));
            // SAFETY: rquickjs keeps its own data with the runtime and leaves the context's pointer free.
            unsafe { qjs::JS_SetContextOpaque(ctx.as_raw().as_ptr(), realm.cast()) };
            Ok(())
        })?;
        Ok(Self { context })
    }

    /// Locks the runtime and enters the context.
    ///
    /// # Errors
    /// `None` when the context has no realm, which cannot be before the home is dropped.
    pub(in crate::javascript) fn with<R>(
        &self,
        body: impl for<'js> FnOnce(Js<'js>) -> R,
    ) -> Option<R> {
        self.context.with(|ctx| Js::of(&ctx).map(body))
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        self.context.with(|ctx| {
            if let Some(realm) = take_realm(&ctx) {
                // SAFETY: the realm is gone from the context, and giving it back does not ask for it.
                realm.release(unsafe { Js::without_realm(&ctx) });
            }
        });
    }
}

/// The realm of a context, which nobody can ask for it afterwards.
fn take_realm(ctx: &Ctx<'_>) -> Option<Box<Realm>> {
    let context = ctx.as_raw().as_ptr();
    // SAFETY: the context is alive and locked.
    let realm = unsafe { qjs::JS_GetContextOpaque(context) }.cast::<Realm>();
    if realm.is_null() {
        return None;
    }
    // SAFETY: the pointer came from a box. References to the realm end with the closure that entered
    // the context, and none is running, because the caller holds the lock.
    unsafe {
        qjs::JS_SetContextOpaque(context, std::ptr::null_mut());
        Some(Box::from_raw(realm))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rquickjs::{Context, Runtime};

    use super::{Home, Js, Realm};
    use crate::script_error::ScriptError;

    #[test]
    fn nobody_enters_a_context_without_its_realm() {
        let runtime = Runtime::new().unwrap();
        let context = Context::full(&runtime).unwrap();
        let can_enter = |context: &Context| context.with(|ctx| Js::of(&ctx).is_some());
        assert!(!can_enter(&context));
        let home = Home::new(context.clone(), |js| {
            Realm::new(js, Arc::default(), Arc::default(), 1 << 20)
        });
        let home = home.map_err(ScriptError::from).unwrap();
        assert!(can_enter(&context));
        drop(home);
        assert!(!can_enter(&context));
    }
}
