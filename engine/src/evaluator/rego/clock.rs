//! The clock of a decision: it is read once, so that all policies of the decision see the same time.

use std::cell::Cell;
use std::time::{SystemTime, UNIX_EPOCH};

use regorus::{Engine, Value};

use super::syntax::Call;

const FUNCTION: &str = "time.now_ns";

thread_local! {
    /// The time of the decision that this thread makes: an extension of regorus has no other way to the evaluation
    /// that calls it.
    static NOW: Cell<SystemTime> = const { Cell::new(UNIX_EPOCH) };
}

/// Sets the time that the policies see which this thread evaluates next.
pub(super) fn set(now: SystemTime) {
    NOW.set(now);
}

/// Puts the clock of the decision in front of that of regorus, where one of these calls reads it.
///
/// # Errors
///
/// When regorus has such a function in front already, which means that it was called twice.
pub(super) fn install<'call>(
    engine: &mut Engine,
    mut calls: impl Iterator<Item = &'call Call>,
) -> Result<(), String> {
    if !calls.any(|call| call.path.join(".") == FUNCTION) {
        return Ok(());
    }
    let read = |_: Vec<Value>| {
        let since = NOW.get().duration_since(UNIX_EPOCH)?;
        Ok(Value::from(u64::try_from(since.as_nanos())?))
    };
    engine
        .add_extension(FUNCTION.to_owned(), 0, Box::new(read))
        .map_err(|error| error.to_string())
}
