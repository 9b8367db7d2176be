//! The functions on Lua's stack as frames of a profile.
#![expect(
    unsafe_code,
    reason = "mlua's safe interface makes values of what a sample only looks at"
)]

use std::collections::HashMap;
use std::ffi::{CStr, CString, c_char, c_int};

use foldhash::fast::RandomState;
use llmspell_utils::debug::{FrameId, FrameKind, ProfileBuilder, ProfileFrame};
use mlua::ffi;

use crate::lua::profile::layout::Instructions;
use crate::lua::profile::names::{NativeNames, address};
use crate::lua::stack_trace::describe;
use crate::script_profile::profile_frame;

/// How many of the outermost functions a sample keeps, and how many of the innermost.
const KEPT: usize = 64;

/// A function that is on the stack.
///
/// Luau numbers the functions of scripts for as long as the state lives; of a native function the address of its name
/// is known, or 0 if it has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Script(c_int),
    Native(usize),
}

/// A function at a level, as far as Luau tells without making anything.
pub(super) struct Found {
    pub(super) function: Function,
    name: *const c_char,
}

/// The function at a level, or, for a negative level, the one that lies that far below the top of the stack.
///
/// # Safety
/// `state` must be an open state that does not run meanwhile.
pub(super) unsafe fn find(state: *mut ffi::lua_State, level: c_int) -> Option<Found> {
    // SAFETY: an all-zero `lua_Debug` is valid; with `p` and `n` Luau only fills it in.
    let info = unsafe {
        let mut info: ffi::lua_Debug = std::mem::zeroed();
        (ffi::lua_getinfo(state, level, c"pn".as_ptr(), &raw mut info) != 0).then_some(info)
    }?;
    let function = match info.protoid {
        0 => Function::Native(info.name as usize),
        number => Function::Script(number),
    };
    Some(Found {
        function,
        name: info.name,
    })
}

impl Found {
    /// The function's name as Luau has it; null if it has none.
    pub(super) const fn name(&self) -> *const c_char {
        self.name
    }
}

/// The frames of functions, so that a sample makes no names of its own.
pub(super) struct LuaFrames {
    names: &'static NativeNames,
    /// How Luau lays out its state, if that is known.
    instructions: Option<Instructions>,
    scripts: HashMap<c_int, FrameId, RandomState>,
    /// By the address of the name and of the code, with the name: another one may take its place.
    natives: HashMap<(usize, usize), (CString, FrameId), RandomState>,
    left_out: Option<FrameId>,
}

impl LuaFrames {
    pub(super) fn new(instructions: Option<Instructions>) -> Self {
        Self {
            names: NativeNames::known(),
            instructions,
            scripts: HashMap::default(),
            natives: HashMap::default(),
            left_out: None,
        }
    }

    /// The frame of a function; none for a native one without a name, which only carries a call from one side to the
    /// other.
    ///
    /// # Safety
    /// `found` must have been found at this level of this state just now.
    pub(super) unsafe fn frame(
        &mut self,
        builder: &mut ProfileBuilder,
        state: *mut ffi::lua_State,
        level: c_int,
        found: &Found,
    ) -> Option<FrameId> {
        match found.function {
            Function::Script(number) => {
                if let Some(frame) = self.scripts.get(&number) {
                    return Some(*frame);
                }
                // SAFETY: the caller's promise; `s`, `n` and `a` only fill in.
                let frame = unsafe {
                    let mut info: ffi::lua_Debug = std::mem::zeroed();
                    ffi::lua_getinfo(state, level, c"sna".as_ptr(), &raw mut info);
                    profile_frame(&describe(&info))
                };
                let frame = builder.frame(frame);
                self.scripts.insert(number, frame);
                Some(frame)
            }
            Function::Native(0) => None,
            Function::Native(address) => {
                // SAFETY: the caller's promise; the name is a string of the state that the function keeps alive.
                let (name, code) = unsafe { (CStr::from_ptr(found.name), self.code(state, level)) };
                let key = (address, code);
                match self.natives.get(&key) {
                    Some((known, frame)) if known.as_c_str() == name => Some(*frame),
                    _ => Some(self.new_native(builder, key, name)),
                }
            }
        }
    }

    /// The address of the code of a native function, or 0 where it cannot be had.
    ///
    /// # Safety
    /// There must be a native function at this level of this state.
    unsafe fn code(&self, state: *mut ffi::lua_State, level: c_int) -> usize {
        // SAFETY: the caller's promise. A negative level is an index of the stack; for another one Luau pushes the
        // function, for which there is room, and which is taken off again.
        unsafe {
            if level < 0 {
                return address(ffi::lua_tocfunction(state, level));
            }
            let has_room = |known: Instructions| known.has_room(state);
            if !self.instructions.is_some_and(has_room) {
                return 0;
            }
            let mut info: ffi::lua_Debug = std::mem::zeroed();
            if ffi::lua_getinfo(state, level, c"f".as_ptr(), &raw mut info) == 0 {
                return 0;
            }
            let code = address(ffi::lua_tocfunction(state, -1));
            ffi::lua_settop(state, -2);
            code
        }
    }

    fn new_native(
        &mut self,
        builder: &mut ProfileBuilder,
        key: (usize, usize),
        name: &CStr,
    ) -> FrameId {
        let shown = name.to_string_lossy();
        let frame = match self.names.qualified(&shown, key.1) {
            Some(name) => ProfileFrame::new(name, FrameKind::Native),
            // Without its code the name alone must tell: those of the host have their object in front.
            None if key.1 == 0 && !shown.contains('.') => {
                ProfileFrame::new(&*shown, FrameKind::Native)
            }
            None => ProfileFrame::new(&*shown, FrameKind::Host),
        };
        let frame = builder.frame(frame);
        self.natives.insert(key, (name.to_owned(), frame));
        frame
    }

    /// The stack of coroutines that wait for each other, the outermost function first. Of a deep one the middle is left
    /// out. What lies above the innermost script function is in it only if `with_natives` says so.
    ///
    /// # Safety
    /// The threads must be of an open state that does not run meanwhile.
    pub(super) unsafe fn stack(
        &mut self,
        builder: &mut ProfileBuilder,
        threads: &Threads,
        with_natives: bool,
    ) -> Vec<FrameId> {
        // SAFETY: the caller's promise.
        let depths = threads
            .states()
            .map(|state| (state, unsafe { ffi::lua_stackdepth(state) }));
        let total: usize = depths.clone().map(|(_, depth)| count(depth)).sum();
        let middle = KEPT..total.saturating_sub(KEPT);
        let mut stack = Vec::with_capacity(total.min(2 * KEPT + 1));
        let mut scripts_end = 0;
        let levels = depths.flat_map(|(state, depth)| {
            let levels = (0..depth).rev();
            levels.map(move |level| (state, level))
        });
        let mut levels = levels.enumerate();
        while let Some((index, (state, level))) = levels.next() {
            if index == middle.start && !middle.is_empty() {
                stack.push(self.left_out(builder));
                // One of the middle was taken already.
                if middle.len() > 1 {
                    levels.nth(middle.len() - 2);
                }
                continue;
            }
            // SAFETY: the caller's promise.
            let Some(found) = (unsafe { find(state, level) }) else {
                continue;
            };
            let is_script = matches!(found.function, Function::Script(_));
            // The host's own functions that started the script lie below it.
            if !is_script && scripts_end == 0 {
                continue;
            }
            // SAFETY: it was found just now.
            stack.extend(unsafe { self.frame(builder, state, level, &found) });
            if is_script {
                scripts_end = stack.len();
            }
        }
        if !with_natives {
            stack.truncate(scripts_end);
        }
        stack
    }

    fn left_out(&mut self, builder: &mut ProfileBuilder) -> FrameId {
        // Without their number, so that the same recursion is the same path at every depth.
        *self
            .left_out
            .get_or_insert_with(|| builder.frame(ProfileFrame::new("(…)", FrameKind::Native)))
    }
}

fn count(depth: c_int) -> usize {
    usize::try_from(depth).unwrap_or(0)
}

/// The coroutines that wait for each other, the outermost first. The last of them runs.
#[derive(Default)]
pub(super) struct Threads(Vec<StatePointer>);

/// A coroutine.
#[derive(Clone, Copy, PartialEq, Eq)]
struct StatePointer(*mut ffi::lua_State);

// SAFETY: the pointer is only used on the thread that runs the script, in calls that Luau makes while every coroutine
// of the list runs or waits, and is forgotten at the end of the script.
unsafe impl Send for StatePointer {}

impl Threads {
    /// A script begins in a state.
    pub(super) fn start(&mut self, state: *mut ffi::lua_State) {
        self.0.clear();
        self.0.push(StatePointer(state));
    }

    /// No script runs.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Takes notice that this coroutine runs; says whether it was the one that was known to run.
    ///
    /// A profile that begins in a coroutine learns of the main one only, and not of those in between.
    ///
    /// # Safety
    /// The state must be the one that runs.
    pub(super) unsafe fn reach(&mut self, state: *mut ffi::lua_State) -> bool {
        let this = StatePointer(state);
        if self.0.last() == Some(&this) {
            return true;
        }
        if let Some(at) = self.0.iter().position(|known| *known == this) {
            self.0.truncate(at + 1);
        } else {
            // SAFETY: the caller's promise.
            self.start(unsafe { ffi::lua_mainthread(state) });
            if self.0.last() != Some(&this) {
                self.0.push(this);
            }
        }
        false
    }

    /// A coroutine goes on, and the one that ran waits for it.
    pub(super) fn resumed(&mut self, state: *mut ffi::lua_State) {
        self.0.push(StatePointer(state));
    }

    /// A coroutine does not run any more.
    pub(super) fn suspended(&mut self, state: *mut ffi::lua_State) {
        let this = StatePointer(state);
        if let Some(at) = self.0.iter().rposition(|known| *known == this) {
            self.0.truncate(at);
        }
    }

    /// How many coroutines wait or run.
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    pub(super) fn states(&self) -> impl Iterator<Item = *mut ffi::lua_State> + Clone + '_ {
        self.0.iter().map(|pointer| pointer.0)
    }
}
