//! Puts the functions of the host in front of those of regorus, where a module calls them.
//!
//! An extension of regorus has no way to the evaluation that calls it but a thread's own place: there lie the clock and
//! the deadline that the functions see, and there they leave what kind of error it was that regorus knows as text only.

use std::cell::Cell;
use std::time::{Instant, UNIX_EPOCH};

use regorus::{Engine, Value};

use super::syntax::Call;
use crate::evaluator::Moment;
use crate::rego_builtins::{self, BuiltinError, BuiltinErrorKind, Context};

/// A function that regorus understands in loops, and hands out one by one.
const TRACE: &str = "trace";

/// What becomes of a call that has no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failures {
    /// An error of the evaluation: a policy that fails in silence would allow.
    Fail,
    /// Undefined, as OPA has it; what is too large or takes too long is an error all the same.
    Undefined,
}

/// Which functions stand in front of those of regorus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// Those that regorus lacks, or has in a way that is not sound.
    Needed,
    /// All, so that the kind of every error is known.
    All,
}

thread_local! {
    static CONTEXT: Cell<Context> = const {
        Cell::new(Context {
            now: UNIX_EPOCH,
            seed: [0; 16],
            deadline: None,
        })
    };
    static FIRST_ERROR: Cell<Option<BuiltinErrorKind>> = const { Cell::new(None) };
}

/// Says what the functions see that this thread evaluates next.
pub(super) fn set(moment: Moment, seed: [u8; 16]) {
    CONTEXT.set(Context {
        now: moment.now,
        seed,
        deadline: Instant::now().checked_add(moment.left),
    });
    FIRST_ERROR.set(None);
}

/// What the functions see that this thread calls.
pub(super) fn context() -> Context {
    CONTEXT.get()
}

/// The kind of the first error of a function since then.
pub(super) fn first_error() -> Option<BuiltinErrorKind> {
    FIRST_ERROR.get()
}

/// Puts the functions that these calls use in front of those of regorus.
///
/// # Errors
///
/// When regorus has such a function in front already, which means that it was called twice.
pub(super) fn install<'call>(
    engine: &mut Engine,
    calls: impl Iterator<Item = &'call Call>,
    which: Which,
    failures: Failures,
) -> Result<(), String> {
    let mut names: Vec<String> = calls.map(|call| call.path.join(".")).collect();
    names.sort_unstable();
    names.dedup();
    let builtins = names.iter().filter_map(|name| rego_builtins::find(name));
    let needed = builtins
        .filter(|builtin| which == Which::All || !builtin.native)
        .filter(|builtin| builtin.name != TRACE);
    for builtin in needed {
        let call = move |arguments: Vec<Value>| {
            let result = builtin.call(&arguments, &CONTEXT.get());
            Ok(outcome(result, failures)?)
        };
        engine
            .add_extension(builtin.name.to_owned(), builtin.arity, Box::new(call))
            .map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// What regorus is told of a call.
fn outcome(result: Result<Value, BuiltinError>, failures: Failures) -> Result<Value, BuiltinError> {
    result.or_else(|error| {
        let may_be_undefined = matches!(
            error.kind,
            BuiltinErrorKind::Type | BuiltinErrorKind::Failed
        );
        if failures == Failures::Undefined && may_be_undefined {
            return Ok(Value::Undefined);
        }
        if FIRST_ERROR.get().is_none() {
            FIRST_ERROR.set(Some(error.kind));
        }
        Err(error)
    })
}
