//! The functions of policies that a running script registers.

use llmspell_engine::Value;

use crate::arguments::{DataLimits, Entry, EntryValue, KeptFunction, MOST_ENTRIES, Returned};
use crate::javascript::convert;
use crate::javascript::engine::raised;
use crate::javascript::raw::{Js, Kind, Local, Pending, Property};
use crate::policy_language::GONE;
use crate::script_error::{ScriptError, ScriptErrorKind};

/// The entries of a plain object, in the order of their names; functions are kept.
pub(in crate::javascript) fn entries(
    object: &Local<'_>,
    limits: &DataLimits,
) -> Result<Vec<Entry>, ScriptError> {
    let js = object.js();
    let refused =
        |what: &str| ScriptError::new(ScriptErrorKind::Conversion, format!("the object {what}"));
    if object.kind() != Kind::Object || object.class() != js.realm().plain {
        return Err(refused("is no plain one"));
    }
    let keys = object.keys().map_err(|Pending| raised(js))?;
    if keys.has_symbol() || keys.len() > MOST_ENTRIES {
        return Err(refused("has a symbol for a key, or too many entries"));
    }
    let mut entries = Vec::with_capacity(keys.len());
    for atom in keys.iter() {
        let name = js.name(atom).map_err(|Pending| raised(js))?.lossy();
        let value = match object.property(atom).map_err(|Pending| raised(js))? {
            Property::Value(value) if value.is_function() => EntryValue::Function(keep(value)),
            Property::Value(value) => match convert::to_data(&value, limits) {
                Ok(data) => EntryValue::Data(data),
                Err(error) => EntryValue::Other(error),
            },
            _ => EntryValue::Other(refused(&format!("computes `{name}` by a getter"))),
        };
        entries.push(Entry { name, value });
    }
    entries.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    Ok(entries)
}

fn keep(function: Local<'_>) -> KeptFunction {
    let line = super::line_of(&function);
    let mut policies = function.js().realm().policies.borrow_mut();
    policies.registered.push(function.keep());
    KeptFunction {
        place: policies.registered.len() - 1,
        state: policies.number.0,
        line,
    }
}

/// Calls a function that was kept.
pub(in crate::javascript) fn call_kept(
    js: Js<'_>,
    function: KeptFunction,
    input: &Value,
    limits: &DataLimits,
) -> Result<Returned, ScriptError> {
    let policies = js.realm().policies.borrow();
    let kept = policies.registered.get(function.place);
    let kept = kept.filter(|_| policies.number.0 == function.state);
    let kept = kept
        .map(|kept| kept.get(js))
        .ok_or_else(|| ScriptError::new(ScriptErrorKind::Runtime, GONE))?;
    drop(policies);
    let input = convert::from_data(js, input, true).map_err(|Pending| raised(js))?;
    let returned = kept
        .call(&js.undefined(), &[input])
        .map_err(|Pending| raised(js))?;
    match returned.kind() {
        Kind::Undefined => Ok(Returned::Nothing),
        _ => convert::to_data(&returned, limits).map(Returned::Value),
    }
}
