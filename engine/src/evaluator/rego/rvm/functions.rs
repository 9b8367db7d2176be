//! The builtin functions that a policy on the virtual machine may call.
//!
//! The machine makes undefined of a function's error, and the rule stays silent. So each function is called through
//! a watch that remembers errors, and the evaluation is then left to the interpreter.

use std::cell::Cell;
use std::sync::LazyLock;

use regorus::Value;
use regorus::unstable::{BUILTINS, BuiltinFcn};

use crate::evaluator::rego::functions as host_functions;
use crate::rego_builtins::{self, Builtin};

thread_local! {
    /// Whether a function that this thread called has failed: the machine has no other way to say so.
    static FAILED: Cell<bool> = const { Cell::new(false) };
}

/// Forgets what failed before.
pub(super) fn forget_failures() {
    FAILED.set(false);
}

/// Whether a function has failed since.
pub(super) fn has_failed() -> bool {
    FAILED.get()
}

/// The function of this name behind its watch, if it is allowed.
pub(super) fn watched(name: &str) -> Option<BuiltinFcn> {
    let place = ALLOWED
        .binary_search_by_key(&name, |(allowed, _)| *allowed)
        .ok()?;
    ALLOWED.get(place).map(|(_, function)| *function)
}

/// How many arguments an allowed function takes.
pub(super) fn arguments_of(name: &str) -> Option<usize> {
    watched(name)?;
    BUILTINS
        .get(name)
        .map(|(_, arguments)| usize::from(*arguments))
}

/// A table of functions behind their watches; the names stand in the order of the alphabet.
macro_rules! watched_functions {
    ($($name:literal / $arguments:literal,)*) => {
        &[$(($name, (|place, parameters, arguments, _| {
            static FUNCTION: LazyLock<Option<Function>> = LazyLock::new(|| Function::find($name));
            Ok(match *FUNCTION {
                Some(Function::OfHost(builtin)) => {
                    noted(builtin.call(arguments, &host_functions::context()))
                }
                Some(Function::OfRegorus((function, _))) => {
                    noted(function(place, parameters, arguments, true))
                }
                None => noted(Err(())),
            })
        }, $arguments)),)*]
    };
}

/// The function that the interpreter calls too.
#[derive(Clone, Copy)]
enum Function {
    OfHost(&'static Builtin),
    OfRegorus(BuiltinFcn),
}

impl Function {
    fn find(name: &str) -> Option<Self> {
        match rego_builtins::find(name) {
            Some(builtin) if !builtin.native => Some(Self::OfHost(builtin)),
            _ => BUILTINS.get(name).copied().map(Self::OfRegorus),
        }
    }
}

/// A call without a result is a failure too: the machine keeps what is undefined where the interpreter does not.
fn noted<Fault>(result: Result<Value, Fault>) -> Value {
    let result = result.unwrap_or(Value::Undefined);
    if result == Value::Undefined {
        FAILED.set(true);
    }
    result
}

static ALLOWED: &[(&str, BuiltinFcn)] = watched_functions! {
    "__builtin_sets.intersection" / 2,
    "__builtin_sets.union" / 2,
    "abs" / 1,
    "array.concat" / 2,
    "array.reverse" / 1,
    "array.slice" / 3,
    "ceil" / 1,
    "concat" / 2,
    "contains" / 2,
    "count" / 1,
    "endswith" / 2,
    "floor" / 1,
    "format_int" / 2,
    "glob.match" / 3,
    "indexof" / 2,
    "intersection" / 1,
    "is_array" / 1,
    "is_boolean" / 1,
    "is_null" / 1,
    "is_number" / 1,
    "is_object" / 1,
    "is_set" / 1,
    "is_string" / 1,
    "json.marshal" / 1,
    "json.unmarshal" / 1,
    "lower" / 1,
    "max" / 1,
    "min" / 1,
    "object.get" / 3,
    "object.keys" / 1,
    "object.remove" / 2,
    "object.union" / 2,
    "regex.find_n" / 3,
    "regex.is_valid" / 1,
    "regex.match" / 2,
    "regex.replace" / 3,
    "regex.split" / 2,
    "replace" / 3,
    "round" / 1,
    "sort" / 1,
    "split" / 2,
    "sprintf" / 2,
    "startswith" / 2,
    "strings.any_prefix_match" / 2,
    "strings.any_suffix_match" / 2,
    "strings.reverse" / 1,
    "substring" / 3,
    "sum" / 1,
    "to_number" / 1,
    "trim" / 2,
    "trim_left" / 2,
    "trim_prefix" / 2,
    "trim_right" / 2,
    "trim_space" / 1,
    "trim_suffix" / 2,
    "type_name" / 1,
    "union" / 1,
    "upper" / 1,
};

#[cfg(test)]
mod tests {
    use super::{ALLOWED, BUILTINS};

    #[test]
    fn every_allowed_function_is_there_with_its_arguments_and_in_order() {
        for (name, (_, arguments)) in ALLOWED {
            let known = BUILTINS.get(name).map(|(_, arguments)| *arguments);
            assert_eq!(known, Some(*arguments), "{name}");
        }
        assert!(ALLOWED.is_sorted_by(|(one, _), (next, _)| one < next));
    }
}
