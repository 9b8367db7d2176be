//! Arrays, sets and objects.

use regorus::value::Array;

use super::arguments::{MAX_ELEMENTS, Outcome, array, at};
use super::{Builtin, BuiltinError, Context};
use crate::value::Value;

pub(super) const TABLE: &[Builtin] = &[
    Builtin::new("array.flatten", 1, flatten),
    Builtin::new("object.subset", 2, |arguments, context| {
        subset(at(arguments, 0), at(arguments, 1), context).map(Value::from)
    }),
];

/// The elements, those of arrays inside in their place; arrays inside those stay.
fn flatten(arguments: &[Value], _: &Context) -> Outcome {
    let mut flat = Vec::new();
    for element in array(arguments, 0)?.iter() {
        match element {
            Value::Array(inner) => flat.extend(inner.iter().cloned()),
            other => flat.push(other.clone()),
        }
        if flat.len() > MAX_ELEMENTS {
            return Err(BuiltinError::too_large());
        }
    }
    Ok(Value::from(flat))
}

/// Whether one collection holds another: an object its entries, a set its elements, an array its elements in a row.
fn subset(outer: &Value, inner: &Value, context: &Context) -> Result<bool, BuiltinError> {
    match (outer, inner) {
        (Value::Object(outer), Value::Object(inner)) => {
            for (key, value) in inner.iter_sorted() {
                let holds = match outer.get(key) {
                    None => false,
                    Some(found) => match (found, value) {
                        (Value::Object(_), Value::Object(_))
                        | (Value::Array(_), Value::Array(_))
                        | (Value::Set(_), Value::Set(_)) => subset(found, value, context)?,
                        _ => found == value,
                    },
                };
                if !holds {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (Value::Set(outer), Value::Set(inner)) => Ok(inner.is_subset(outer)),
        (Value::Array(outer), Value::Set(inner)) => {
            for element in inner.iter_sorted() {
                context.check()?;
                if !outer.contains(element) {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (Value::Array(outer), Value::Array(inner)) => in_a_row(outer, inner, context),
        (Value::Object(_) | Value::Set(_), other) => Err(BuiltinError::expects(
            1,
            "a collection of the same kind",
            other,
        )),
        (Value::Array(_), other) => Err(BuiltinError::expects(1, "an array or a set", other)),
        (other, _) => Err(BuiltinError::expects(0, "a collection", other)),
    }
}

fn in_a_row(outer: &Array, inner: &Array, context: &Context) -> Result<bool, BuiltinError> {
    let (outer, inner) = (outer.as_slice(), inner.as_slice());
    // There is nothing in every array, and a row of nothing is what the crate beneath panics for.
    if inner.is_empty() {
        return Ok(true);
    }
    for row in outer.windows(inner.len()) {
        context.check()?;
        if row == inner {
            return Ok(true);
        }
    }
    Ok(false)
}
