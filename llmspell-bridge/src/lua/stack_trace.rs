//! Lua's stack, read through Luau's C interface: frames, locals and upvalues.
#![expect(
    unsafe_code,
    reason = "mlua's safe interface shows neither locals nor upvalues"
)]

use std::borrow::Cow;
use std::ffi::{CStr, c_char, c_int};

use llmspell_utils::debug::Redactor;
use mlua::{Lua, ffi};

use crate::lua::inspect::inspect_at;
use crate::lua::shelf::shelf;
use crate::object_dump::{DumpBudget, DumpOptions, redacted_value};
use crate::script_error::Place;
use crate::stack_trace::{StackFrame, StackTrace, StackTraceOptions, Variable};

/// How many variables of one frame are read, of each sort.
const MOST_VARIABLES: c_int = 50;

/// The stack of the running coroutine, from the innermost script function on.
pub(super) fn capture(lua: &Lua, options: &StackTraceOptions) -> StackTrace {
    let mut trace = StackTrace::default();
    let Ok(shelf) = shelf(lua) else {
        return trace;
    };
    let budget = DumpBudget::new(&shelf.stop);
    let redactor = shelf.redactor();
    let mut reader = Reader {
        lua,
        budget,
        redactor: &redactor,
    };
    // SAFETY: reads the stack of the running state in protected mode and restores its height.
    let read: mlua::Result<()> = unsafe {
        lua.exec_raw((), |state| {
            read_stack(state, options, &mut trace, &mut reader);
            ffi::lua_settop(state, 0);
        })
    };
    // Memory ran out while the stack was read: what was read so far is better than nothing.
    trace.truncated |= read.is_err();
    trace
}

/// What variables are read with: all of one trace share a budget.
struct Reader<'a> {
    lua: &'a Lua,
    budget: DumpBudget<'a>,
    redactor: &'a Redactor,
}

/// The line of the script that called the host.
pub(super) fn caller(lua: &Lua) -> Option<Place> {
    // SAFETY: `lua_getinfo` with `s` and `l` only reads; it neither allocates nor pushes.
    let state = lua.exec_raw_lua(|raw| raw.state());
    (0..64).find_map(|level| {
        // SAFETY: as above; the state is the one that runs this very call.
        let info = unsafe { frame_info(state, level, c"sl") }?;
        let line = u32::try_from(info.currentline)
            .ok()
            .filter(|line| *line > 0)?;
        // SAFETY: filled by `lua_getinfo`.
        let file = unsafe { source(&info) }?;
        Some(Place {
            file,
            line,
            column: None,
        })
    })
}

/// Reads the stack into `trace`, frame by frame: what was read before memory ran out stays there.
///
/// # Safety
/// `state` must be a valid state that runs in protected mode.
unsafe fn read_stack(
    state: *mut ffi::lua_State,
    options: &StackTraceOptions,
    trace: &mut StackTrace,
    reader: &mut Reader<'_>,
) {
    // SAFETY: the caller's promise.
    let depth = unsafe { ffi::lua_stackdepth(state) };
    let mut in_script = false;
    for level in 0..depth {
        // SAFETY: the caller's promise.
        let Some(info) = (unsafe { frame_info(state, level, c"slnau") }) else {
            break;
        };
        // SAFETY: filled by `lua_getinfo`.
        let mut frame = unsafe { describe(&info) };
        // The host's own functions lie on top of the script that called them.
        in_script |= frame.what != "native";
        // … and so do those without a name that carry a call from one side to the other.
        if !in_script || (frame.what == "native" && frame.name.is_none()) {
            continue;
        }
        if trace.frames.len() >= options.max_depth {
            trace.truncated = true;
            break;
        }
        if options.capture_locals && frame.what != "native" {
            // SAFETY: the caller's promise.
            frame.locals = unsafe { locals(state, level, reader) };
        }
        if options.capture_upvalues && frame.what != "native" {
            // SAFETY: the caller's promise.
            frame.upvalues = unsafe { upvalues(state, level, reader) };
        }
        if !options.include_source {
            frame.source = None;
        }
        trace.frames.push(frame);
    }
    // The host's own functions that started the script lie below it.
    while trace
        .frames
        .last()
        .is_some_and(|frame| frame.what == "native")
    {
        trace.frames.pop();
    }
}

/// What Luau knows of a level, or `None` beyond the last.
///
/// # Safety
/// `state` must be a valid state, and `what` must not push (`f`).
unsafe fn frame_info(
    state: *mut ffi::lua_State,
    level: c_int,
    what: &CStr,
) -> Option<ffi::lua_Debug> {
    // SAFETY: an all-zero `lua_Debug` is valid: null pointers and zeros, which `lua_getinfo` fills in.
    unsafe {
        let mut info: ffi::lua_Debug = std::mem::zeroed();
        (ffi::lua_getinfo(state, level, what.as_ptr(), &raw mut info) != 0).then_some(info)
    }
}

/// A frame without its variables.
///
/// # Safety
/// `info` must have been filled by `lua_getinfo` while its function is still on the stack.
pub(super) unsafe fn describe(info: &ffi::lua_Debug) -> StackFrame {
    // SAFETY: the caller's promise: the strings are null or end with NUL.
    let (name, is_native, source) = unsafe {
        let is_native = !info.what.is_null() && CStr::from_ptr(info.what) == c"C";
        (text(info.name), is_native, source(info))
    };
    let line = |line: c_int| u32::try_from(line).ok().filter(|line| *line > 0);
    let name = name.filter(|name| !name.is_empty());
    StackFrame {
        what: match (is_native, &name) {
            (true, _) => "native",
            (false, None) if info.linedefined <= 1 && info.isvararg != 0 => "main",
            (false, _) => "Lua",
        },
        name,
        source,
        line: line(info.currentline),
        column: None,
        line_defined: line(info.linedefined),
        num_params: (!is_native).then_some(u32::from(info.nparams)),
        num_upvalues: (!is_native).then_some(u32::from(info.nupvals)),
        locals: Vec::new(),
        upvalues: Vec::new(),
    }
}

/// The name under which a source was loaded; `None` for native code.
///
/// # Safety
/// As for [`describe`].
unsafe fn source(info: &ffi::lua_Debug) -> Option<String> {
    // SAFETY: the caller's promise.
    let source = unsafe { shown(info.source) }?;
    match source.strip_prefix('@') {
        Some(name) => Some(name.to_owned()),
        None if source.starts_with("=[") => None,
        None => Some(source.trim_start_matches('=').to_owned()),
    }
}

/// A C string, or `None` for a null pointer.
///
/// # Safety
/// `pointer` must be null or point to a string that ends with NUL.
unsafe fn text(pointer: *const c_char) -> Option<String> {
    // SAFETY: the caller's promise.
    unsafe { shown(pointer) }.map(Cow::into_owned)
}

/// A C string as text, or `None` for a null pointer.
///
/// # Safety
/// As for [`text`], and the string must live as long as the answer.
unsafe fn shown<'a>(pointer: *const c_char) -> Option<Cow<'a, str>> {
    // SAFETY: the caller's promise.
    (!pointer.is_null()).then(|| unsafe { CStr::from_ptr(pointer).to_string_lossy() })
}

/// Parameters and locals in scope, in the order of their declaration.
///
/// # Safety
/// `state` must be a valid state that runs in protected mode, and `level` a Lua function's.
unsafe fn locals(
    state: *mut ffi::lua_State,
    level: c_int,
    reader: &mut Reader<'_>,
) -> Vec<Variable> {
    // SAFETY: `lua_getlocal` pushes the value of each local that it names, and nothing otherwise.
    let found = unsafe {
        variables(state, reader, |number| {
            ffi::lua_getlocal(state, level, number)
        })
    };
    // A name that hides another of the same name stands for both.
    let mut shown: Vec<Variable> = Vec::with_capacity(found.len());
    for variable in found {
        shown.retain(|earlier| earlier.name != variable.name);
        shown.push(variable);
    }
    shown
}

/// The variables that the function at a level closes over.
///
/// # Safety
/// `state` must be a valid state that runs in protected mode, and `level` a Lua function's.
unsafe fn upvalues(
    state: *mut ffi::lua_State,
    level: c_int,
    reader: &mut Reader<'_>,
) -> Vec<Variable> {
    // SAFETY: `f` pushes the function, which is popped at the end.
    unsafe {
        ffi::lua_rawcheckstack(state, 2);
        let mut info: ffi::lua_Debug = std::mem::zeroed();
        if ffi::lua_getinfo(state, level, c"f".as_ptr(), &raw mut info) == 0 {
            return Vec::new();
        }
        let function = ffi::lua_gettop(state);
        let found = variables(state, reader, |number| {
            ffi::lua_getupvalue(state, function, number)
        });
        ffi::lua_settop(state, function - 1);
        found
    }
}

/// Reads variables by number until there are no more.
///
/// # Safety
/// `state` must be a valid state that runs in protected mode; `read` must push one value for each
/// name that it returns, and nothing when it returns null.
unsafe fn variables(
    state: *mut ffi::lua_State,
    reader: &mut Reader<'_>,
    read: impl Fn(c_int) -> *const c_char,
) -> Vec<Variable> {
    let options = DumpOptions::compact();
    let mut found = Vec::new();
    for number in 1..=MOST_VARIABLES {
        if reader.budget.is_used_up() {
            break;
        }
        // SAFETY: the caller's promise; the value is popped again.
        unsafe {
            ffi::lua_rawcheckstack(state, 2);
            let Some(name) = text(read(number)) else {
                break;
            };
            let top = ffi::lua_gettop(state);
            let node = inspect_at(reader.lua, state, top, &options, &mut reader.budget);
            let value = redacted_value(&name, &node, &options, reader.redactor);
            ffi::lua_settop(state, -2);
            // Names in parentheses are the compiler's own.
            if !name.is_empty() && !name.starts_with('(') {
                found.push(Variable { name, value });
            }
        }
    }
    found
}
