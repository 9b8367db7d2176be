//! What a host object answers a script with, whatever the script's language.

use std::sync::Arc;

use llmspell_engine::Value;

use crate::host_object::HostObject;

/// A value on its way from the host into a script.
///
/// The other direction has no such type: a method asks its [`Arguments`](crate::Arguments) for
/// exactly what it needs, and what it does not ask for is never converted.
#[derive(Debug, Clone, Default)]
pub enum ScriptValue {
    /// `nil` in Lua, `undefined` in JavaScript.
    #[default]
    Nil,
    /// A boolean.
    Bool(bool),
    /// A whole number; both languages hold it exactly up to 2^53.
    Integer(i64),
    /// A number.
    Number(f64),
    /// A string.
    Text(String),
    /// A sequence: a table from 1 in Lua, an array in JavaScript.
    List(Vec<Self>),
    /// A record; entries that are [`ScriptValue::Nil`] are left out.
    Map(Vec<(&'static str, Self)>),
    /// JSON data, converted without a detour through JSON text.
    Data(Value),
    /// An object with methods, which disappears with the last script value that holds it.
    Object(Arc<dyn HostObject>),
    /// Whatever the script function returned that [`Arguments::call`](crate::Arguments::call) ran.
    Returned,
}

impl From<bool> for ScriptValue {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<f64> for ScriptValue {
    fn from(value: f64) -> Self {
        Self::Number(value)
    }
}

impl From<u64> for ScriptValue {
    fn from(value: u64) -> Self {
        i64::try_from(value).map_or(Self::Number(value as f64), Self::Integer)
    }
}

impl From<usize> for ScriptValue {
    fn from(value: usize) -> Self {
        Self::from(value as u64)
    }
}

impl From<u32> for ScriptValue {
    fn from(value: u32) -> Self {
        Self::Integer(i64::from(value))
    }
}

impl From<&str> for ScriptValue {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for ScriptValue {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<Vec<Self>> for ScriptValue {
    fn from(value: Vec<Self>) -> Self {
        Self::List(value)
    }
}

impl<T: Into<Self>> From<Option<T>> for ScriptValue {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Nil, Into::into)
    }
}
