//! Arrays and sets.

use super::arguments::{MAX_ELEMENTS, Outcome, array};
use super::{Builtin, BuiltinError, Context};
use crate::value::Value;

pub(super) const TABLE: &[Builtin] = &[Builtin::new("array.flatten", 1, flatten)];

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
