//! Rego functions that the host supplies, once, to every evaluator: ours, and those of regorus within bounds.
//!
//! A name stands for one function with one number of arguments, as in OPA. A call ends with a value, with
//! `Value::Undefined` where OPA defines that there is none, or with an error: what an evaluator makes of the error is
//! its own matter, but it is never silence.

mod arguments;
mod aws;
mod builtin;
mod collections;
mod context;
mod crypto;
mod der;
mod encoding;
mod glob;
mod graph;
mod graphql;
mod json;
mod json_text;
mod jwt;
mod native;
mod net;
mod numbers;
mod refused;
mod regex;
mod render;
mod semver;
mod sprintf;
mod strings;
mod template;
mod time;
mod uuid;

use std::collections::HashMap;
use std::sync::LazyLock;

pub(crate) use builtin::{Builtin, BuiltinError, BuiltinErrorKind, DependsOn};
pub(crate) use context::Context;
pub(crate) use refused::refusal;

/// The families, each with its table.
const FAMILIES: &[&[Builtin]] = &[
    aws::TABLE,
    collections::TABLE,
    crypto::TABLE,
    encoding::TABLE,
    glob::TABLE,
    graph::TABLE,
    graphql::TABLE,
    json::TABLE,
    jwt::TABLE,
    native::TABLE,
    net::TABLE,
    numbers::TABLE,
    regex::TABLE,
    render::TABLE,
    semver::TABLE,
    sprintf::TABLE,
    strings::TABLE,
    template::TABLE,
    time::TABLE,
    uuid::TABLE,
];

/// Finds a function by its full name, such as `regex.match`.
pub(crate) fn find(name: &str) -> Option<&'static Builtin> {
    static BY_NAME: LazyLock<HashMap<&'static str, &'static Builtin>> =
        LazyLock::new(|| all().map(|builtin| (builtin.name, builtin)).collect());
    BY_NAME.get(name).copied()
}

/// Every function, family by family.
pub(crate) fn all() -> impl Iterator<Item = &'static Builtin> {
    FAMILIES.iter().copied().flatten()
}

#[cfg(test)]
mod tests;
