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

/// What a string takes in a script's heap beside its text, and what a value of fixed size or a host object takes,
/// in bytes.
const TEXT: usize = 64;
const ATOM: usize = 16;
const OBJECT: usize = 512;

/// What a table or object takes, and each of its places, in bytes. The tables of both languages grow by powers of two.
const STRUCTURE: usize = 160;
const PLACE: usize = 48;

impl ScriptValue {
    /// About how many bytes the value takes in the heap of either language, rather too many than too few.
    pub(crate) fn heap_bytes(&self) -> usize {
        match self {
            Self::Nil | Self::Bool(_) | Self::Integer(_) | Self::Number(_) | Self::Returned => ATOM,
            Self::Text(text) => text_bytes(text),
            Self::List(elements) => {
                structure_bytes(elements.len(), elements.iter().map(Self::heap_bytes))
            }
            Self::Map(entries) => {
                let values = entries.iter().map(|(_, value)| value.heap_bytes());
                structure_bytes(entries.len(), values)
            }
            Self::Data(data) => data_bytes(data),
            Self::Object(_) => OBJECT,
        }
    }
}

fn text_bytes(text: &str) -> usize {
    // JavaScript holds what is beyond Latin in units of two bytes.
    let width = if text.is_ascii() { 1 } else { 2 };
    TEXT + width * text.len()
}

fn structure_bytes(places: usize, contents: impl Iterator<Item = usize>) -> usize {
    STRUCTURE + PLACE * places.next_power_of_two() + contents.sum::<usize>()
}

fn data_bytes(data: &Value) -> usize {
    match data {
        Value::String(text) => text_bytes(text),
        Value::Array(elements) => structure_bytes(elements.len(), elements.iter().map(data_bytes)),
        Value::Set(elements) => structure_bytes(elements.len(), elements.iter().map(data_bytes)),
        Value::Object(entries) => {
            let contents = entries
                .iter()
                .map(|(key, value)| data_bytes(key) + data_bytes(value));
            structure_bytes(entries.len(), contents)
        }
        _ => ATOM,
    }
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
