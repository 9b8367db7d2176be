//! GraphQL documents as trees, and whether a schema holds together.
//!
//! The trees have the names that OPA's have, which are those of gqlparser.

mod grammar;
mod lexer;
mod query;
mod schema;
mod schema_check;

use super::arguments::{MAX_BYTES, Outcome, at, text};
use super::{Builtin, BuiltinError};
use crate::value::Value;

pub(super) const TABLE: &[Builtin] = &[
    Builtin::new("graphql.parse_query", 1, |arguments, _| {
        query::parse(bounded(text(arguments, 0)?)?)
    }),
    Builtin::new("graphql.parse_schema", 1, |arguments, _| {
        schema::parse(bounded(text(arguments, 0)?)?)
    }),
    Builtin::new("graphql.schema_is_valid", 1, |arguments, _| {
        schema_is_valid(at(arguments, 0))
    }),
];

fn bounded(text: &str) -> Result<&str, BuiltinError> {
    if text.len() > MAX_BYTES / 16 {
        return Err(BuiltinError::too_large());
    }
    Ok(text)
}

/// Whether a schema, as text or as a tree, holds together. What is neither does not.
fn schema_is_valid(schema: &Value) -> Outcome {
    let tree = match schema {
        Value::String(text) => schema::parse(bounded(text)?),
        Value::Object(_) => Ok(schema.clone()),
        _ => return Ok(Value::from(false)),
    };
    let is_valid = tree.is_ok_and(|tree| schema_check::holds(&tree));
    Ok(Value::from(is_valid))
}
