//! Inputs of a prompt in Lua: expressions as they are, variables that stay, and names from the live state.
#![expect(
    unsafe_code,
    reason = "the variables of an input are read through Luau's C interface only"
)]

use std::ffi::c_int;

use mlua::{Function, Lua, LuaString, MultiValue, Table, Value, ffi};

use crate::interactive::{CandidateKind, Candidates, LONGEST_CHAIN, Step, Typed};
use crate::lua::engine::LuaEngine;
use crate::lua::error::from_mlua;
use crate::lua::object::LuaObject;
use crate::script_engine::Script;
use crate::script_error::{ScriptError, ScriptErrorKind};

/// How many entries of a table are looked at for one completion.
const MOST_ENTRIES: usize = 20_000;

const KEYWORDS: [&str; 22] = [
    "and", "break", "continue", "do", "else", "elseif", "end", "false", "for", "function", "if",
    "in", "local", "nil", "not", "or", "repeat", "return", "then", "true", "until", "while",
];

/// Compiles an input as an expression, or else as statements.
pub(super) fn compile(engine: &mut LuaEngine, input: &Script) -> Result<Function, ScriptError> {
    let as_expression = match engine.load(&changed(input, "return ", "")) {
        Ok(chunk) => return Ok(chunk),
        Err(error) => error,
    };
    // The variables are read at the end of the input, which a `return` would not reach.
    if input.source.contains("local")
        && let Ok(chunk) = engine.load(&changed(input, "", "\ndo (...)() end"))
    {
        return Ok(chunk);
    }
    let error = match engine.load(input) {
        Ok(chunk) => return Ok(chunk),
        Err(error) => error,
    };
    if ends_early(&as_expression) || ends_early(&error) || is_open_text(engine, input, &error) {
        return Err(error.incomplete());
    }
    // No statement begins with such a character, so the other error says more.
    let first = input.source.trim_start().chars().next();
    match first.is_some_and(|c| c.is_alphabetic() || matches!(c, '_' | '(' | '@')) {
        true => Err(error),
        false => Err(as_expression),
    }
}

fn changed(input: &Script, before: &str, after: &str) -> Script {
    Script {
        name: input.name.clone(),
        source: format!("{before}{}{after}", input.source),
    }
}

fn ends_early(error: &ScriptError) -> bool {
    let message = error.message();
    error.kind() == ScriptErrorKind::Syntax
        && (message.ends_with("got <eof>") || message.ends_with("unfinished comment"))
}

/// Whether the input ends inside of a text in long brackets: its closing bracket changes the error.
fn is_open_text(engine: &mut LuaEngine, input: &Script, error: &ScriptError) -> bool {
    let is_text = |error: &ScriptError| error.message().starts_with("Malformed string");
    if !is_text(error) {
        return false;
    }
    let brackets = (0..8).map(|level| "=".repeat(level));
    let mut open = brackets.filter(|level| input.source.contains(&format!("[{level}[")));
    open.any(|level| {
        let closed = changed(input, "", &format!("]{level}]"));
        engine
            .load(&closed)
            .err()
            .is_none_or(|error| !is_text(&error))
    })
}

/// Calls a compiled input, and gives all that it returns.
pub(super) fn call(engine: &mut LuaEngine, chunk: Function) -> Result<MultiValue, ScriptError> {
    let environment = engine.environment()?;
    let keeper = keeper(&engine.lua, environment, engine.installed()).map_err(from_mlua)?;
    engine.call(chunk, MultiValue::from_iter([Value::Function(keeper)]))
}

/// A function that makes globals of its caller's variables. Names of the host stay the host's.
fn keeper(lua: &Lua, environment: Table, installed: &[String]) -> mlua::Result<Function> {
    let names = lua.create_table()?;
    for name in installed {
        names.raw_set(name.as_str(), true)?;
    }
    // SAFETY: one closure is made of the two tables on the stack and left there.
    unsafe {
        lua.exec_raw((environment, names), |state| {
            ffi::lua_rawcheckstack(state, 1);
            ffi::lua_pushcclosured(state, keep, c"end of the input".as_ptr(), 2);
        })
    }
}

unsafe extern "C-unwind" fn keep(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: Luau calls this with room for a few values. The upvalues are the environment and the table of
    // the host's names; `lua_getlocal` pushes a value whenever it gives a name. This frame holds numbers only.
    unsafe {
        let mut number = 1;
        loop {
            ffi::lua_settop(state, 0);
            let name = ffi::lua_getlocal(state, 1, number);
            if name.is_null() {
                return 0;
            }
            number += 1;
            // The machine's own variables have names in parentheses.
            if *name.cast::<u8>() == b'(' {
                continue;
            }
            ffi::lua_pushstring(state, name);
            ffi::lua_pushvalue(state, -1);
            ffi::lua_rawget(state, ffi::lua_upvalueindex(2));
            if ffi::lua_toboolean(state, -1) != 0 {
                continue;
            }
            ffi::lua_settop(state, 2);
            ffi::lua_insert(state, 1);
            ffi::lua_rawset(state, ffi::lua_upvalueindex(1));
        }
    }
}

/// Offers the names that may stand at a place.
pub(super) fn complete(engine: &mut LuaEngine, typed: &Typed, candidates: &mut Candidates<'_>) {
    let Ok(environment) = engine.environment() else {
        return;
    };
    let lua = engine.lua.clone();
    let roots = [environment, lua.globals()];
    let Some((first, rest)) = typed.steps.split_first() else {
        roots.iter().for_each(|root| offer_table(root, candidates));
        for keyword in KEYWORDS {
            candidates.offer(keyword, CandidateKind::Keyword);
        }
        return;
    };
    let start = roots
        .iter()
        .find_map(|root| field(root, first).filter(|value| !value.is_nil()));
    let mut value = start.unwrap_or(Value::Nil);
    for step in rest {
        value = member(&lua, &value, step).unwrap_or(Value::Nil);
    }
    offer_members(&lua, &value, candidates);
}

fn field(table: &Table, step: &Step) -> Option<Value> {
    match step {
        Step::Name(name) => table.raw_get(name.as_str()).ok(),
        Step::Index(index) => table.raw_get(*index).ok(),
    }
}

/// The tables in which a member of the value is looked up, nearest first, as far as no function decides.
fn tables(lua: &Lua, value: &Value) -> Vec<Table> {
    let mut tables = Vec::new();
    let mut next = match value {
        Value::Table(table) => Some(table.clone()),
        Value::String(_) => lua.globals().raw_get("string").ok(),
        _ => None,
    };
    while let Some(table) = next {
        next = table
            .metatable()
            .and_then(|metatable| metatable.raw_get("__index").ok());
        tables.push(table);
        if tables.len() >= LONGEST_CHAIN {
            break;
        }
    }
    tables
}

fn member(lua: &Lua, value: &Value, step: &Step) -> Option<Value> {
    let mut tables = tables(lua, value).into_iter();
    tables.find_map(|table| field(&table, step).filter(|value| !value.is_nil()))
}

fn offer_members(lua: &Lua, value: &Value, candidates: &mut Candidates<'_>) {
    if let Value::UserData(data) = value {
        let Some(object) = LuaObject::held(data) else {
            return;
        };
        for method in (0..object.method_count()).filter_map(|index| object.method(index)) {
            candidates.offer(method.name, CandidateKind::Function);
        }
        for name in object.field_names() {
            candidates.offer(name, CandidateKind::Value);
        }
    }
    for table in tables(lua, value) {
        offer_table(&table, candidates);
    }
}

fn offer_table(table: &Table, candidates: &mut Candidates<'_>) {
    let entries = table.pairs::<Value, Value>().take(MOST_ENTRIES);
    for (name, value) in entries.filter_map(Result::ok) {
        if candidates.is_full() {
            return;
        }
        let Value::String(name) = name else { continue };
        let Some(name) = short_text(&name) else {
            continue;
        };
        let kind = match value {
            Value::Function(_) => CandidateKind::Function,
            _ => CandidateKind::Value,
        };
        candidates.offer(&name, kind);
    }
}

fn short_text(text: &LuaString) -> Option<String> {
    let bytes = text.as_bytes();
    let is_short = bytes.len() <= crate::interactive::LONGEST_NAME;
    is_short.then(|| String::from_utf8_lossy(&bytes).into_owned())
}
