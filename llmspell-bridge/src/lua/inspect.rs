//! Lua values as trees for a dump; no metamethod runs.
#![expect(unsafe_code, reason = "tables are walked on the Lua stack itself")]

use std::ffi::c_int;
use std::fmt::Write as _;

use mlua::{Lua, Value, ffi};

use crate::lua::convert::{object_name, string_bytes};
use crate::lua::shelf::shelf;
use crate::object_dump::{DumpBudget, DumpNode, DumpOptions, DumpShape};
use crate::shown_text::ShownText;

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
            node = Some(inspect_at(lua, state, 1, options, &mut budget));
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
/// `state` must be the state of `lua` that runs, in protected mode, with a value at `index`.
pub(super) unsafe fn inspect_at(
    lua: &Lua,
    state: *mut ffi::lua_State,
    index: c_int,
    options: &DumpOptions,
    budget: &mut DumpBudget<'_>,
) -> DumpNode {
    Inspection {
        lua,
        state,
        options,
        budget,
    }
    .value(index)
}

fn atom(type_name: &str, word: String, address: Option<usize>) -> DumpNode {
    DumpNode {
        type_name: type_name.to_owned(),
        address,
        shape: DumpShape::Atom(word),
    }
}

struct Inspection<'a, 'b> {
    lua: &'a Lua,
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
            // SAFETY: as above.
            ffi::LUA_TUSERDATA => match unsafe { object_name(self.lua, index) } {
                Some(name) => atom(name, format!("[{name}]"), address),
                None => atom("userdata", "userdata".to_owned(), address),
            },
            ffi::LUA_TBUFFER => atom("buffer", "buffer".to_owned(), address),
            ffi::LUA_TVECTOR => atom("vector", "vector".to_owned(), None),
            _ => atom("userdata", "userdata".to_owned(), address),
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
                ShownText::whole(String::new())
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
        shown.sort_by(|left, right| left.0.text.cmp(&right.0.text));
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
    fn key(&mut self, index: c_int) -> ShownText {
        // SAFETY: `index` is on the stack.
        match unsafe { ffi::lua_type(self.state, index) } {
            ffi::LUA_TTABLE => ShownText::whole("[table]".to_owned()),
            ffi::LUA_TSTRING => self.text(index),
            _ => match self.value(index).shape {
                DumpShape::Atom(word) => ShownText::whole(word),
                _ => ShownText::whole("…".to_owned()),
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
