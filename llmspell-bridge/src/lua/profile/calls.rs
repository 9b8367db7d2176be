//! Every call of a script, followed from interrupt to interrupt.
#![expect(unsafe_code, reason = "the stack is read through Luau's C interface")]

use std::ffi::c_int;
use std::time::Duration;

use llmspell_utils::debug::{FrameId, ProfileBuilder};
use mlua::ffi;

use crate::lua::profile::frames::{Found, Function, LuaFrames, Threads, find};
use crate::lua::profile::layout::{Event, Instructions};
use crate::lua::profile::step;
use crate::script_profile::RunningProfile;

/// The calls that are open, as they were at the last interrupt.
///
/// Luau calls its interrupt before a call, before a return and at the end of a loop. A return ends the innermost call
/// of the list; what an error has ended is noticed at the next interrupt, by a stack that is lower or holds another
/// function.
///
/// A function that a native function calls begins without an interrupt. While a native function runs, Luau is therefore
/// asked to tell of every instruction of what it calls, and no longer after the first.
pub(super) struct Calls {
    instructions: Instructions,
    open: Vec<OpenCall>,
    /// Where the calls of each coroutine begin in `open`, in the order of the threads.
    begins: Vec<usize>,
    /// The main function of a script that has begun, which the profile was told of already.
    main: Option<FrameId>,
    /// Whether Luau tells of the next instruction of what a native function calls.
    is_listening: bool,
}

struct OpenCall {
    function: Function,
    /// How many calls of the profile were open before.
    before: usize,
}

/// What the profile is told with.
struct Teller<'a> {
    frames: &'a mut LuaFrames,
    builder: &'a mut ProfileBuilder,
    now: Duration,
}

/// Tells the profile something at the current time.
fn tell(frames: &mut LuaFrames, profile: &RunningProfile, tell: impl FnOnce(&mut Teller<'_>)) {
    profile.feed(|builder, now| {
        tell(&mut Teller {
            frames,
            builder,
            now,
        });
    });
}

/// Whether a call begins or went on before the profile knew of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Entry {
    Called,
    Resumed,
}

impl Calls {
    pub(super) const fn new(instructions: Instructions) -> Self {
        Self {
            instructions,
            open: Vec::new(),
            begins: Vec::new(),
            main: None,
            is_listening: false,
        }
    }

    /// A script begins to run, whose main function the profile has entered.
    pub(super) fn start(&mut self, main: FrameId) {
        self.open.clear();
        self.begins = vec![0];
        self.main = Some(main);
    }

    /// Takes notice of an interrupt.
    ///
    /// # Safety
    /// Luau must have called its interrupt with this state just now.
    pub(super) unsafe fn follow(
        &mut self,
        state: *mut ffi::lua_State,
        threads: &mut Threads,
        frames: &mut LuaFrames,
        profile: &RunningProfile,
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            if !threads.reach(state) || self.begins.len() != threads.count() {
                self.restart(threads, frames, profile);
            }
            let depth = ffi::lua_stackdepth(state);
            let Some(innermost) = find(state, 0) else {
                return;
            };
            let event = match innermost.function {
                Function::Script(_) => self.instructions.event(state),
                Function::Native(_) => Event::Other,
            };
            if event != Event::Other || !self.is_current(depth, innermost.function) {
                self.adjust_to(event, state, depth, frames, profile);
            }
            let innermost = self.open.last().map(|call| call.function);
            self.listen(state, matches!(innermost, Some(Function::Native(_))));
        }
    }

    /// Makes the open calls those of the stack, and then what is about to happen.
    ///
    /// # Safety
    /// As for [`follow`](Self::follow).
    unsafe fn adjust_to(
        &mut self,
        event: Event,
        state: *mut ffi::lua_State,
        depth: c_int,
        frames: &mut LuaFrames,
        profile: &RunningProfile,
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            tell(frames, profile, |teller| {
                self.adjust(state, depth, Entry::Called, teller);
                match event {
                    Event::Call(level) => {
                        // What is no function is called by an operator, which is seen when that has begun.
                        if let Some(found) = find(state, level) {
                            self.push(state, level, &found, Entry::Called, teller);
                        }
                    }
                    Event::Return => self.end_from(self.open.len().saturating_sub(1), teller),
                    Event::Other => {}
                }
            });
        }
    }

    /// Takes notice of an instruction that Luau was asked to tell of, and no longer is.
    ///
    /// # Safety
    /// Luau must have called its step callback with this state just now.
    pub(super) unsafe fn step(
        &mut self,
        state: *mut ffi::lua_State,
        threads: &mut Threads,
        frames: &mut LuaFrames,
        profile: &RunningProfile,
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            self.is_listening = false;
            if threads.reach(state) && self.begins.len() == threads.count() {
                tell(frames, profile, |teller| {
                    let depth = ffi::lua_stackdepth(state);
                    self.adjust(state, depth, Entry::Called, teller);
                });
            }
        }
    }

    /// Has Luau tell of the next instruction of what is called natively from now on, or of none.
    ///
    /// # Safety
    /// The state must be the one that runs.
    unsafe fn listen(&mut self, state: *mut ffi::lua_State, listen: bool) {
        if self.is_listening != listen {
            self.is_listening = listen;
            // SAFETY: the caller's promise.
            unsafe { set_step(state, listen.then_some(step as Step)) };
        }
    }

    /// A coroutine goes on, which the threads know of: what is on its stack goes on, too.
    ///
    /// # Safety
    /// The state must be the coroutine's.
    pub(super) unsafe fn resumed(
        &mut self,
        state: *mut ffi::lua_State,
        frames: &mut LuaFrames,
        profile: &RunningProfile,
    ) {
        self.begins.push(self.open.len());
        tell(frames, profile, |teller| {
            // SAFETY: the caller's promise.
            unsafe {
                let depth = ffi::lua_stackdepth(state);
                self.adjust(state, depth, Entry::Resumed, teller);
            }
        });
    }

    /// Coroutines do not run any more, which the threads know of.
    pub(super) fn suspended(
        &mut self,
        threads: &Threads,
        frames: &mut LuaFrames,
        profile: &RunningProfile,
    ) {
        let Some(begin) = self.begins.get(threads.count()).copied() else {
            return;
        };
        self.begins.truncate(threads.count());
        tell(frames, profile, |teller| {
            self.end_from(begin, teller);
        });
    }

    /// Whether the stack is as it was known, judged by its innermost function.
    fn is_current(&self, depth: c_int, innermost: Function) -> bool {
        let begin = self.begins.last().copied().unwrap_or_default();
        let is_as_deep = self.open.len() == begin + count(depth);
        let known = self.open.last().map(|call| call.function);
        is_as_deep && known == Some(innermost)
    }

    /// Begins anew with what is on the stacks, when the profile begins in the midst of a script.
    ///
    /// # Safety
    /// The threads must be of an open state that does not run meanwhile.
    unsafe fn restart(
        &mut self,
        threads: &Threads,
        frames: &mut LuaFrames,
        profile: &RunningProfile,
    ) {
        tell(frames, profile, |teller| {
            self.end_from(0, teller);
            self.begins.clear();
            for state in threads.states() {
                self.begins.push(self.open.len());
                // SAFETY: the caller's promise.
                unsafe {
                    let depth = ffi::lua_stackdepth(state);
                    self.adjust(state, depth, Entry::Resumed, teller);
                }
            }
        });
    }

    /// Makes the open calls of the coroutine that runs those of its stack.
    ///
    /// # Safety
    /// The state must be that of the coroutine that runs, and `depth` the height of its stack.
    unsafe fn adjust(
        &mut self,
        state: *mut ffi::lua_State,
        depth: c_int,
        entry: Entry,
        teller: &mut Teller<'_>,
    ) {
        let begin = self.begins.last().copied().unwrap_or_default();
        let end = begin + count(depth);
        let level = |calls: usize| c_int::try_from(end.saturating_sub(calls)).unwrap_or(c_int::MAX);
        let mut kept = self.open.len().min(end);
        // What an error has ended may have left its place to another function.
        while kept > begin {
            // SAFETY: the caller's promise.
            let found = unsafe { find(state, level(kept)) };
            let known = self.open.get(kept - 1).map(|call| call.function);
            if found.map(|found| found.function) == known {
                break;
            }
            kept -= 1;
        }
        self.end_from(kept, teller);
        for calls in kept + 1..=end {
            // SAFETY: the caller's promise.
            unsafe {
                if let Some(found) = find(state, level(calls)) {
                    self.push(state, level(calls), &found, entry, teller);
                }
            }
        }
    }

    /// A call begins, or goes on.
    ///
    /// # Safety
    /// `found` must have been found at this level of this state just now.
    unsafe fn push(
        &mut self,
        state: *mut ffi::lua_State,
        level: c_int,
        found: &Found,
        entry: Entry,
        teller: &mut Teller<'_>,
    ) {
        let before = teller.builder.depth();
        let function = found.function;
        let is_script = |function| matches!(function, Function::Script(_));
        // The host's own functions that started the script lie below it.
        let is_shown = is_script(function) || self.open.iter().any(|call| is_script(call.function));
        // SAFETY: the caller's promise.
        let frame = unsafe { teller.frames.frame(teller.builder, state, level, found) };
        let main = self.main.take_if(|_| is_script(function));
        let before = match frame.filter(|_| is_shown) {
            Some(frame) if main == Some(frame) => before.saturating_sub(1),
            Some(frame) => {
                match entry {
                    Entry::Called => teller.builder.enter(frame, teller.now),
                    Entry::Resumed => teller.builder.resume(frame, teller.now),
                }
                before
            }
            None => before,
        };
        self.open.push(OpenCall { function, before });
    }

    /// Ends the calls from a number on.
    fn end_from(&mut self, kept: usize, teller: &mut Teller<'_>) {
        if let Some(before) = self.open.get(kept).map(|call| call.before) {
            teller.builder.leave_to(before, teller.now);
            self.open.truncate(kept);
        }
    }
}

fn count(depth: c_int) -> usize {
    usize::try_from(depth).unwrap_or(0)
}

type Step = unsafe extern "C-unwind" fn(*mut ffi::lua_State, *mut ffi::lua_Debug);

/// Sets what Luau calls before each instruction of what is called natively, or nothing.
///
/// # Safety
/// The state must be open, and this the thread that runs it.
pub(super) unsafe fn set_step(state: *mut ffi::lua_State, step: Option<Step>) {
    // SAFETY: the caller's promise.
    unsafe {
        ffi::lua_singlestep(state, c_int::from(step.is_some()));
        (*ffi::lua_callbacks(state)).debugstep = step;
    }
}
