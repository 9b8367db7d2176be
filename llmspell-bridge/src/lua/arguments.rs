//! The arguments of one call from Lua.
#![expect(
    unsafe_code,
    reason = "mlua copies strings whole, and wraps what a function raises"
)]

use std::cell::RefCell;
use std::ffi::c_int;
use std::sync::Arc;

use llmspell_engine::Value as Data;
use llmspell_utils::debug::{FrameId, MemoryUse, ProfileBuilder};
use mlua::{Lua, MultiValue, Value, ffi};

use crate::arguments::{
    Arguments, DataLimits, Entry, EntryValue, KeptFunction, MOST_ENTRIES, Returned as Kept,
    ValueKind, fits,
};
use crate::host_object::HostObject;
use crate::language::Language;
use crate::lua::convert::from_data;
use crate::lua::error::{from_raised, from_script};
use crate::lua::inspect::inspect;
use crate::lua::object::LuaObject;
use crate::lua::profile::profile_stack;
use crate::lua::shelf::{memory, shelf};
use crate::lua::stack_trace::{caller, capture};
use crate::object_dump::{DumpNode, DumpOptions};
use crate::sandbox::{StopFlag, StopReason, Stopper};
use crate::script_error::{Place, ScriptError, ScriptErrorKind};
use crate::shown_text::shortened;
use crate::stack_trace::{StackTrace, StackTraceOptions};

/// What a script function gave that a method called.
pub(super) enum Returned {
    Nothing,
    Values(MultiValue),
    /// As which error the method knows it, and the very value that was raised.
    Raised(ScriptError, Value),
}

/// One call of a method from a script.
pub(super) struct LuaArguments<'a> {
    lua: &'a Lua,
    values: MultiValue,
    returned: RefCell<Returned>,
}

impl<'a> LuaArguments<'a> {
    pub(super) fn new(lua: &'a Lua, values: MultiValue) -> Self {
        Self {
            lua,
            values,
            returned: RefCell::new(Returned::Nothing),
        }
    }

    /// What the function gave that the method called last.
    pub(super) fn into_returned(self) -> Returned {
        self.returned.into_inner()
    }

    fn value(&self, index: usize) -> &Value {
        self.values.get(index).unwrap_or(&Value::Nil)
    }
}

impl LuaArguments<'_> {
    /// Calls the first value with the others. What it raises is kept as the value that it is.
    fn protected(&self, call: MultiValue) -> Result<MultiValue, ScriptError> {
        // Not mlua's own call, which would turn the value that was raised into an error of its own.
        // SAFETY: the function and its arguments are on the stack; its results or the value that it
        // raised take their place, below a flag that says which.
        let called = unsafe {
            self.lua.exec_raw::<MultiValue>(call, |state| {
                let count = ffi::lua_gettop(state) - 1;
                let status = ffi::lua_pcall(state, count, ffi::LUA_MULTRET, 0);
                ffi::lua_rawcheckstack(state, 1);
                ffi::lua_pushboolean(state, c_int::from(status == ffi::LUA_OK));
                ffi::lua_insert(state, 1);
            })
        };
        let mut results = called.map_err(|error| from_script(self.lua, error))?;
        if let Some(Value::Boolean(true)) = results.pop_front() {
            return Ok(results);
        }
        let raised = results.pop_front().unwrap_or(Value::Nil);
        let error = from_raised(self.lua, &raised, StackTrace::default());
        *self.returned.borrow_mut() = Returned::Raised(error.clone(), raised);
        Err(error)
    }

    /// What `tostring` makes of a value, its `__tostring` included.
    fn as_the_language_shows_it(
        &self,
        value: &Value,
        most_bytes: usize,
    ) -> Result<String, ScriptError> {
        // SAFETY: `to_string` is a Lua function of one argument that owns nothing.
        let function = unsafe { self.lua.create_c_function(to_string) };
        let function = function.map_err(|error| from_script(self.lua, error))?;
        let call = MultiValue::from_iter([Value::Function(function), value.clone()]);
        match self.protected(call)?.pop_front() {
            Some(Value::String(text)) => Ok(shortened(&text.as_bytes(), most_bytes)),
            _ => Err(ScriptError::internal("`tostring` gave no string")),
        }
    }
}

impl Arguments for LuaArguments<'_> {
    fn language(&self) -> Language {
        Language::Lua
    }

    fn count(&self) -> usize {
        self.values.len()
    }

    fn kind(&self, index: usize) -> ValueKind {
        match self.value(index) {
            Value::Nil => ValueKind::Nil,
            value if value.is_null() => ValueKind::Nil,
            Value::Boolean(_) => ValueKind::Bool,
            Value::Integer(_) | Value::Number(_) => ValueKind::Number,
            Value::String(_) => ValueKind::Text,
            Value::Table(_) => ValueKind::Structure,
            Value::Function(_) => ValueKind::Function,
            _ => ValueKind::Other,
        }
    }

    fn boolean(&self, index: usize) -> Option<bool> {
        self.value(index).as_boolean()
    }

    fn number(&self, index: usize) -> Option<f64> {
        match self.value(index) {
            Value::Number(value) => Some(*value),
            Value::Integer(value) => Some(*value as f64),
            _ => None,
        }
    }

    fn text(&self, index: usize) -> Option<String> {
        self.value(index)
            .as_string()
            .map(|text| text.to_string_lossy())
    }

    fn exact_text(&self, index: usize) -> Option<Result<String, ScriptError>> {
        let text = self.value(index).as_string()?;
        Some(match text.to_str() {
            Ok(text) => Ok(text.to_owned()),
            Err(_) => Err(ScriptError::new(
                ScriptErrorKind::Conversion,
                "the string is not UTF-8 text",
            )),
        })
    }

    fn display(&self, index: usize, most_bytes: usize) -> Result<String, ScriptError> {
        match self.value(index) {
            Value::String(text) => Ok(shortened(&text.as_bytes(), most_bytes)),
            Value::Error(error) => Ok(shortened(error.to_string().as_bytes(), most_bytes)),
            other => self.as_the_language_shows_it(other, most_bytes),
        }
    }

    fn data(&self, index: usize, limits: &DataLimits) -> Result<Data, ScriptError> {
        shelf(self.lua)?.data(self.lua, self.value(index), limits)
    }

    fn inspect(&self, index: usize, options: &DumpOptions) -> DumpNode {
        inspect(self.lua, self.value(index), options)
    }

    fn object(&self, index: usize) -> Option<Arc<dyn HostObject>> {
        LuaObject::held(self.value(index).as_userdata()?)
    }

    fn call(&self, function: usize, first: usize) -> Result<(), ScriptError> {
        let Value::Function(function) = self.value(function) else {
            return Err(ScriptError::no_function(self.kind(function)));
        };
        let mut call: MultiValue = self.values.iter().skip(first).cloned().collect();
        call.push_front(Value::Function(function.clone()));
        let results = self.protected(call)?;
        *self.returned.borrow_mut() = Returned::Values(results);
        Ok(())
    }

    fn entries(&self, index: usize, limits: &DataLimits) -> Result<Vec<Entry>, ScriptError> {
        let refused =
            |what: &str| ScriptError::new(ScriptErrorKind::Conversion, format!("the table {what}"));
        let Value::Table(table) = self.value(index) else {
            return Err(refused("is none"));
        };
        let shelf = shelf(self.lua)?;
        let mut entries = Vec::new();
        for pair in table.pairs::<Value, Value>() {
            let (key, value) = pair.map_err(|error| from_script(self.lua, error))?;
            let Value::String(name) = key else {
                return Err(refused("has a key that is no name"));
            };
            if entries.len() >= MOST_ENTRIES {
                return Err(refused("has too many entries"));
            }
            let value = match value {
                Value::Function(function) => EntryValue::Function(KeptFunction {
                    state: 0,
                    line: function
                        .info()
                        .line_defined
                        .and_then(|line| u32::try_from(line).ok()),
                    place: shelf.keep(function),
                }),
                value => match shelf.data(self.lua, &value, limits) {
                    Ok(data) => EntryValue::Data(data),
                    Err(error) => EntryValue::Other(error),
                },
            };
            let name = name.to_string_lossy();
            entries.push(Entry { name, value });
        }
        entries.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        Ok(entries)
    }

    fn call_kept(
        &self,
        function: &KeptFunction,
        input: &Data,
        limits: &DataLimits,
    ) -> Result<Kept, ScriptError> {
        let shelf = shelf(self.lua)?;
        let function = shelf
            .kept(function.place)
            .ok_or_else(|| ScriptError::internal("the function is gone"))?;
        let input =
            from_data(self.lua, input, true).map_err(|error| from_script(self.lua, error))?;
        let call = MultiValue::from_iter([Value::Function(function), input]);
        let mut results = self.protected(call)?;
        let first = results.pop_front().unwrap_or(Value::Nil);
        if results.iter().any(|value| !value.is_nil()) {
            return Ok(Kept::Several);
        }
        match first {
            Value::Nil => Ok(Kept::Nothing),
            value => shelf.data(self.lua, &value, limits).map(Kept::Value),
        }
    }

    fn stopper(&self) -> Arc<dyn Stopper> {
        match shelf(self.lua) {
            Ok(shelf) => Arc::clone(&shelf.stopper) as Arc<dyn Stopper>,
            // Every state has a shelf.
            Err(_) => Arc::new(StopFlag::default()),
        }
    }

    fn stack(&self, options: &StackTraceOptions) -> StackTrace {
        capture(self.lua, options)
    }

    fn profile_stack(&self, builder: &mut ProfileBuilder) -> Vec<FrameId> {
        profile_stack(self.lua, builder)
    }

    fn stop_reason(&self) -> Option<StopReason> {
        shelf(self.lua).ok()?.stop.reason()
    }

    fn memory(&self) -> MemoryUse {
        memory(self.lua)
    }

    fn has_room_for(&self, bytes: usize) -> bool {
        let fits = || fits(&memory(self.lua), bytes);
        // Luau does not collect by itself where memory runs out. What it cannot collect is room that is missing.
        fits() || (self.lua.gc_collect().is_ok() && fits())
    }

    fn place(&self) -> Option<Place> {
        caller(self.lua)
    }
}

/// What `tostring` makes of a value, cut to `most_bytes`.
unsafe extern "C-unwind" fn to_string(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: called as a Lua function with one argument; pushes one string, or raises what
    // `__tostring` raises.
    unsafe {
        ffi::luaL_tolstring(state, 1, std::ptr::null_mut());
    }
    1
}
