//! Host objects as Lua tables and userdata, and the border that each call crosses.
#![expect(
    unsafe_code,
    reason = "a call that nobody listens to must end before mlua looks at it"
)]

use std::cell::RefCell;
use std::ffi::{CString, c_int};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use llmspell_engine::Value as Data;
use llmspell_utils::debug::DebugLevel;
use mlua::{
    AnyUserData, Function, Lua, MetaMethod, MultiValue, Table, UserData, UserDataMethods, Value,
    ffi,
};
use parking_lot::Mutex;

use crate::arguments::{Arguments, DataLimits, ValueKind};
use crate::host_object::{HostObject, guarded};
use crate::language::Language;
use crate::lua::convert::{KeyCache, display, from_answer, inspect, to_data};
use crate::lua::error::{from_mlua, from_raised, to_lua};
use crate::lua::stack_trace::{caller, capture};
use crate::object_dump::{DumpNode, DumpOptions};
use crate::sandbox::{StopFlag, StopReason, Stopper as _};
use crate::script_error::{Place, ScriptError, ScriptErrorKind};
use crate::script_value::ScriptValue;
use crate::shown_text::shortened;
use crate::stack_trace::{StackTrace, StackTraceOptions};

/// What the adapter keeps beside a state: the names of native functions, which Luau only points to,
/// and the keys that events share.
pub(super) struct Shelf {
    names: Mutex<Vec<CString>>,
    keys: Mutex<KeyCache>,
    /// Why the running script should stop.
    pub(super) stop: Arc<StopFlag>,
}

impl Shelf {
    pub(super) fn new(stop: Arc<StopFlag>) -> Self {
        Self {
            stop,
            names: Mutex::new(Vec::new()),
            keys: Mutex::new(KeyCache::new()),
        }
    }

    /// A Lua value as data.
    pub(super) fn data(
        &self,
        lua: &Lua,
        value: &Value,
        limits: &DataLimits,
    ) -> Result<Data, ScriptError> {
        to_data(lua, &mut self.keys.lock(), value, limits, &self.stop)
    }
}

/// The shelf of a state.
pub(super) fn shelf(lua: &Lua) -> Result<Arc<Shelf>, ScriptError> {
    match lua.app_data_ref::<Arc<Shelf>>() {
        Some(shelf) => Ok(Arc::clone(&shelf)),
        None => Err(ScriptError::internal("the Lua state was not prepared")),
    }
}

/// A host object as a read-only table of functions, for globals.
pub(super) fn as_table(lua: &Lua, object: &Arc<dyn HostObject>) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    for index in 0..object.method_count() {
        if let Some(method) = object.method(index) {
            let shown = format!("{}.{}", object.name(), method.name);
            table.raw_set(
                method.name,
                bound_method(lua, &shown, object, index, Some(&table))?,
            )?;
        }
    }
    for name in object.field_names() {
        if let Some(value) = object.field(name) {
            table.raw_set(*name, from_answer(lua, value)?)?;
        }
    }
    table.set_readonly(true);
    Ok(table)
}

/// A method of an object as a function that traces show by a name. A first argument that is `receiver` is left out, so that
/// `Debug:info("x")` means what its writer meant.
pub(super) fn bound_method(
    lua: &Lua,
    name: &str,
    object: &Arc<dyn HostObject>,
    index: usize,
    receiver: Option<&Table>,
) -> mlua::Result<Function> {
    let Some(method) = object.method(index) else {
        return Err(mlua::Error::runtime("no such method"));
    };
    let this = Arc::clone(object);
    // An address, only ever compared: a function that held the table itself would never be collected.
    let receiver = receiver.map(|table| table.to_pointer() as usize);
    let function = lua.create_function(move |lua, mut values: MultiValue| {
        if let (Some(receiver), Some(Value::Table(first))) = (receiver, values.front())
            && first.to_pointer() as usize == receiver
        {
            values.pop_front();
        }
        cross(lua, &*this, index, values)
    })?;
    let gate = method.level.zip(object.gate());
    entry(lua, name, function, gate)
}

/// A host object that comes and goes, as a userdata value.
pub(super) struct LuaObject(Arc<dyn HostObject>);

impl LuaObject {
    pub(super) fn new(object: Arc<dyn HostObject>) -> Self {
        Self(object)
    }
}

impl UserData for LuaObject {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_method(MetaMethod::Index, |lua, this, key: Value| {
            let Some(name) = key.as_string().map(|name| name.to_string_lossy()) else {
                return Ok(Value::Nil);
            };
            if this.0.field_names().contains(&name.as_str()) {
                let value = guarded(this.0.name(), || this.0.field(&name))
                    .map_err(mlua::Error::external)?;
                return from_answer(lua, value.unwrap_or_default());
            }
            method_of_kind(lua, &*this.0, &name)
        });
        methods.add_meta_method(MetaMethod::ToString, |_, this, ()| Ok(this.0.name()));
    }
}

/// The function behind `object:name(…)`, made once for each kind of object.
fn method_of_kind(lua: &Lua, object: &dyn HostObject, name: &str) -> mlua::Result<Value> {
    let registered = format!("llmspell.{}.{name}", object.name());
    if let Ok(function) = lua.named_registry_value::<Function>(&registered) {
        return Ok(Value::Function(function));
    }
    let Some((index, _)) = object.method_named(name) else {
        return Ok(Value::Nil);
    };
    let kind = object.name();
    let missing = format!(
        "`{name}` needs its {kind} in front: write `{}:{name}(…)`",
        kind.to_lowercase()
    );
    let function = lua.create_function(move |lua, mut values: MultiValue| {
        let receiver = values.pop_front();
        let object = receiver
            .as_ref()
            .and_then(Value::as_userdata)
            .and_then(|value| of_kind(value, kind));
        match object {
            Some(object) => cross(lua, &*object, index, values),
            None => {
                let error = ScriptError::new(ScriptErrorKind::Argument, missing.clone());
                refused(lua, &error.at(caller(lua)))
            }
        }
    })?;
    let function = entry(lua, &format!("{kind}.{name}"), function, None)?;
    lua.set_named_registry_value(&registered, &function)?;
    Ok(Value::Function(function))
}

fn of_kind(value: &AnyUserData, kind: &str) -> Option<Arc<dyn HostObject>> {
    let object = value.borrow::<LuaObject>().ok()?;
    (object.0.name() == kind).then(|| Arc::clone(&object.0))
}

/// Runs a method. The first value says whether it succeeded; what follows is the answer or the error.
fn cross(
    lua: &Lua,
    object: &dyn HostObject,
    index: usize,
    values: MultiValue,
) -> mlua::Result<MultiValue> {
    let arguments = LuaArguments {
        lua,
        values,
        returned: RefCell::new(Returned::Nothing),
    };
    let answer = guarded(object.name(), || object.invoke(index, &arguments)).flatten();
    match (answer, arguments.returned.into_inner()) {
        (Ok(ScriptValue::Returned), Returned::Values(mut values)) => {
            values.push_front(Value::Boolean(true));
            Ok(values)
        }
        (Ok(answer), _) => {
            let answer = from_answer(lua, answer)?;
            Ok(MultiValue::from_iter([Value::Boolean(true), answer]))
        }
        (Err(_), Returned::Raised(raised)) => {
            Ok(MultiValue::from_iter([Value::Boolean(false), raised]))
        }
        (Err(error), _) => {
            let error = if error.place().is_none() {
                error.at(caller(lua))
            } else {
                error
            };
            refused(lua, &error)
        }
    }
}

fn refused(lua: &Lua, error: &ScriptError) -> mlua::Result<MultiValue> {
    Ok(MultiValue::from_iter([
        Value::Boolean(false),
        to_lua(lua, error)?,
    ]))
}

/// Puts the native entry before a function that answers with a success flag. A gate is looked at
/// first: below its level, the call ends there.
fn entry(
    lua: &Lua,
    name: &str,
    function: Function,
    gate: Option<(DebugLevel, &AtomicU8)>,
) -> mlua::Result<Function> {
    let name = CString::new(name).map_err(mlua::Error::external)?;
    let shown = name.as_ptr();
    let gate = gate.map(|(level, cell)| (gated_entry(level), std::ptr::from_ref(cell).cast_mut()));
    // SAFETY: one closure is made of the function at index 1 and left on the stack. The name is kept
    // on the state's shelf, whose strings do not move, until the state is gone. The gate belongs to
    // the host object, which the function keeps alive, and is only ever read through a shared
    // reference.
    let made = unsafe {
        lua.exec_raw::<Function>(function, |state| {
            ffi::lua_rawcheckstack(state, 2);
            match gate {
                Some((entry, cell)) => {
                    ffi::lua_pushlightuserdata(state, cell.cast());
                    ffi::lua_insert(state, 1);
                    ffi::lua_pushcclosured(state, entry, shown, 2);
                }
                None => ffi::lua_pushcclosured(state, open_entry, shown, 1),
            }
        })
    }?;
    shelf(lua)
        .map_err(mlua::Error::external)?
        .names
        .lock()
        .push(name);
    Ok(made)
}

/// The entry for a level. The level is part of the code, so that reading it costs nothing.
fn gated_entry(level: DebugLevel) -> ffi::lua_CFunction {
    match level {
        DebugLevel::Off | DebugLevel::Error => gated::<1>,
        DebugLevel::Warn => gated::<2>,
        DebugLevel::Info => gated::<3>,
        DebugLevel::Debug => gated::<4>,
        DebugLevel::Trace => gated::<5>,
    }
}

unsafe extern "C-unwind" fn gated<const LEVEL: u8>(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: the first upvalue points to the gate, which lives as long as this function; see `entry`.
    unsafe {
        let gate = ffi::lua_tolightuserdata(state, ffi::lua_upvalueindex(1)).cast::<AtomicU8>();
        // Relaxed: a level that changes meanwhile may be seen a call later.
        if (*gate).load(Ordering::Relaxed) < LEVEL {
            return 0;
        }
        call_through(state, ffi::lua_upvalueindex(2))
    }
}

unsafe extern "C-unwind" fn open_entry(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: the first upvalue is the function; see `entry`.
    unsafe { call_through(state, ffi::lua_upvalueindex(1)) }
}

/// Calls the function at `index` with all arguments, returns its answers, or raises its error as the
/// value that it is. mlua can only raise its own.
///
/// # Safety
/// Must be called from a Lua function call with the function at `index`.
unsafe fn call_through(state: *mut ffi::lua_State, index: c_int) -> c_int {
    // SAFETY: the caller's promise. Nothing here needs to be dropped when an error unwinds.
    unsafe {
        let count = ffi::lua_gettop(state);
        ffi::luaL_checkstack(state, 2, c"too many arguments".as_ptr());
        ffi::lua_pushvalue(state, index);
        ffi::lua_insert(state, 1);
        ffi::lua_call(state, count, ffi::LUA_MULTRET);
        if ffi::lua_toboolean(state, 1) == 0 {
            ffi::lua_settop(state, 2);
            ffi::lua_error(state)
        }
        ffi::lua_gettop(state) - 1
    }
}

/// What a script function gave that a method called.
enum Returned {
    Nothing,
    Values(MultiValue),
    Raised(Value),
}

struct LuaArguments<'a> {
    lua: &'a Lua,
    values: MultiValue,
    returned: RefCell<Returned>,
}

impl LuaArguments<'_> {
    fn value(&self, index: usize) -> &Value {
        self.values.get(index).unwrap_or(&Value::Nil)
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
            other => display(self.lua, other, most_bytes),
        }
    }

    fn data(&self, index: usize, limits: &DataLimits) -> Result<Data, ScriptError> {
        shelf(self.lua)?.data(self.lua, self.value(index), limits)
    }

    fn inspect(&self, index: usize, options: &DumpOptions) -> DumpNode {
        inspect(self.lua, self.value(index), options)
    }

    fn call(&self, function: usize, first: usize) -> Result<(), ScriptError> {
        let Value::Function(function) = self.value(function) else {
            let kind = self.kind(function).name();
            return Err(ScriptError::new(
                ScriptErrorKind::Argument,
                format!("expected a function, got {kind}"),
            ));
        };
        let mut call: MultiValue = self.values.iter().skip(first).cloned().collect();
        call.push_front(Value::Function(function.clone()));
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
        let mut results = called.map_err(from_mlua)?;
        match results.pop_front() {
            Some(Value::Boolean(true)) => {
                *self.returned.borrow_mut() = Returned::Values(results);
                Ok(())
            }
            _ => {
                let raised = results.pop_front().unwrap_or(Value::Nil);
                let error = from_raised(self.lua, &raised, StackTrace::default());
                *self.returned.borrow_mut() = Returned::Raised(raised);
                Err(error)
            }
        }
    }

    fn stack(&self, options: &StackTraceOptions) -> StackTrace {
        capture(self.lua, options)
    }

    fn stop_reason(&self) -> Option<StopReason> {
        shelf(self.lua).ok()?.stop.reason()
    }

    fn place(&self) -> Option<Place> {
        caller(self.lua)
    }
}
