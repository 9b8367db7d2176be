//! Host objects as Lua tables and userdata, and the border that each call crosses.
#![expect(
    unsafe_code,
    reason = "a call that nobody listens to must end before mlua looks at it"
)]

use std::ffi::{CString, c_int};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use llmspell_utils::debug::DebugLevel;
use mlua::{
    AnyUserData, Function, Lua, MetaMethod, MultiValue, Table, UserData, UserDataFields,
    UserDataMethods, Value, ffi,
};

use crate::host_object::{HostObject, guarded};
use crate::lua::arguments::{LuaArguments, Returned};
use crate::lua::convert::from_answer;
use crate::lua::error::{from_mlua, to_lua};
use crate::lua::shelf::shelf;
use crate::lua::stack_trace::caller;
use crate::script_error::{ScriptError, ScriptErrorKind};
use crate::script_value::ScriptValue;

/// A host object as a read-only table of functions, for globals. Its fields are read when a script
/// reads them.
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
    if !object.field_names().is_empty() {
        let metatable = lua.create_table()?;
        metatable.raw_set("__index", bound_fields(lua, object)?)?;
        metatable.raw_set("__metatable", false)?;
        metatable.set_readonly(true);
        table.set_metatable(Some(metatable))?;
    }
    table.set_readonly(true);
    Ok(table)
}

/// A method of an object as a function that traces show by a name. A first argument that is `receiver`
/// is left out, so that `Debug:info("x")` means what its writer meant.
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
    let gate = guarded(object.name(), || object.gate()).map_err(mlua::Error::external)?;
    entry(lua, name, function, method.level.zip(gate))
}

/// What a table of an object asks for the names that are no methods.
fn bound_fields(lua: &Lua, object: &Arc<dyn HostObject>) -> mlua::Result<Function> {
    let this = Arc::clone(object);
    let function = lua.create_function(move |lua, (_, name): (Value, Value)| {
        let is_loading = shelf(lua).is_ok_and(|shelf| shelf.is_loading());
        match field_name(&*this, &name) {
            // What a script names is looked up when it is loaded and kept, and a field must not be.
            Some(name) if !is_loading => answer(lua, read_field(&*this, name)),
            _ => answer(lua, Ok(ScriptValue::Nil)),
        }
    })?;
    entry(lua, &format!("field of {}", object.name()), function, None)
}

/// A host object that comes and goes, as a userdata value.
pub(super) struct LuaObject(Arc<dyn HostObject>);

impl LuaObject {
    pub(super) fn new(object: Arc<dyn HostObject>) -> Self {
        Self(object)
    }

    /// The object that a userdata value holds.
    pub(super) fn held(value: &AnyUserData) -> Option<Arc<dyn HostObject>> {
        let object = value.borrow::<Self>().ok()?;
        Some(Arc::clone(&object.0))
    }

    /// The name of the kind of object that a userdata value holds.
    pub(super) fn name_of(value: &AnyUserData) -> Option<&'static str> {
        let object = value.borrow::<Self>().ok()?;
        Some(object.0.name())
    }
}

impl UserData for LuaObject {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_meta_field_with(MetaMethod::Index, |lua| {
            let member =
                lua.create_function(|lua, (this, name): (AnyUserData, Value)| {
                    match this.borrow::<Self>() {
                        Ok(object) => member(lua, &*object.0, &name),
                        Err(_) => answer(lua, Ok(ScriptValue::Nil)),
                    }
                })?;
            entry(lua, "member", member, None)
        });
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_method(MetaMethod::ToString, |_, this, ()| Ok(this.0.name()));
    }
}

fn member(lua: &Lua, object: &dyn HostObject, name: &Value) -> mlua::Result<MultiValue> {
    if let Some(name) = field_name(object, name) {
        return answer(lua, read_field(object, name));
    }
    let method = match name.as_string() {
        Some(name) => method_of_kind(lua, object, &name.to_string_lossy())?,
        None => Value::Nil,
    };
    Ok(MultiValue::from_iter([Value::Boolean(true), method]))
}

fn field_name(object: &dyn HostObject, name: &Value) -> Option<&'static str> {
    let name = name.as_string()?.as_bytes();
    let names = object.field_names().iter().copied();
    names.into_iter().find(|field| field.as_bytes() == &*name)
}

fn read_field(object: &dyn HostObject, name: &str) -> Result<ScriptValue, ScriptError> {
    guarded(object.name(), || object.field(name)).map(Option::unwrap_or_default)
}

/// The function behind `object:name(…)`, made once for each kind of object.
///
/// Two types may call their kind the same, so the method is looked for in the object itself.
fn method_of_kind(lua: &Lua, object: &dyn HostObject, name: &str) -> mlua::Result<Value> {
    if object.method_named(name).is_none() {
        return Ok(Value::Nil);
    }
    let kind = object.name();
    let registered = format!("llmspell.{kind}.{name}");
    if let Ok(function) = lua.named_registry_value::<Function>(&registered) {
        return Ok(Value::Function(function));
    }
    let wanted = name.to_owned();
    let stand_in = guarded(kind, || object.stand_in()).map_err(mlua::Error::external)?;
    let function = lua.create_function(move |lua, mut values: MultiValue| {
        let receiver = values.pop_front();
        let object = receiver
            .as_ref()
            .and_then(Value::as_userdata)
            .and_then(|value| of_kind(value, kind));
        match object.or_else(|| stand_in.clone()) {
            Some(object) => call_by_name(lua, &*object, &wanted, values),
            None => refused(lua, missing_receiver(kind, &wanted)),
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

fn call_by_name(
    lua: &Lua,
    object: &dyn HostObject,
    name: &str,
    values: MultiValue,
) -> mlua::Result<MultiValue> {
    let found = guarded(object.name(), || {
        let (index, method) = object.method_named(name)?;
        Some((index, object.listens_to(&method)))
    });
    match found {
        Ok(Some((index, true))) => cross(lua, object, index, values),
        Ok(Some((_, false))) => Ok(MultiValue::from_iter([Value::Boolean(true)])),
        Ok(None) => refused(lua, missing_receiver(object.name(), name)),
        Err(error) => refused(lua, error),
    }
}

fn missing_receiver(kind: &str, name: &str) -> ScriptError {
    let example = kind.to_lowercase();
    ScriptError::new(
        ScriptErrorKind::Argument,
        format!("`{name}` needs its {kind} in front: write `{example}:{name}(…)`"),
    )
}

/// Runs a method. The first value says whether it succeeded; what follows is the answer or the error.
fn cross(
    lua: &Lua,
    object: &dyn HostObject,
    index: usize,
    values: MultiValue,
) -> mlua::Result<MultiValue> {
    let arguments = LuaArguments::new(lua, values);
    let answered = guarded(object.name(), || object.invoke(index, &arguments)).flatten();
    match (answered, arguments.into_returned()) {
        (Ok(ScriptValue::Returned), Returned::Values(mut values)) => {
            values.push_front(Value::Boolean(true));
            Ok(values)
        }
        (Err(error), Returned::Raised(known, raised)) if is_same(&error, &known) => {
            Ok(MultiValue::from_iter([Value::Boolean(false), raised]))
        }
        (answered, _) => answer(lua, answered),
    }
}

fn is_same(one: &ScriptError, other: &ScriptError) -> bool {
    one.kind() == other.kind() && one.message() == other.message()
}

/// An answer or an error, behind the flag that tells which.
fn answer(lua: &Lua, answer: Result<ScriptValue, ScriptError>) -> mlua::Result<MultiValue> {
    let value = match answer {
        Ok(answer) => from_answer(lua, answer),
        Err(error) => return refused(lua, error),
    };
    match value {
        Ok(value) => Ok(MultiValue::from_iter([Value::Boolean(true), value])),
        // The host's own refusal, as against an error of the engine.
        Err(error @ mlua::Error::ExternalError(_)) => refused(lua, from_mlua(error)),
        Err(error) => Err(error),
    }
}

fn refused(lua: &Lua, error: ScriptError) -> mlua::Result<MultiValue> {
    let error = match error.place() {
        Some(_) => error,
        None => error.at(caller(lua)),
    };
    Ok(MultiValue::from_iter([
        Value::Boolean(false),
        to_lua(lua, &error)?,
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
    let shelf = shelf(lua).map_err(mlua::Error::external)?;
    shelf.keep_name(name);
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
    // SAFETY: the caller's promise. This frame holds numbers only, so nothing is lost when an error
    // unwinds through it.
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
