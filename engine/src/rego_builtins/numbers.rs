//! Ranges of numbers, and numbers of chance.

use super::arguments::{MAX_ELEMENTS, Outcome, at, integer, text};
use super::builtin::DependsOn;
use super::{Builtin, BuiltinError, Context};
use crate::value::Value;

pub(super) const TABLE: &[Builtin] = &[
    Builtin::new("numbers.range", 2, |arguments, _| {
        range(at(arguments, 0), at(arguments, 1), &Value::from(1))
    }),
    Builtin::new("numbers.range_step", 3, |arguments, _| {
        range(at(arguments, 0), at(arguments, 1), at(arguments, 2))
    }),
    Builtin::new("rand.intn", 2, intn).depending_on(DependsOn::Seed),
];

/// The whole numbers from one to another, both included, up or down.
fn range(from: &Value, to: &Value, step: &Value) -> Outcome {
    for (index, value) in [from, to, step].into_iter().enumerate() {
        match value {
            Value::Number(number) if number.is_integer() => {}
            Value::Number(_) => return Err(BuiltinError::failed("expects whole numbers")),
            other => return Err(BuiltinError::expects(index, "a number", other)),
        }
    }
    if *step <= Value::from(0) {
        return Err(BuiltinError::failed("expects a step that is positive"));
    }
    let goes_up = from <= to;
    let (Value::Number(from), Value::Number(step)) = (from, step) else {
        return Err(BuiltinError::failed("expects whole numbers"));
    };
    let mut values = Vec::new();
    let mut next = from.clone();
    loop {
        let value = Value::Number(next.clone());
        if (goes_up && value > *to) || (!goes_up && value < *to) {
            return Ok(Value::from(values));
        }
        if values.len() >= MAX_ELEMENTS {
            return Err(BuiltinError::too_large());
        }
        values.push(value);
        let moved = if goes_up {
            next.add_assign(step)
        } else {
            next.sub_assign(step)
        };
        moved.map_err(|_| BuiltinError::failed("cannot count so far"))?;
    }
}

/// A whole number below a bound: for one key and bound the same within a decision.
fn intn(arguments: &[Value], context: &Context) -> Outcome {
    let (key, bound) = (text(arguments, 0)?, integer(arguments, 1)?.unsigned_abs());
    if bound == 0 {
        return Ok(Value::from(0));
    }
    let chance = context.chance("rand", &format!("{key} {bound}"));
    // A remainder of so many bits favours no number that anybody could notice.
    let number = u128::from_be_bytes(chance) % u128::from(bound);
    Ok(Value::from(u64::try_from(number).unwrap_or_default()))
}
