//! Lua errors as script errors, and host errors as Lua errors.

use mlua::{Lua, MetaMethod, Table, Value};

use crate::lua::convert::inspect;
use crate::object_dump::{DumpOptions, dump};
use crate::script_error::{Place, ScriptError, ScriptErrorKind};
use crate::stack_trace::StackTrace;

/// The registry's name for the metatable of errors that the host raises.
const HOST_ERROR: &str = "llmspell.host_error";

/// Makes the metatable that errors of the host carry: `tostring` gives the message.
pub(super) fn prepare(lua: &Lua) -> mlua::Result<()> {
    let metatable = lua.create_table()?;
    metatable.raw_set("__metatable", false)?;
    metatable.raw_set(
        MetaMethod::ToString.name(),
        lua.create_function(|_, error: Table| error.raw_get::<mlua::LuaString>("message"))?,
    )?;
    metatable.set_readonly(true);
    lua.set_named_registry_value(HOST_ERROR, metatable)
}

/// The value that a script sees when the host raises an error: a table with `code`, `message` and,
/// where there is one, `help`; `tostring` gives the message.
pub(super) fn to_lua(lua: &Lua, error: &ScriptError) -> mlua::Result<Value> {
    let table = lua.create_table()?;
    table.raw_set("code", error.kind().code())?;
    table.raw_set("message", error.message())?;
    table.raw_set("help", error.help())?;
    if let Some(place) = error.place() {
        table.raw_set("file", place.file.as_str())?;
        table.raw_set("line", place.line)?;
    }
    table.set_metatable(Some(lua.named_registry_value(HOST_ERROR)?))?;
    table.set_readonly(true);
    Ok(Value::Table(table))
}

/// What a script raised, as the host sees it.
pub(super) fn from_raised(lua: &Lua, raised: &Value, stack: StackTrace) -> ScriptError {
    let error = match raised {
        Value::String(text) => from_text(&text.to_string_lossy()),
        Value::Table(table) => from_table(lua, table, raised),
        Value::Error(error) => from_mlua((**error).clone()),
        Value::Nil => ScriptError::new(ScriptErrorKind::Runtime, "the script raised nil"),
        other => ScriptError::new(
            ScriptErrorKind::Runtime,
            format!("the script raised {}", shown(lua, other)),
        ),
    };
    error.with_stack(stack)
}

fn from_table(lua: &Lua, table: &Table, raised: &Value) -> ScriptError {
    let text = |key: &str| -> Option<String> {
        let value: Value = table.raw_get(key).ok()?;
        value.as_string().map(|text| text.to_string_lossy())
    };
    let is_host_error = lua
        .named_registry_value::<Table>(HOST_ERROR)
        .is_ok_and(|metatable| table.metatable().as_ref() == Some(&metatable));
    if !is_host_error {
        let message =
            text("message").unwrap_or_else(|| format!("the script raised {}", shown(lua, raised)));
        return ScriptError::new(ScriptErrorKind::Runtime, message);
    }
    let kind = text("code")
        .and_then(|code| ScriptErrorKind::from_code(&code))
        .unwrap_or(ScriptErrorKind::Runtime);
    let error = ScriptError::new(kind, text("message").unwrap_or_default());
    match text("help") {
        Some(help) => error.with_help(help),
        None => error,
    }
}

fn shown(lua: &Lua, value: &Value) -> String {
    let options = DumpOptions::compact();
    dump(&inspect(lua, value, &options), None, &options)
}

/// An error that mlua reports, without its Rust type names and tracebacks.
pub(super) fn from_mlua(error: mlua::Error) -> ScriptError {
    match error {
        mlua::Error::SyntaxError { message, .. } => {
            let (place, message) = split_place(&message);
            ScriptError::new(ScriptErrorKind::Syntax, message).at(place)
        }
        mlua::Error::MemoryError(_) => ScriptError::out_of_memory(),
        mlua::Error::RuntimeError(message) => from_text(&message),
        mlua::Error::ExternalError(error) => match error.downcast_ref::<ScriptError>() {
            Some(error) => error.clone(),
            None => from_text(&error.to_string()),
        },
        mlua::Error::CallbackError { cause, .. } => from_mlua((*cause).clone()),
        other => from_text(other.to_string().lines().next().unwrap_or("unknown error")),
    }
}

fn from_text(text: &str) -> ScriptError {
    let (place, message) = split_place(text);
    match message.as_str() {
        "not enough memory" => ScriptError::out_of_memory(),
        // Luau says `stack overflow (…)` for its own stack and `C stack overflow` for native calls.
        message if message.starts_with("stack overflow") || message == "C stack overflow" => {
            ScriptError::too_deep()
        }
        _ => ScriptError::new(ScriptErrorKind::Runtime, message),
    }
    .at(place)
}

/// Takes `file:line: ` off the front of a message.
fn split_place(text: &str) -> (Option<Place>, String) {
    for (at, _) in text.match_indices(": ") {
        let Some((head, message)) = text.split_at_checked(at) else {
            continue;
        };
        let Some((file, line)) = head.rsplit_once(':') else {
            continue;
        };
        if let Ok(line) = line.parse::<u32>()
            && line > 0
        {
            let place = Place {
                file: file.to_owned(),
                line,
                column: None,
            };
            return (Some(place), message.trim_start_matches(": ").to_owned());
        }
    }
    (None, text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_taken_off_the_front_of_a_message() {
        let (place, message) = split_place("dir/a.lua:12: attempt to index nil: 'x'");
        assert_eq!(
            place,
            Some(Place {
                file: "dir/a.lua".into(),
                line: 12,
                column: None
            })
        );
        assert_eq!(message, "attempt to index nil: 'x'");
    }

    #[test]
    fn a_message_without_a_place_stays_whole() {
        assert_eq!(split_place("time: late"), (None, "time: late".to_owned()));
    }
}
