//! Which instruction a script is at when Luau's interrupt is called.
//!
//! Luau has no interface for that, so the beginning of its state is read as its source lays it out. Whether it does is
//! found out once, on a state of its own, before anybody relies on it.
//!
//! A new release of mlua may bring another Luau. Where its state begins otherwise, nothing is found, exact profiles are
//! refused, and the tests of exact profiles say so; `lstate.h` of that Luau then tells what to change here.
#![expect(
    unsafe_code,
    reason = "Luau shows neither the instruction that runs nor where it lies"
)]

use std::ffi::{CStr, c_int, c_void};
use std::sync::LazyLock;

use mlua::{Lua, LuaOptions, StdLib, ffi};

use crate::lua::profile::frames;
use crate::script_error::ScriptError;

/// The beginning of `lua_State`.
#[repr(C)]
struct State {
    header: [u8; 3],
    status: u8,
    memory_category: u8,
    // Numbers, although Luau has booleans: what lies here is not known to be one before it was looked at.
    is_active: u8,
    single_step: u8,
    top: *const Slot,
    base: *const Slot,
    global: *const c_void,
    call: *const Call,
    stack_last: *const Slot,
    stack: *const Slot,
    calls_end: *const Call,
    calls: *const Call,
}

/// `CallInfo`.
#[repr(C)]
struct Call {
    base: *const Slot,
    function: *const Slot,
    top: *const Slot,
    prototype: *const c_void,
    next_instruction: *const u32,
    results: c_int,
    flags: u32,
}

/// `TValue`.
#[repr(C)]
struct Slot([u64; 2]);

/// What an interrupt says about a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// The value that lies this far below the top of the stack is about to be called.
    Call(c_int),
    /// The function is about to return.
    Return,
    /// Anything else, such as the end of a loop.
    Other,
}

/// The numbers of the instructions that matter.
#[derive(Debug, Clone, Copy)]
pub(super) struct Instructions {
    call: u8,
    r#return: u8,
}

static KNOWN: LazyLock<Option<Instructions>> = LazyLock::new(learn);

impl Instructions {
    /// The numbers as this build of Luau has them.
    ///
    /// # Errors
    /// When it does not lay out its state as expected.
    pub(super) fn known() -> Result<Self, ScriptError> {
        KNOWN.ok_or_else(|| {
            ScriptError::internal("this build of Luau does not show which calls a script makes")
                .with_help("a sampled profile needs less of it")
        })
    }

    /// Whether a value can be pushed without a larger stack, for which memory might not suffice.
    ///
    /// # Safety
    /// The state must be open and not run meanwhile.
    pub(super) unsafe fn has_room(self, state: *mut ffi::lua_State) -> bool {
        // SAFETY: the caller's promise, and the layout was found to be the expected one.
        let (top, last) = unsafe {
            let seen = &*state.cast::<State>();
            (seen.top.addr(), seen.stack_last.addr())
        };
        last > top + 2 * size_of::<Slot>()
    }

    /// What the running function is about to do.
    ///
    /// # Safety
    /// Luau must have called its interrupt with this state just now, and a script function must be innermost.
    pub(super) unsafe fn event(self, state: *mut ffi::lua_State) -> Event {
        // SAFETY: the caller's promise, and the layout was found to be the expected one.
        match unsafe { instruction(state) } {
            Some((number, register)) if number == self.call => {
                // SAFETY: the state is open.
                Event::Call(register - unsafe { ffi::lua_gettop(state) })
            }
            Some((number, _)) if number == self.r#return => Event::Return,
            _ => Event::Other,
        }
    }
}

/// The number and the first register of the instruction that the interrupt was called at, or nothing if the state is
/// not laid out as expected.
///
/// # Safety
/// Luau must have called its interrupt with this state just now, and a script function must be innermost.
unsafe fn instruction(state: *mut ffi::lua_State) -> Option<(u8, c_int)> {
    // SAFETY: the state is open and far larger than what is read of it; nothing is read through a pointer before the
    // numbers of Luau's own interface agree with the layout.
    unsafe {
        let seen = &*state.cast::<State>();
        let depth = usize::try_from(ffi::lua_stackdepth(state)).ok()?;
        let height = usize::try_from(ffi::lua_gettop(state)).ok()?;
        let call = seen.calls.addr() + depth * size_of::<Call>();
        let top = seen.base.addr() + height * size_of::<Slot>();
        if seen.call.addr() != call || seen.call >= seen.calls_end || seen.top.addr() != top {
            return None;
        }
        let instruction = (*seen.call).next_instruction.sub(1).read();
        let [number, register, ..] = instruction.to_le_bytes();
        Some((number, c_int::from(register)))
    }
}

/// What was seen of a script whose calls are known.
#[derive(Default)]
struct Seen {
    numbers: Vec<u8>,
    called: Option<String>,
}

/// Finds the numbers by running a script that calls one function.
fn learn() -> Option<Instructions> {
    let numbers = watch("local one, two = 1, 2 local function called() end called()")?;
    let [call, one, two] = *numbers.as_slice() else {
        return None;
    };
    let looped = watch("for i = 1, 3 do local x = i end")?;
    let is_distinct = call != one
        && one == two
        && looped.last() == Some(&one)
        && !looped.contains(&call)
        && looped.iter().filter(|number| **number == one).count() == 1;
    is_distinct.then_some(Instructions {
        call,
        r#return: one,
    })
}

/// The instructions at which the interrupt was called; nothing if something is not as expected.
fn watch(source: &str) -> Option<Vec<u8>> {
    let lua = Lua::new_with(StdLib::NONE, LuaOptions::new()).ok()?;
    lua.set_compiler(mlua::chunk::Compiler::new().set_optimization_level(1));
    let script = lua.load(source).into_function().ok()?;
    let mut seen = Seen::default();
    let state = lua.exec_raw_lua(|raw| raw.state());
    // SAFETY: the state is open and nobody else's; `seen` lives until the script has ended.
    unsafe {
        let main = ffi::lua_mainthread(state);
        ffi::lua_setthreaddata(main, (&raw mut seen).cast());
        (*ffi::lua_callbacks(main)).interrupt = Some(see);
    }
    let ran = script.call::<()>(());
    // SAFETY: as above.
    unsafe { (*ffi::lua_callbacks(state)).interrupt = None };
    ran.ok()?;
    let calls_are_named = !source.contains("called") || seen.called.as_deref() == Some("called");
    (calls_are_named && !seen.numbers.contains(&u8::MAX)).then_some(seen.numbers)
}

unsafe extern "C-unwind" fn see(state: *mut ffi::lua_State, gc: c_int) {
    if gc >= 0 {
        return;
    }
    // SAFETY: `watch` has put what was seen there; only its script runs in this state.
    unsafe {
        let data = ffi::lua_getthreaddata(ffi::lua_mainthread(state));
        let Some(seen) = data.cast::<Seen>().as_mut() else {
            return;
        };
        let Some((number, register)) = instruction(state) else {
            seen.numbers.push(u8::MAX);
            return;
        };
        seen.numbers.push(number);
        if seen.called.is_none() {
            let level = register - ffi::lua_gettop(state);
            seen.called = frames::find(state, level)
                .filter(|found| !found.name().is_null())
                .map(|found| CStr::from_ptr(found.name()).to_string_lossy().into_owned());
        }
    }
}
