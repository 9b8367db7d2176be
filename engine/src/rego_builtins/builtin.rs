//! One function: its name, its number of arguments, what it does, and how it fails.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::Context;
use crate::value::{Value, described};

/// What every function is beneath its name.
pub(super) type Function = fn(&[Value], &Context) -> Result<Value, BuiltinError>;

/// A function that policies may call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Builtin {
    /// The full name, such as `regex.match`.
    pub(crate) name: &'static str,
    /// How many arguments it takes.
    pub(crate) arity: u8,
    /// Whether regorus has this very function, so that its evaluator needs nothing in front of it.
    pub(crate) native: bool,
    /// What its result depends on.
    pub(crate) depends_on: DependsOn,
    function: Function,
}

/// What the result of a function depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DependsOn {
    /// Its arguments only.
    Arguments,
    /// The clock of the decision as well.
    Clock,
    /// The seed of the decision as well.
    Seed,
}

impl Builtin {
    /// A function of ours whose result depends on its arguments only.
    pub(super) const fn new(name: &'static str, arity: u8, function: Function) -> Self {
        Self {
            name,
            arity,
            native: false,
            depends_on: DependsOn::Arguments,
            function,
        }
    }

    /// The same function, of which regorus has a sound one itself.
    pub(super) const fn native(self) -> Self {
        Self {
            native: true,
            ..self
        }
    }

    /// The same function, with a result that depends on more than its arguments.
    pub(super) const fn depending_on(self, depends_on: DependsOn) -> Self {
        Self { depends_on, ..self }
    }

    /// Calls the function.
    ///
    /// # Errors
    ///
    /// When the number or the types of the arguments are wrong, when the function fails for them, or when its result
    /// would be too large. The message holds no value of the arguments, because they may come from an event.
    pub(crate) fn call(
        &self,
        arguments: &[Value],
        context: &Context,
    ) -> Result<Value, BuiltinError> {
        if arguments.len() != usize::from(self.arity) {
            let expected = self.arity;
            let message = format!("expects {expected} arguments, not {}", arguments.len());
            return Err(BuiltinError::new(BuiltinErrorKind::Type, message).of(self.name));
        }
        // Some crates beneath panic for arguments that nobody foresaw: that is an error of this call.
        catch_unwind(AssertUnwindSafe(|| (self.function)(arguments, context)))
            .unwrap_or_else(|_| Err(BuiltinError::failed("fails in a way that nobody foresaw")))
            .map_err(|error| error.of(self.name))
    }
}

/// Why a call gave no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct BuiltinError {
    /// One sentence without a full stop, and without values of the arguments.
    pub(crate) message: Cow<'static, str>,
    /// What kind of failure it is.
    pub(crate) kind: BuiltinErrorKind,
}

/// The kinds of failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BuiltinErrorKind {
    /// An argument has the wrong type, or there are too many or too few.
    Type,
    /// The arguments have the right types, and no result.
    Failed,
    /// The result, or the work for it, would be too large.
    TooLarge,
    /// The deadline of the decision passed.
    TimedOut,
}

impl BuiltinError {
    pub(super) fn new(kind: BuiltinErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        let message = message.into();
        Self { message, kind }
    }

    /// The message goes on after the name of the function: `cannot parse the time`.
    pub(super) fn failed(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(BuiltinErrorKind::Failed, message)
    }

    pub(super) fn too_large() -> Self {
        Self::new(
            BuiltinErrorKind::TooLarge,
            "makes a result that would be too large",
        )
    }

    pub(super) fn timed_out() -> Self {
        Self::new(
            BuiltinErrorKind::TimedOut,
            "exceeded time limit of the decision",
        )
    }

    /// The argument at this index, counted from 0, is something else than expected.
    pub(super) fn expects(index: usize, expected: &str, got: &Value) -> Self {
        let message = format!(
            "expects {expected} as argument {}, not {}",
            index + 1,
            described(got)
        );
        Self::new(BuiltinErrorKind::Type, message)
    }

    fn of(self, name: &str) -> Self {
        Self::new(self.kind, format!("`{name}` {}", self.message))
    }
}
