//! Lua values as data, and data as Lua values, by Luau's C interface.
//!
//! A walk through mlua's handles costs three times as much: each handle is a slot on another stack.
//!
//! Luau raises by C++ exceptions, also for a lack of memory, and they unwind through these frames as
//! through any `C-unwind` call: what a frame owns is dropped, so a walk may own strings and maps.
#![expect(unsafe_code, reason = "tables are walked on the Lua stack itself")]

use std::collections::BTreeMap;
use std::ffi::c_int;
use std::sync::Arc;

use llmspell_engine::Value as Data;
use mlua::{AnyUserData, FromLua as _, Lua, Value, ffi};

use crate::arguments::DataLimits;
use crate::conversion::{Budget, DEEPEST, Walked, named_step, number, refuse};
use crate::lua::error::from_mlua;
use crate::lua::object::LuaObject;
use crate::sandbox::StopFlag;
use crate::script_error::{ScriptError, ScriptErrorKind};
use crate::script_value::ScriptValue;

/// The registry's name for the metatable that marks an empty table as a list.
const EMPTY_LIST: &str = "llmspell.empty_list";

/// Makes the metatable that keeps an empty list a list on its way through a script, and gives its
/// address. The registry keeps it for as long as the state is open.
pub(super) fn prepare(lua: &Lua) -> mlua::Result<usize> {
    let metatable = lua.create_table()?;
    metatable.raw_set("__metatable", false)?;
    metatable.set_readonly(true);
    lua.set_named_registry_value(EMPTY_LIST, &metatable)?;
    Ok(metatable.to_pointer() as usize)
}

/// The strings that were keys of earlier tables, so that the keys of events, which repeat, are
/// allocated once. A slot is found by the address of the Lua string and checked by its bytes.
pub(super) struct KeyCache {
    slots: Box<[Option<Data>; KeyCache::SLOTS]>,
}

impl KeyCache {
    const SLOTS: usize = 256;
    /// Longer keys are not worth keeping: they are data, not names.
    const LONGEST: usize = 40;

    pub(super) fn new() -> Self {
        Self {
            slots: Box::new([const { None }; Self::SLOTS]),
        }
    }

    fn get(&mut self, bytes: &[u8]) -> Option<Data> {
        if bytes.len() > Self::LONGEST {
            return Some(text_data(std::str::from_utf8(bytes).ok()?));
        }
        // Equal strings are one string in Lua, so its address stands for it. The lowest bits are the
        // same for all; the higher ones spread strings that were made in one go.
        let address = bytes.as_ptr() as usize;
        let slot = self
            .slots
            .get_mut((address >> 4 ^ address >> 12) % Self::SLOTS)?;
        if let Some(Data::String(known)) = slot
            && known.as_bytes() == bytes
        {
            return slot.clone();
        }
        let key = text_data(std::str::from_utf8(bytes).ok()?);
        *slot = Some(key.clone());
        Some(key)
    }
}

fn text_data(text: &str) -> Data {
    Data::String(Arc::from(text))
}

/// A Lua value as data.
pub(super) fn to_data(
    lua: &Lua,
    keys: &mut KeyCache,
    empty_list: usize,
    value: &Value,
    limits: &DataLimits,
    stop: &StopFlag,
) -> Result<Data, ScriptError> {
    let mut result = None;
    let walked: mlua::Result<()> = {
        // SAFETY: the closure leaves the stack as it found it, and the value at index 1 stays there
        // for as long as its strings and tables are read.
        unsafe {
            lua.exec_raw(value, |state| {
                let budget = Budget::new(limits, stop);
                let mut walk = Walk {
                    lua,
                    state,
                    keys,
                    empty_list,
                    budget,
                };
                result = Some(walk.value(1));
                ffi::lua_settop(state, 0);
            })
        }
    };
    walked.map_err(from_mlua)?;
    match result {
        Some(result) => result.map_err(|refusal| refusal.into_error()),
        None => Err(ScriptError::internal("the value was not looked at")),
    }
}

/// How many entries of a table are left on the stack before they are popped: popping is a call.
const PUSHED: c_int = 8;

struct Walk<'a> {
    lua: &'a Lua,
    state: *mut ffi::lua_State,
    keys: &'a mut KeyCache,
    empty_list: usize,
    budget: Budget<'a>,
}

impl Walk<'_> {
    /// The value at an absolute index of the stack. Reads only; no metamethod runs.
    fn value(&mut self, index: c_int) -> Walked<Data> {
        self.budget.spend_values(1)?;
        // SAFETY: `index` is on the stack; the accessors below do not convert in place, because the
        // type is checked first.
        match unsafe { ffi::lua_type(self.state, index) } {
            ffi::LUA_TNIL => Ok(Data::Null),
            // SAFETY: as above.
            ffi::LUA_TBOOLEAN => Ok(Data::Bool(
                unsafe { ffi::lua_toboolean(self.state, index) } != 0,
            )),
            // SAFETY: as above.
            ffi::LUA_TNUMBER => number(unsafe { ffi::lua_tonumber(self.state, index) }),
            // SAFETY: as above.
            ffi::LUA_TINTEGER => Ok(Data::from(unsafe {
                ffi::lua_tointeger64(self.state, index, std::ptr::null_mut())
            })),
            ffi::LUA_TSTRING => self.text(index),
            ffi::LUA_TTABLE => self.table(index),
            ffi::LUA_TLIGHTUSERDATA if self.is_null(index) => Ok(Data::Null),
            // SAFETY: as above; the state is the one that this walk was started on.
            ffi::LUA_TUSERDATA => match unsafe { object_name(self.lua, index) } {
                Some(name) => refuse(format!("is the host object {name}")),
                None => refuse("is a host object"),
            },
            other => refuse(format!("is {}", kind_name(other))),
        }
    }

    /// A null pointer is how JSON's null travels through Lua tables.
    fn is_null(&self, index: c_int) -> bool {
        // SAFETY: `index` is on the stack; the pointer is not followed.
        unsafe { ffi::lua_touserdata(self.state, index) }.is_null()
    }

    fn text(&mut self, index: c_int) -> Walked<Data> {
        // SAFETY: the value at `index` is a string and stays on the stack while its bytes are used.
        let bytes = unsafe { string_bytes(self.state, index) };
        self.budget.spend_bytes(bytes.len())?;
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text_data(text)),
            Err(_) => refuse("is a string that is not UTF-8"),
        }
    }

    fn table(&mut self, index: c_int) -> Walked<Data> {
        // SAFETY: `index` is a table; makes room for a key, a value and what is read besides.
        let (address, has_room) = unsafe {
            (
                ffi::lua_topointer(self.state, index) as usize,
                ffi::lua_checkstack(self.state, 2 * PUSHED + 2) != 0,
            )
        };
        self.budget.enter(address)?;
        if !has_room {
            return refuse("is nested too deeply");
        }
        let walked = self.entries(index);
        self.budget.leave();
        walked
    }

    fn entries(&mut self, index: c_int) -> Walked<Data> {
        // SAFETY: reads the height of the stack; each turn below pushes a key and a value above it, and
        // every few turns all of them are popped at once.
        let height = unsafe { ffi::lua_gettop(self.state) };
        let (mut key, mut value) = (height + 1, height + 2);
        let mut entries = BTreeMap::new();
        let mut list = Vec::new();
        let mut scattered = Vec::new();
        let mut position = 0;
        loop {
            // SAFETY: `index` is a table.
            position = unsafe { ffi::lua_rawiter(self.state, index, position) };
            if position < 0 {
                break;
            }
            // SAFETY: the key was just pushed.
            match unsafe { ffi::lua_type(self.state, key) } {
                ffi::LUA_TSTRING => {
                    let name = self.key(key)?;
                    let item = self
                        .value(value)
                        .map_err(|refusal| refusal.within(step(&name)))?;
                    entries.insert(name, item);
                }
                ffi::LUA_TNUMBER => {
                    // SAFETY: the key is a number.
                    let place = unsafe { ffi::lua_tonumber(self.state, key) };
                    let item = self
                        .value(value)
                        .map_err(|refusal| refusal.within(format!("[{place}]")))?;
                    if place == (list.len() + 1) as f64 && scattered.is_empty() {
                        list.push(item);
                    } else {
                        scattered.push((place, item));
                    }
                }
                other => {
                    let kind = kind_name(other);
                    return refuse(format!("has {kind} as a key; keys must be strings"));
                }
            }
            if value < height + 2 * PUSHED {
                (key, value) = (key + 2, value + 2);
            } else {
                (key, value) = (height + 1, height + 2);
                // SAFETY: pops the keys and values of these turns.
                unsafe { ffi::lua_settop(self.state, height) };
            }
        }
        // SAFETY: as above.
        unsafe { ffi::lua_settop(self.state, height) };
        if !scattered.is_empty() {
            gather(&mut list, scattered)?;
        }
        match (entries.is_empty(), list.is_empty()) {
            (false, false) => refuse("has both a list part and named keys; use one of them"),
            (true, false) => Ok(Data::from(list)),
            (true, true) if self.is_empty_list(index) => Ok(Data::from(list)),
            (_, true) => Ok(Data::from(entries)),
        }
    }

    fn key(&mut self, index: c_int) -> Walked<Data> {
        // SAFETY: the value at `index` is a string and stays on the stack while its bytes are used.
        let bytes = unsafe { string_bytes(self.state, index) };
        self.budget.spend_bytes(bytes.len())?;
        match self.keys.get(bytes) {
            Some(key) => Ok(key),
            None => refuse("has a key that is not UTF-8"),
        }
    }

    fn is_empty_list(&self, index: c_int) -> bool {
        // SAFETY: `index` is a table; the pointer is compared, not followed.
        let metatable = unsafe { ffi::lua_getmetatablepointer(self.state, index) };
        !metatable.is_null() && metatable as usize == self.empty_list
    }
}

/// The name of the kind of host object that the userdata value at an index is.
///
/// # Safety
/// The value must be on the stack of the state that runs, at an absolute index.
pub(super) unsafe fn object_name(lua: &Lua, index: c_int) -> Option<&'static str> {
    let value = lua.exec_raw_lua(|raw| {
        // SAFETY: the caller's promise; the value is referred to, and stays where it is.
        unsafe { AnyUserData::from_stack(index, raw) }
    });
    LuaObject::name_of(&value.ok()?)
}

/// Puts the elements that were met out of order behind those that were met in order.
fn gather(list: &mut Vec<Data>, mut scattered: Vec<(f64, Data)>) -> Walked<()> {
    scattered.sort_by(|left, right| left.0.total_cmp(&right.0));
    for (place, item) in scattered {
        if place != (list.len() + 1) as f64 {
            return refuse(format!(
                "has the key {place}, but a list must have all keys from 1 on"
            ));
        }
        list.push(item);
    }
    Ok(())
}

fn step(name: &Data) -> String {
    match name {
        Data::String(name) => named_step(name),
        _ => String::new(),
    }
}

/// The bytes of the string at an index.
///
/// # Safety
/// The value there must be a string and must stay reachable for as long as the bytes are used.
pub(super) unsafe fn string_bytes<'a>(state: *mut ffi::lua_State, index: c_int) -> &'a [u8] {
    let mut length = 0;
    // SAFETY: the caller's promise; Lua strings are never null and hold `length` bytes.
    unsafe {
        let start = ffi::lua_tolstring(state, index, &raw mut length);
        std::slice::from_raw_parts(start.cast::<u8>(), length)
    }
}

const fn kind_name(kind: c_int) -> &'static str {
    match kind {
        ffi::LUA_TBOOLEAN => "a boolean",
        ffi::LUA_TNUMBER | ffi::LUA_TINTEGER => "a number",
        ffi::LUA_TSTRING => "a string",
        ffi::LUA_TTABLE => "a table",
        ffi::LUA_TFUNCTION => "a function",
        ffi::LUA_TTHREAD => "a coroutine",
        ffi::LUA_TBUFFER => "a buffer",
        ffi::LUA_TVECTOR => "a vector",
        _ => "a host object",
    }
}

/// Data as a Lua value; with `frozen`, one that no script can change. `null` becomes nil inside maps,
/// which leaves the key out, and a null light userdata inside lists, which keeps the place.
pub(super) fn from_data(lua: &Lua, data: &Data, frozen: bool) -> mlua::Result<Value> {
    let mut built = Ok(());
    // SAFETY: pushes exactly one value, in protected mode.
    let value = unsafe {
        lua.exec_raw((), |state| {
            let mut build = Build {
                state,
                frozen,
                depth: 0,
            };
            built = build.push(data, true);
            if built.is_err() {
                ffi::lua_settop(state, 0);
                ffi::lua_pushnil(state);
            }
        })
    };
    built.map_err(mlua::Error::external)?;
    value
}

/// Pushes data.
///
/// INVARIANT: `state` is a valid state that runs in protected mode.
struct Build {
    state: *mut ffi::lua_State,
    frozen: bool,
    depth: usize,
}

impl Build {
    /// Pushes one value; after an error, a part of it.
    fn push(&mut self, data: &Data, null_is_nil: bool) -> Result<(), ScriptError> {
        let state = self.state;
        // SAFETY: room for a key, a value and a metatable is made first; every branch pushes one value
        // and pops what it pushed besides.
        unsafe {
            ffi::lua_rawcheckstack(state, 4);
            match data {
                Data::Bool(value) => ffi::lua_pushboolean(state, c_int::from(*value)),
                Data::Number(value) => {
                    ffi::lua_pushnumber(state, value.as_f64().unwrap_or(f64::NAN));
                }
                Data::String(text) => {
                    ffi::lua_pushlstring_(state, text.as_ptr().cast(), text.len());
                }
                Data::Array(items) => self.push_list(items.len(), items.iter())?,
                Data::Set(items) => self.push_list(items.len(), items.iter())?,
                Data::Object(entries) => self.push_map(entries.len(), entries.iter())?,
                _ if null_is_nil => ffi::lua_pushnil(state),
                _ => ffi::lua_pushlightuserdata(state, std::ptr::null_mut()),
            }
        }
        Ok(())
    }

    fn push_map<'a>(
        &mut self,
        length: usize,
        entries: impl Iterator<Item = (&'a Data, &'a Data)>,
    ) -> Result<(), ScriptError> {
        self.enter()?;
        // SAFETY: `push` made room for the table, a key and a value.
        unsafe {
            ffi::lua_createtable(self.state, 0, capacity(length));
            for (key, value) in entries {
                push_key(self.state, key);
                self.push(value, true)?;
                ffi::lua_rawset(self.state, -3);
            }
        }
        self.leave();
        Ok(())
    }

    fn push_list<'a>(
        &mut self,
        length: usize,
        items: impl Iterator<Item = &'a Data>,
    ) -> Result<(), ScriptError> {
        self.enter()?;
        let state = self.state;
        // SAFETY: `push` made room for the table and a value or a metatable.
        unsafe {
            ffi::lua_createtable(state, capacity(length), 0);
            if length == 0 {
                ffi::lua_rawgetfield(
                    state,
                    ffi::LUA_REGISTRYINDEX,
                    c"llmspell.empty_list".as_ptr(),
                );
                ffi::lua_setmetatable(state, -2);
            }
            for (index, item) in items.enumerate() {
                self.push(item, false)?;
                ffi::lua_rawseti_(state, -2, capacity(index + 1));
            }
        }
        self.leave();
        Ok(())
    }

    fn enter(&mut self) -> Result<(), ScriptError> {
        self.depth += 1;
        if self.depth <= DEEPEST {
            return Ok(());
        }
        let message = format!("the host's data is nested more than {DEEPEST} levels deep");
        Err(ScriptError::new(ScriptErrorKind::Conversion, message))
    }

    fn leave(&mut self) {
        self.depth -= 1;
        if self.frozen {
            // SAFETY: the table is on top of the stack.
            unsafe { ffi::lua_setreadonly(self.state, -1, 1) };
        }
    }
}

/// Pushes the key of a map; a key that is no string is shown as JSON.
///
/// # Safety
/// `state` must be a valid state that runs in protected mode, with room for one value.
unsafe fn push_key(state: *mut ffi::lua_State, key: &Data) {
    match key {
        // SAFETY: the caller's promise.
        Data::String(text) => unsafe {
            ffi::lua_pushlstring_(state, text.as_ptr().cast(), text.len());
        },
        other => {
            // A number key, say. Rego data from JSON has none, so the detour costs nobody anything.
            let text = other.to_json_str().unwrap_or_default();
            // SAFETY: the caller's promise.
            unsafe { ffi::lua_pushlstring_(state, text.as_ptr().cast(), text.len()) }
        }
    }
}

fn capacity(length: usize) -> c_int {
    c_int::try_from(length).unwrap_or(c_int::MAX)
}

/// What a host object answered, as a Lua value.
pub(super) fn from_answer(lua: &Lua, answer: ScriptValue) -> mlua::Result<Value> {
    Ok(match answer {
        ScriptValue::Nil | ScriptValue::Returned => Value::Nil,
        ScriptValue::Bool(value) => Value::Boolean(value),
        // Scripts count in doubles; whole numbers beyond 2^53 are rounded as Lua itself would.
        ScriptValue::Integer(value) => Value::Number(value as f64),
        ScriptValue::Number(value) => Value::Number(value),
        ScriptValue::Text(text) => Value::String(lua.create_string(text)?),
        ScriptValue::List(items) => {
            let table = lua.create_table_with_capacity(items.len(), 0)?;
            if items.is_empty() {
                table.set_metatable(Some(lua.named_registry_value(EMPTY_LIST)?))?;
            }
            for (index, item) in items.into_iter().enumerate() {
                table.raw_set(index + 1, from_answer(lua, item)?)?;
            }
            Value::Table(table)
        }
        ScriptValue::Map(entries) => {
            let table = lua.create_table_with_capacity(0, entries.len())?;
            for (key, item) in entries {
                table.raw_set(key, from_answer(lua, item)?)?;
            }
            Value::Table(table)
        }
        ScriptValue::Data(data) => from_data(lua, &data, false)?,
        ScriptValue::Object(object) => {
            Value::UserData(lua.create_userdata(LuaObject::new(object))?)
        }
    })
}
