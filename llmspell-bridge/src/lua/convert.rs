//! Lua values as data and dumps, and data as Lua values, by Luau's C interface.
//!
//! A walk through mlua's handles costs three times as much: each handle is a slot on another stack.
#![expect(unsafe_code, reason = "tables are walked on the Lua stack itself")]

use std::collections::BTreeMap;
use std::ffi::c_int;
use std::fmt::Write as _;
use std::sync::Arc;

use llmspell_engine::Value as Data;
use mlua::{Lua, Value, ffi};

use crate::arguments::DataLimits;
use crate::conversion::{Budget, Walked, named_step, number, refuse};
use crate::lua::error::from_mlua;
use crate::lua::object::shelf;
use crate::object_dump::{DumpBudget, DumpNode, DumpOptions, DumpShape};
use crate::sandbox::StopFlag;
use crate::script_error::ScriptError;
use crate::script_value::ScriptValue;
use crate::shown_text::{ShownText, shortened};

/// The registry's name for the metatable that marks an empty table as a list.
const EMPTY_LIST: &str = "llmspell.empty_list";

/// Makes the metatable that keeps an empty list a list on its way through a script.
pub(super) fn prepare(lua: &Lua) -> mlua::Result<()> {
    let metatable = lua.create_table()?;
    metatable.raw_set("__metatable", false)?;
    metatable.set_readonly(true);
    lua.set_named_registry_value(EMPTY_LIST, metatable)
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
    value: &Value,
    limits: &DataLimits,
    stop: &StopFlag,
) -> Result<Data, ScriptError> {
    let mut result = refuse("is of an unknown kind");
    let walked: mlua::Result<()> = {
        // SAFETY: the closure leaves the stack as it found it, and the value at index 1 stays there
        // for as long as its strings and tables are read.
        unsafe {
            lua.exec_raw(value, |state| {
                let budget = Budget::new(limits, stop);
                let mut walk = Walk {
                    state,
                    keys,
                    budget,
                };
                result = walk.value(1);
                ffi::lua_settop(state, 0);
            })
        }
    };
    walked.map_err(from_mlua)?;
    result.map_err(|refusal| refusal.into_error())
}

struct Walk<'a> {
    state: *mut ffi::lua_State,
    keys: &'a mut KeyCache,
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
                ffi::lua_checkstack(self.state, 4) != 0,
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
        // SAFETY: reads the height of the stack; each turn below pushes a key and a value above it and
        // pops both.
        let height = unsafe { ffi::lua_gettop(self.state) };
        let (key, value) = (height + 1, height + 2);
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
            // SAFETY: pops the key and the value.
            unsafe { ffi::lua_settop(self.state, height) };
        }
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
        // SAFETY: `index` is a table, and `table` made room. The metatable of empty lists is a field of
        // the registry, which is read raw and popped again.
        unsafe {
            let metatable = ffi::lua_getmetatablepointer(self.state, index);
            if metatable.is_null() {
                return false;
            }
            ffi::lua_rawgetfield(
                self.state,
                ffi::LUA_REGISTRYINDEX,
                c"llmspell.empty_list".as_ptr(),
            );
            let empty_list = ffi::lua_topointer(self.state, -1);
            ffi::lua_settop(self.state, -2);
            metatable == empty_list
        }
    }
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
unsafe fn string_bytes<'a>(state: *mut ffi::lua_State, index: c_int) -> &'a [u8] {
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

/// Data as a Lua value. `null` becomes nil inside maps, which leaves the key out, and a null light
/// userdata inside lists, which keeps the place.
pub(super) fn from_data(lua: &Lua, data: &Data) -> mlua::Result<Value> {
    // SAFETY: pushes exactly one value, in protected mode: a memory error unwinds through frames
    // that own nothing.
    unsafe { lua.exec_raw((), |state| push(state, data, true)) }
}

/// Pushes one value.
///
/// # Safety
/// `state` must be a valid state that runs in protected mode.
unsafe fn push(state: *mut ffi::lua_State, data: &Data, null_is_nil: bool) {
    // SAFETY: the caller's promise. Room for a key, a value and a metatable is made first; every
    // branch pushes one value and pops what it pushed besides.
    unsafe {
        ffi::lua_rawcheckstack(state, 4);
        match data {
            Data::Bool(value) => ffi::lua_pushboolean(state, c_int::from(*value)),
            Data::Number(value) => {
                ffi::lua_pushnumber(state, value.as_f64().unwrap_or(f64::NAN));
            }
            Data::String(text) => ffi::lua_pushlstring_(state, text.as_ptr().cast(), text.len()),
            Data::Array(items) => push_list(state, items.len(), items.iter()),
            Data::Set(items) => push_list(state, items.len(), items.iter()),
            Data::Object(entries) => {
                ffi::lua_createtable(state, 0, capacity(entries.len()));
                for (key, value) in entries.iter() {
                    push_key(state, key);
                    push(state, value, true);
                    ffi::lua_rawset(state, -3);
                }
            }
            _ if null_is_nil => ffi::lua_pushnil(state),
            _ => ffi::lua_pushlightuserdata(state, std::ptr::null_mut()),
        }
    }
}

/// Pushes a list.
///
/// # Safety
/// As for [`push`].
unsafe fn push_list<'a>(
    state: *mut ffi::lua_State,
    length: usize,
    items: impl Iterator<Item = &'a Data>,
) {
    // SAFETY: the caller's promise; as in `push`.
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
            push(state, item, false);
            ffi::lua_rawseti_(state, -2, capacity(index + 1));
        }
    }
}

/// Pushes the key of a map; a key that is no string is shown as JSON.
///
/// # Safety
/// As for [`push`].
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
        ScriptValue::Data(data) => from_data(lua, &data)?,
        ScriptValue::Object(object) => {
            Value::UserData(lua.create_userdata(crate::lua::object::LuaObject::new(object))?)
        }
    })
}

/// A Lua value as a tree for a dump, within limits. No metamethod runs.
pub(super) fn inspect(lua: &Lua, value: &Value, options: &DumpOptions) -> DumpNode {
    let Ok(shelf) = shelf(lua) else {
        return DumpNode::unseen();
    };
    let mut node = None;
    // SAFETY: the closure leaves the stack as it found it, and the value stays at index 1 meanwhile.
    let walked: mlua::Result<()> = unsafe {
        lua.exec_raw(value, |state| {
            let mut budget = DumpBudget::new(&shelf.stop);
            node = Some(inspect_at(state, 1, options, &mut budget));
            ffi::lua_settop(state, 0);
        })
    };
    match (walked, node) {
        (Ok(()), Some(node)) => node,
        _ => atom("unknown", "<not readable>".to_owned(), None),
    }
}

/// The value at an absolute index as a tree for a dump.
///
/// # Safety
/// `state` must be a valid state that runs in protected mode, with a value at `index`.
pub(super) unsafe fn inspect_at(
    state: *mut ffi::lua_State,
    index: c_int,
    options: &DumpOptions,
    budget: &mut DumpBudget<'_>,
) -> DumpNode {
    Inspection {
        state,
        options,
        budget,
    }
    .value(index)
}

/// What `tostring` makes of a value, cut to `most_bytes`.
pub(super) fn display(lua: &Lua, value: &Value, most_bytes: usize) -> Result<String, ScriptError> {
    let mut text = String::new();
    // SAFETY: the value is at index 1; `luaL_tolstring` pushes a string, which stays on the stack while
    // its bytes are read, and checks itself that there is room for what it pushes.
    let shown: mlua::Result<()> = unsafe {
        lua.exec_raw(value, |state| {
            ffi::luaL_tolstring(state, 1, std::ptr::null_mut());
            text = shortened(string_bytes(state, -1), most_bytes);
            ffi::lua_settop(state, 0);
        })
    };
    shown.map(|()| text).map_err(from_mlua)
}

fn atom(type_name: &str, word: String, address: Option<usize>) -> DumpNode {
    DumpNode {
        type_name: type_name.to_owned(),
        address,
        shape: DumpShape::Atom(word),
    }
}

struct Inspection<'a, 'b> {
    state: *mut ffi::lua_State,
    options: &'a DumpOptions,
    budget: &'a mut DumpBudget<'b>,
}

impl Inspection<'_, '_> {
    fn value(&mut self, index: c_int) -> DumpNode {
        if !self.budget.spend_value() {
            return DumpNode::unseen();
        }
        // SAFETY: `index` is on the stack; the accessors below match the type.
        let kind = unsafe { ffi::lua_type(self.state, index) };
        // SAFETY: as above; gives the address of values that have one and null for the others.
        let address = unsafe { ffi::lua_topointer(self.state, index) } as usize;
        let address = (address != 0).then_some(address);
        match kind {
            ffi::LUA_TNIL => atom("nil", "nil".to_owned(), None),
            ffi::LUA_TBOOLEAN => {
                // SAFETY: as above.
                let value = unsafe { ffi::lua_toboolean(self.state, index) } != 0;
                atom("boolean", value.to_string(), None)
            }
            // SAFETY: as above.
            ffi::LUA_TNUMBER => atom(
                "number",
                shown_number(unsafe { ffi::lua_tonumber(self.state, index) }),
                None,
            ),
            ffi::LUA_TINTEGER => {
                // SAFETY: as above.
                let value =
                    unsafe { ffi::lua_tointeger64(self.state, index, std::ptr::null_mut()) };
                atom("integer", value.to_string(), None)
            }
            ffi::LUA_TSTRING => {
                let shown = self.text(index);
                DumpNode {
                    type_name: "string".to_owned(),
                    address: None,
                    shape: DumpShape::Text(shown),
                }
            }
            ffi::LUA_TTABLE => self.table(index, address),
            ffi::LUA_TFUNCTION => atom("function", self.function(index), address),
            ffi::LUA_TTHREAD => atom("thread", "coroutine".to_owned(), address),
            ffi::LUA_TLIGHTUSERDATA if address.is_none() => atom("null", "null".to_owned(), None),
            _ => atom("userdata", "host object".to_owned(), address),
        }
    }

    fn function(&self, index: c_int) -> String {
        // SAFETY: `index` is a function; `lua_getinfo` with a negative level reads the function on
        // top of the stack, which is pushed for it and popped afterwards.
        let name = unsafe {
            let mut info: ffi::lua_Debug = std::mem::zeroed();
            ffi::lua_rawcheckstack(self.state, 1);
            ffi::lua_pushvalue(self.state, index);
            let found = ffi::lua_getinfo(self.state, -1, c"n".as_ptr(), &raw mut info) != 0;
            let name = (found && !info.name.is_null()).then(|| {
                std::ffi::CStr::from_ptr(info.name)
                    .to_string_lossy()
                    .into_owned()
            });
            ffi::lua_settop(self.state, -2);
            name
        };
        match name {
            Some(name) if !name.is_empty() => format!("function {name}"),
            _ => "function".to_owned(),
        }
    }

    fn table(&mut self, index: c_int, address: Option<usize>) -> DumpNode {
        let node = |shape| DumpNode {
            type_name: "table".to_owned(),
            address,
            shape,
        };
        // SAFETY: room for a key, a value and a copy of a function.
        if unsafe { ffi::lua_checkstack(self.state, 4) } == 0 {
            return node(DumpShape::Deeper);
        }
        let here = address.unwrap_or_default();
        if let Err(shape) = self.budget.enter(here, self.options.max_depth) {
            return node(shape);
        }
        let shape = self.entries(index);
        self.budget.leave();
        node(shape)
    }

    fn entries(&mut self, index: c_int) -> DumpShape {
        let (total, is_list) = self.survey(index);
        let limit = if is_list {
            self.options.max_array_elements
        } else {
            self.options.max_table_pairs
        };
        let mut shown = Vec::new();
        let mut position = 0;
        while shown.len() < limit && !self.budget.is_spent() {
            // SAFETY: `index` is a table; each turn pushes a key and a value and pops both.
            position = unsafe { ffi::lua_rawiter(self.state, index, position) };
            if position < 0 {
                break;
            }
            // SAFETY: the key and the value were just pushed.
            let top = unsafe { ffi::lua_gettop(self.state) };
            let key = if is_list {
                String::new()
            } else {
                self.key(top - 1)
            };
            let value = self.value(top);
            shown.push((key, value));
            // SAFETY: pops the key and the value.
            unsafe { ffi::lua_settop(self.state, top - 2) };
        }
        if is_list {
            return DumpShape::List(shown.into_iter().map(|(_, value)| value).collect(), total);
        }
        // The order inside a table is an accident; the order of keys is not.
        shown.sort_by(|left, right| left.0.cmp(&right.0));
        DumpShape::Map(shown, total)
    }

    /// How many entries a table has, and whether they are a list: the keys 1, 2, 3 … and no other.
    fn survey(&self, index: c_int) -> (usize, bool) {
        let (mut total, mut is_list, mut position) = (0_usize, true, 0);
        loop {
            // SAFETY: `index` is a table; each turn pushes a key and a value and pops both.
            position = unsafe { ffi::lua_rawiter(self.state, index, position) };
            // Only a stop ends the count early: nobody will look at it then.
            if position < 0 || self.budget.is_stopped() {
                return (total, is_list && total > 0);
            }
            total += 1;
            // SAFETY: the key was just pushed below the value; it is read as a number only if it is.
            unsafe {
                is_list = is_list
                    && ffi::lua_type(self.state, -2) == ffi::LUA_TNUMBER
                    && ffi::lua_tonumber(self.state, -2) == total as f64;
                ffi::lua_settop(self.state, -3);
            }
        }
    }

    /// The key at an index, in as many words as fit before a value.
    fn key(&mut self, index: c_int) -> String {
        // SAFETY: `index` is on the stack.
        match unsafe { ffi::lua_type(self.state, index) } {
            ffi::LUA_TTABLE => "[table]".to_owned(),
            ffi::LUA_TSTRING => self.text(index).to_string(),
            _ => match self.value(index).shape {
                DumpShape::Atom(word) => word,
                _ => "…".to_owned(),
            },
        }
    }

    fn text(&mut self, index: c_int) -> ShownText {
        // SAFETY: the value is a string and stays on the stack.
        let bytes = unsafe { string_bytes(self.state, index) };
        self.budget.text(bytes, self.options.max_string_length)
    }
}

fn shown_number(value: f64) -> String {
    let mut text = String::new();
    if value.is_nan() {
        text.push_str("nan");
    } else if value.is_infinite() {
        text.push_str(if value > 0.0 { "inf" } else { "-inf" });
    } else if value.abs() < 1e15 {
        let _ = write!(text, "{value}");
    } else {
        let _ = write!(text, "{value:e}");
    }
    text
}
