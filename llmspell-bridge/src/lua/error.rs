//! Lua errors as script errors, and host errors as Lua errors.

use mlua::{Lua, LuaString, MetaMethod, Table, Value};

use crate::lua::inspect::inspect;
use crate::lua::shelf::{Shelf, shelf};
use crate::object_dump::{DumpOptions, dump};
use crate::script_error::{Place, ScriptError, ScriptErrorKind};
use crate::stack_trace::StackTrace;

/// The registry's name for the metatable of errors that the host raises.
const HOST_ERROR: &str = "llmspell.host_error";

/// How many bytes the place at the front of a message may have.
const LONGEST_PLACE: usize = 1024;

/// Makes the metatable that errors of the host carry: `tostring` gives the message.
pub(super) fn prepare(lua: &Lua) -> mlua::Result<()> {
    let metatable = lua.create_table()?;
    metatable.raw_set("__metatable", false)?;
    metatable.raw_set(
        MetaMethod::ToString.name(),
        lua.create_function(|_, error: Table| error.raw_get::<LuaString>("message"))?,
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
        Value::String(text) => from_text(&text.as_bytes(), shelf(lua).ok().as_deref()),
        Value::Table(table) => from_table(lua, table, raised),
        Value::Error(error) => from_script(lua, (**error).clone()),
        Value::Nil => ScriptError::new(ScriptErrorKind::Runtime, "the script raised nil"),
        other => ScriptError::new(
            ScriptErrorKind::Runtime,
            format!("the script raised {}", shown(lua, other)),
        ),
    };
    error.with_stack(stack)
}

fn from_table(lua: &Lua, table: &Table, raised: &Value) -> ScriptError {
    let field = |key: &str| -> Option<LuaString> { table.raw_get(key).ok()? };
    let text = |key: &str| field(key).map(|text| text.to_string_lossy());
    let is_host_error = lua
        .named_registry_value::<Table>(HOST_ERROR)
        .is_ok_and(|metatable| table.metatable().as_ref() == Some(&metatable));
    let kind = match is_host_error {
        true => text("code").and_then(|code| ScriptErrorKind::from_code(&code)),
        false => None,
    }
    .unwrap_or(ScriptErrorKind::Runtime);
    let error = match field("message") {
        Some(message) => ScriptError::from_bytes(kind, &message.as_bytes()),
        None => ScriptError::new(kind, format!("the script raised {}", shown(lua, raised))),
    };
    if !is_host_error {
        return error;
    }
    let place = text("file")
        .zip(table.raw_get("line").ok())
        .map(|(file, line)| Place {
            file,
            line,
            column: None,
        });
    match text("help") {
        Some(help) => error.at(place).with_help(help),
        None => error.at(place),
    }
}

fn shown(lua: &Lua, value: &Value) -> String {
    let options = DumpOptions::compact();
    dump(&inspect(lua, value, &options), None, &options)
}

/// An error that mlua reports of a script, without its Rust type names and tracebacks.
pub(super) fn from_script(lua: &Lua, error: mlua::Error) -> ScriptError {
    from_reported(error, shelf(lua).ok().as_deref())
}

/// An error that mlua reports where no script runs.
pub(super) fn from_mlua(error: mlua::Error) -> ScriptError {
    from_reported(error, None)
}

fn from_reported(error: mlua::Error, shelf: Option<&Shelf>) -> ScriptError {
    match error {
        mlua::Error::SyntaxError { message, .. } => {
            let (place, message) = split_place(message.as_bytes(), shelf);
            ScriptError::from_bytes(ScriptErrorKind::Syntax, message).at(place)
        }
        mlua::Error::MemoryError(_) => ScriptError::out_of_memory(),
        mlua::Error::RuntimeError(message) => from_text(message.as_bytes(), shelf),
        mlua::Error::ExternalError(error) => match error.downcast_ref::<ScriptError>() {
            Some(error) => error.clone(),
            None => from_text(error.to_string().as_bytes(), shelf),
        },
        mlua::Error::CallbackError { cause, .. } => from_reported((*cause).clone(), shelf),
        other => {
            let text = other.to_string();
            from_text(
                text.lines().next().unwrap_or("unknown error").as_bytes(),
                shelf,
            )
        }
    }
}

fn from_text(text: &[u8], shelf: Option<&Shelf>) -> ScriptError {
    let (place, message) = split_place(text, shelf);
    match message {
        b"not enough memory" => ScriptError::out_of_memory(),
        // Luau says `stack overflow (…)` for its own stack and `C stack overflow` for native calls.
        message if message.starts_with(b"stack overflow") || message == b"C stack overflow" => {
            ScriptError::too_deep()
        }
        _ => ScriptError::from_bytes(ScriptErrorKind::Runtime, message),
    }
    .at(place)
}

/// Takes `file:line: ` off the front of a message, if the file is a script that was loaded: a message
/// may begin with such words by itself.
fn split_place<'a>(text: &'a [u8], shelf: Option<&Shelf>) -> (Option<Place>, &'a [u8]) {
    let start = text.get(..LONGEST_PLACE).unwrap_or(text);
    let Some(shelf) = shelf else {
        return (None, text);
    };
    let found = start.windows(2).enumerate().find_map(|(at, pair)| {
        if pair != b": " {
            return None;
        }
        let (head, message) = text.split_at_checked(at)?;
        let (file, line) = std::str::from_utf8(head).ok()?.rsplit_once(':')?;
        let line = line.parse().ok().filter(|line| *line > 0)?;
        let place = Place {
            file: shelf.chunk(file)?,
            line,
            column: None,
        };
        Some((place, message.strip_prefix(b": ")?))
    });
    match found {
        Some((place, message)) => (Some(place), message),
        None => (None, text),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::lua::sandbox::LuaStopper;

    fn split(text: &str) -> (Option<String>, &str) {
        let lua = Lua::new();
        let stopper = LuaStopper::new(&lua, Arc::default());
        stopper.detach();
        let shelf = Shelf::new(Arc::default(), Arc::new(stopper), 0, 0);
        let long = format!("{}.lua", "long/".repeat(100));
        for name in ["dir/a.lua", "a: b.lua", long.as_str()] {
            shelf.load(name, || ());
        }
        let (place, message) = split_place(text.as_bytes(), Some(&shelf));
        let place = place.map(|place| place.to_string());
        (place, std::str::from_utf8(message).unwrap())
    }

    #[test]
    fn a_place_is_taken_off_the_front_of_a_message() {
        for file in ["dir/a.lua", "a: b.lua"] {
            assert_eq!(
                split(&format!("{file}:12: attempt to index nil: 'x'")),
                (Some(format!("{file}:12")), "attempt to index nil: 'x'")
            );
        }
    }

    #[test]
    fn a_long_name_that_a_message_shows_the_end_of_is_whole_in_the_place() {
        let end = "long/".repeat(50);
        assert_eq!(
            split(&format!("...{end}.lua:3: late")),
            (Some(format!("{}.lua:3", "long/".repeat(100))), "late")
        );
    }

    #[test]
    fn a_message_without_a_place_stays_whole() {
        for text in [
            "time: late",
            "at 10:12: late",
            "b.lua:1: not loaded",
            "dir/a.lua:0: no line",
            "...a.lua:1: too short to tell",
        ] {
            assert_eq!(split(text), (None, text));
        }
    }
}
