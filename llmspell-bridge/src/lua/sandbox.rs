//! The Luau sandbox: which libraries scripts get, and what interrupts a running script.
#![expect(
    unsafe_code,
    reason = "Luau's interrupt is reached through its C interface only"
)]

use std::ffi::c_int;
use std::ptr::NonNull;
use std::sync::Arc;

use mlua::{Lua, LuaOptions, StdLib, Table, ffi};
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

/// Stops Luau from another thread by setting its interrupt, which the machine looks at on every loop
/// and call. While it is not set, it costs nothing.
///
/// INVARIANT: flag and interrupt change together, under the lock. Otherwise a `clear` could fall
/// between the two halves of a `stop` and leave a script that is interrupted for no reason.
pub(super) struct LuaStopper {
    flag: Arc<StopFlag>,
    callbacks: Mutex<Option<NonNull<ffi::lua_Callbacks>>>,
}

type Interrupt = unsafe extern "C-unwind" fn(*mut ffi::lua_State, c_int);

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
        Self {
            flag,
            callbacks: Mutex::new(callbacks),
        }
    }

    /// Forgets the state. INVARIANT: after this the pointer is gone, so no thread can use it.
    pub(super) fn detach(&self) {
        *self.callbacks.lock() = None;
    }

    fn change(&self, interrupt: Option<Interrupt>, change_flag: impl FnOnce(&StopFlag)) {
        let callbacks = self.callbacks.lock();
        change_flag(&self.flag);
        if let Some(callbacks) = *callbacks {
            // SAFETY: the state is open, because `detach` takes the same lock before it is closed.
            // A volatile store, because the thread that runs the machine reads the field meanwhile.
            unsafe { (&raw mut (*callbacks.as_ptr()).interrupt).write_volatile(interrupt) };
        }
    }
}

impl Stopper for LuaStopper {
    fn stop(&self, reason: StopReason) {
        self.change(Some(interrupt), |flag| flag.stop(reason));
    }

    fn clear(&self) {
        self.change(None, StopFlag::clear);
    }

    fn reason(&self) -> Option<StopReason> {
        self.flag.reason()
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
