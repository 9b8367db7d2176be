//! The Luau sandbox: which libraries scripts get, and what interrupts a running script.
#![expect(
    unsafe_code,
    reason = "Luau's interrupt and assignments to globals are reached through its C interface only"
)]

use std::ffi::c_int;
use std::ptr::NonNull;
use std::sync::Arc;

use mlua::{Function, Lua, LuaOptions, StdLib, Table, ffi};
use parking_lot::Mutex;

use crate::lua::error::from_mlua;
use crate::sandbox::{SandboxLimits, StopFlag, StopReason, Stopper};
use crate::script_error::ScriptError;

/// The globals that scripts keep. What is not named here is removed, so a new release of the engine
/// cannot hand out a new power unseen.
const GLOBALS: [&str; 32] = [
    "_G",
    "_VERSION",
    "assert",
    "bit32",
    "buffer",
    "coroutine",
    "error",
    "getmetatable",
    "integer",
    "ipairs",
    "math",
    "next",
    "os",
    "pairs",
    "pcall",
    "print",
    "rawequal",
    "rawget",
    "rawlen",
    "rawset",
    "select",
    "setmetatable",
    "string",
    "table",
    "tonumber",
    "tostring",
    "type",
    "typeof",
    "unpack",
    "utf8",
    "vector",
    "xpcall",
];

/// A state with the safe libraries and the memory limit, not yet closed for writing.
pub(super) fn open(limits: &SandboxLimits) -> Result<Lua, ScriptError> {
    let libraries = StdLib::COROUTINE
        | StdLib::TABLE
        | StdLib::OS
        | StdLib::STRING
        | StdLib::UTF8
        | StdLib::BIT
        | StdLib::MATH
        | StdLib::BUFFER
        | StdLib::VECTOR
        | StdLib::INTEGER;
    let lua = Lua::new_with(libraries, LuaOptions::new()).map_err(from_mlua)?;
    remove_other_globals(&lua).map_err(from_mlua)?;
    lua.set_memory_limit(limits.memory).map_err(from_mlua)?;
    // Level 2 keeps the names of locals for stack traces; level 1 optimises within what they allow.
    lua.set_compiler(
        mlua::chunk::Compiler::new()
            .set_optimization_level(1)
            .set_debug_level(2),
    );
    Ok(lua)
}

fn remove_other_globals(lua: &Lua) -> mlua::Result<()> {
    let globals = lua.globals();
    let names: Vec<String> = globals
        .pairs::<String, mlua::Value>()
        .filter_map(|pair| pair.ok().map(|(name, _)| name))
        .collect();
    for name in names {
        if !GLOBALS.contains(&name.as_str()) {
            globals.raw_set(name, mlua::Nil)?;
        }
    }
    let os: Option<Table> = globals.raw_get("os")?;
    if let Some(os) = os {
        for name in os
            .clone()
            .pairs::<String, mlua::Value>()
            .filter_map(Result::ok)
            .map(|pair| pair.0)
        {
            if !["clock", "date", "difftime", "time"].contains(&name.as_str()) {
                os.raw_set(name, mlua::Nil)?;
            }
        }
    }
    Ok(())
}

/// Makes the globals read-only and gives scripts an environment of their own above them, in which the
/// `installed` globals of the host cannot be shadowed.
///
/// Names of the host and of the language are looked up once, when a script is loaded, because they
/// cannot change. Names of scripts are not among the globals and are looked up each time. That is why
/// the environment is handed to each script instead of taking the globals' place in the state: what
/// one script left there would be looked up once in the next.
pub(super) fn close(lua: &Lua, installed: &[String]) -> mlua::Result<Table> {
    // SAFETY: changes the flags of tables, and leaves the stack as it was.
    unsafe { lua.exec_raw::<()>((), |state| ffi::luaL_sandbox(state, 1)) }?;
    let names = lua.create_table()?;
    for name in installed {
        names.raw_set(name.as_str(), true)?;
    }
    let metatable = lua.create_table()?;
    metatable.raw_set("__index", lua.globals())?;
    metatable.raw_set("__newindex", assignment(lua, names)?)?;
    metatable.raw_set("__metatable", false)?;
    metatable.set_readonly(true);
    let environment = lua.create_table()?;
    environment.set_metatable(Some(metatable))?;
    environment.set_safeenv(true);
    Ok(environment)
}

/// What Luau calls when a script assigns a global that it has not assigned before.
fn assignment(lua: &Lua, installed: Table) -> mlua::Result<Function> {
    // SAFETY: one closure is made of the table at index 1 and left on the stack.
    unsafe {
        lua.exec_raw(installed, |state| {
            ffi::lua_rawcheckstack(state, 1);
            ffi::lua_pushcclosured(state, assign, c"assign a global".as_ptr(), 1);
        })
    }
}

unsafe extern "C-unwind" fn assign(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: Luau calls this with the environment, a name and a value, and there is room for a few
    // more in every call; the upvalue is the table of names. This frame holds numbers only.
    unsafe {
        ffi::lua_settop(state, 3);
        ffi::lua_pushvalue(state, 2);
        ffi::lua_rawget(state, ffi::lua_upvalueindex(1));
        if ffi::lua_toboolean(state, -1) != 0 {
            let name = ffi::lua_tolstring(state, 2, std::ptr::null_mut());
            ffi::luaL_error(
                state,
                c"the global `%s` belongs to the host and cannot be changed".as_ptr(),
                name,
            )
        }
        ffi::lua_settop(state, 3);
        ffi::lua_rawset(state, 1);
        0
    }
}

/// Stops Luau from another thread by setting its interrupt, which the machine looks at on every loop
/// and call. While it is not set, it costs nothing. Profiles use the same interrupt, and a stop goes first.
///
/// INVARIANT: flag and interrupt change together, under the lock. Otherwise a `clear` could fall
/// between the two halves of a `stop` and leave a script that is interrupted for no reason.
pub(super) struct LuaStopper {
    flag: Arc<StopFlag>,
    slot: Mutex<InterruptSlot>,
}

/// What Luau calls at its safe points, on the thread that runs the script. A number below 0 is one where an error may
/// be raised.
pub(super) type Interrupt = unsafe extern "C-unwind" fn(*mut ffi::lua_State, c_int);

struct InterruptSlot {
    /// Where Luau finds its interrupt, while the state is open.
    callbacks: Option<NonNull<ffi::lua_Callbacks>>,
    /// The interrupt that a profile needs at every safe point, while there is no stop.
    resting: Option<Interrupt>,
}

impl InterruptSlot {
    fn set(&self, interrupt: Option<Interrupt>) {
        if let Some(callbacks) = self.callbacks {
            // SAFETY: the state is open, because `detach` takes the lock that guards this before it is closed.
            // A volatile store, because the thread that runs the machine reads the field meanwhile.
            unsafe { (&raw mut (*callbacks.as_ptr()).interrupt).write_volatile(interrupt) };
        }
    }
}

// SAFETY: the pointer is used under the lock only, and only to store into `interrupt`, which Luau
// documents as the one callback that any thread may set at any time.
unsafe impl Send for LuaStopper {}
// SAFETY: as above.
unsafe impl Sync for LuaStopper {}

impl LuaStopper {
    /// The stopper of a state; [`detach`](Self::detach) must be called before the state is closed.
    pub(super) fn new(lua: &Lua, flag: Arc<StopFlag>) -> Self {
        let state = lua.exec_raw_lua(|raw| raw.state());
        // SAFETY: the state is open, and its callbacks live as long as it does.
        let callbacks = NonNull::new(unsafe { ffi::lua_callbacks(state) });
        let slot = InterruptSlot {
            callbacks,
            resting: None,
        };
        Self {
            flag,
            slot: Mutex::new(slot),
        }
    }

    /// Forgets the state. INVARIANT: after this the pointer is gone, so no thread can use it.
    pub(super) fn detach(&self) {
        let mut slot = self.slot.lock();
        slot.set(None);
        slot.callbacks = None;
    }

    /// Has `interrupt` called at the next safe point and all that follow, until [`rest`](Self::rest). A script that is
    /// being stopped is stopped all the same.
    pub(super) fn arm(&self, interrupt: Interrupt) {
        let slot = self.slot.lock();
        if !self.flag.is_set() {
            slot.set(Some(interrupt));
        }
    }

    /// Undoes what [`arm`](Self::arm) did.
    pub(super) fn rest(&self) {
        let slot = self.slot.lock();
        if !self.flag.is_set() {
            slot.set(slot.resting);
        }
    }

    /// Sets what is called at every safe point of every script from now on, as long as none is stopped.
    pub(super) fn set_resting(&self, interrupt: Option<Interrupt>) {
        let mut slot = self.slot.lock();
        slot.resting = interrupt;
        if !self.flag.is_set() {
            slot.set(interrupt);
        }
    }

    /// Whether Luau would call anything at its next safe point.
    #[cfg(test)]
    pub(super) fn is_armed(&self) -> bool {
        let slot = self.slot.lock();
        // SAFETY: as in `set`.
        slot.callbacks
            .is_some_and(|callbacks| unsafe { (*callbacks.as_ptr()).interrupt.is_some() })
    }
}

impl Stopper for LuaStopper {
    fn stop(&self, reason: StopReason) {
        let slot = self.slot.lock();
        self.flag.stop(reason);
        slot.set(Some(interrupt));
    }

    fn clear(&self) {
        let slot = self.slot.lock();
        self.flag.clear();
        slot.set(slot.resting);
    }

    fn reason(&self) -> Option<StopReason> {
        self.flag.reason()
    }

    fn stop_policy(&self) {
        let slot = self.slot.lock();
        self.flag.stop_policy();
        slot.set(Some(interrupt));
    }

    fn end_policy(&self) {
        let slot = self.slot.lock();
        self.flag.end_policy();
        if !self.flag.is_set() {
            slot.set(slot.resting);
        }
    }
}

/// Raises an error at every safe point until it is unset, so that `pcall` cannot hold it up.
unsafe extern "C-unwind" fn interrupt(state: *mut ffi::lua_State, gc: c_int) {
    if gc >= 0 {
        // Called by the collector, which an error must not leave half way.
        return;
    }
    // SAFETY: Luau calls this with the running state at a point where errors may be raised; the
    // string is static, and nothing in this frame needs to be dropped.
    unsafe {
        ffi::lua_rawcheckstack(state, 1);
        ffi::lua_pushstring_(state, c"the script was stopped".as_ptr());
        ffi::lua_error(state)
    }
}
