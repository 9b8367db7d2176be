//! Profiles of Lua scripts: Luau's interrupt reads the stack, now and then or at every call.
//!
//! `sampler` has the interrupt called at intervals, `calls` follows every call, `frames` knows the functions on the
//! stack, `layout` finds out which instruction runs, and `names` what the language's own functions are called.
#![expect(
    unsafe_code,
    reason = "interrupts and resumptions of coroutines are reached through Luau's C interface only"
)]

mod calls;
mod frames;
mod layout;
mod names;
mod sampler;

use std::ffi::c_int;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use llmspell_utils::debug::{
    FrameId, FrameKind, Place, ProfileBuilder, ProfileFrame, ProfileMethod,
};
use mlua::{Lua, ffi};
use parking_lot::Mutex;

use crate::lua::profile::calls::{Calls, set_step};
use crate::lua::profile::frames::{LuaFrames, Threads};
use crate::lua::profile::layout::Instructions;
use crate::lua::profile::sampler::Sampler;
use crate::lua::sandbox::LuaStopper;
use crate::script_error::ScriptError;
use crate::script_profile::{ProfileMode, ProfileOptions, ProfileSource, RunningProfile};

/// Feeds the running profile of one state.
///
/// A sampled profile is fed at safe points only: calls, returns and the ends of loops. What a native function spends
/// between two of them is charged to the function that called it, unless it matches a pattern or calls a script
/// function, where the stack is read with the native function on it.
///
/// An exact profile counts every call of a script function. The time of one that begins without a call, because an
/// operator, a loop or a resumption runs it, begins at its own first call, loop or return, and what comes before is
/// charged to who ran it. A native function ends at the next safe point of its caller, and one that the compiler makes
/// instructions of, such as `math.floor`, is no call and belongs to its caller.
pub(super) struct LuaProfiles {
    stopper: Arc<LuaStopper>,
    /// Whether there may be something in `feed`, so that a script that is not profiled pays one relaxed load.
    is_fed: AtomicBool,
    /// Whether Luau tells of resumptions.
    follows_coroutines: AtomicBool,
    feed: Mutex<Option<Feed>>,
}

/// How a profile is fed.
struct Feed {
    profile: Arc<RunningProfile>,
    frames: LuaFrames,
    threads: Threads,
    /// For an exact profile, the calls that are open.
    calls: Option<Calls>,
    /// For a sampled profile, what calls the interrupt at intervals, until it is dropped.
    _sampler: Option<Sampler>,
}

impl LuaProfiles {
    pub(super) fn new(stopper: Arc<LuaStopper>) -> Arc<Self> {
        Arc::new(Self {
            stopper,
            is_fed: AtomicBool::new(false),
            follows_coroutines: AtomicBool::new(false),
            feed: Mutex::new(None),
        })
    }

    /// Lets the callbacks of a state find this.
    ///
    /// # Safety
    /// [`detach`](Self::detach) must be called before this is dropped.
    pub(super) unsafe fn attach(&self, lua: &Lua) {
        let state = main_state(lua);
        let this: *const Self = self;
        // SAFETY: the state is open; mlua leaves the data of threads alone.
        unsafe { ffi::lua_setthreaddata(state, this.cast_mut().cast()) };
    }

    /// Feeds nothing any more, and is not found by callbacks of the state.
    pub(super) fn detach(&self, lua: &Lua) {
        self.end();
        let state = main_state(lua);
        self.follow_coroutines(state, false);
        // SAFETY: the state is open.
        unsafe { ffi::lua_setthreaddata(state, std::ptr::null_mut()) };
    }

    /// A script of this name begins to be loaded.
    pub(super) fn loading(&self, lua: &Lua, script: &str) {
        self.with_feed(|feed| {
            let state = main_state(lua);
            self.follow_coroutines(state, true);
            feed.threads.start(state);
            feed.profile.feed(|builder, now| {
                builder.charge(now);
                builder.leave_to(0, now);
                let place = Place::new(script, 1);
                let frame = ProfileFrame::new("(load)", FrameKind::Native).at(place);
                let frame = builder.frame(frame);
                builder.enter(frame, now);
            });
        });
    }

    /// The script that was loaded last begins to run.
    pub(super) fn running(&self, script: &str) {
        self.with_feed(|feed| {
            let frame = ProfileFrame::new("(main)", FrameKind::Script).at(Place::new(script, 1));
            let main = feed.profile.feed(|builder, now| {
                builder.leave_to(0, now);
                let main = builder.frame(frame);
                builder.enter(main, now);
                main
            });
            if let Some(calls) = &mut feed.calls {
                calls.start(main);
            }
        });
    }

    /// No script runs any more: the time from now on is nobody's.
    pub(super) fn ended(&self, lua: &Lua) {
        self.with_feed(|feed| {
            feed.threads.clear();
            feed.profile.feed(|builder, now| builder.leave_to(0, now));
        });
        if self.follows_coroutines.load(Ordering::Relaxed) {
            self.follow_coroutines(main_state(lua), false);
        }
    }

    #[inline]
    fn with_feed<T>(&self, feed: impl FnOnce(&mut Feed) -> T) -> Option<T> {
        // Relaxed: a profile that begins on another thread meanwhile may be fed a moment later.
        if self.is_fed.load(Ordering::Relaxed) {
            self.feed.lock().as_mut().map(feed)
        } else {
            None
        }
    }

    /// Does what the sampler does.
    #[cfg(test)]
    pub(super) fn arm(&self) {
        self.stopper.arm(sample);
    }

    /// Whether Luau tells of resumptions.
    #[cfg(test)]
    pub(super) fn follows_coroutines(&self) -> bool {
        self.follows_coroutines.load(Ordering::Relaxed)
    }

    /// Has Luau tell when coroutines are resumed, or not. Must be called on the thread that runs scripts, because Luau
    /// reads these callbacks as they are.
    fn follow_coroutines(&self, state: *mut ffi::lua_State, follow: bool) {
        if self.follows_coroutines.swap(follow, Ordering::Relaxed) == follow {
            return;
        }
        // SAFETY: the state is open, and nobody else has use for these two.
        unsafe {
            let callbacks = ffi::lua_callbacks(state);
            (*callbacks).preresume = follow.then_some(before_resume);
            (*callbacks).postresume = follow.then_some(after_resume);
            if !follow {
                set_step(state, None);
            }
        }
    }
}

impl ProfileSource for LuaProfiles {
    fn method(&self, options: &ProfileOptions) -> ProfileMethod {
        match options.mode {
            ProfileMode::Sampled => ProfileMethod::Sampled(options.interval),
            ProfileMode::Exact => ProfileMethod::Exact,
        }
    }

    fn begin(&self, profile: &Arc<RunningProfile>) -> Result<(), ScriptError> {
        let instructions = Instructions::known();
        let mut feed = self.feed.lock();
        let (calls, sampler) = match profile.options().mode {
            ProfileMode::Sampled => {
                let stopper = Arc::clone(&self.stopper);
                let sampled = Arc::clone(profile);
                let arm = move || {
                    if !sampled.is_in_host() {
                        stopper.arm(sample);
                    }
                };
                let sampler = Sampler::start(profile.options().interval, arm)?;
                (None, Some(sampler))
            }
            ProfileMode::Exact => (Some(Calls::new(instructions.clone()?)), None),
        };
        let is_exact = calls.is_some();
        *feed = Some(Feed {
            profile: Arc::clone(profile),
            frames: LuaFrames::new(instructions.ok()),
            threads: Threads::default(),
            calls,
            _sampler: sampler,
        });
        self.is_fed.store(true, Ordering::Relaxed);
        drop(feed);
        if is_exact {
            self.stopper.set_resting(Some(trace));
        }
        Ok(())
    }

    fn end(&self) {
        self.is_fed.store(false, Ordering::Relaxed);
        // Ends the sampler, which arms the interrupt, and so comes before the interrupt is given up.
        let ended = self.feed.lock().take();
        drop(ended);
        self.stopper.set_resting(None);
    }
}

/// The stack of a script that called the host, as frames of the running profile, the outermost first; nothing if there
/// is no profile.
pub(super) fn profile_stack(lua: &Lua, builder: &mut ProfileBuilder) -> Vec<FrameId> {
    let state = lua.exec_raw_lua(|raw| raw.state());
    // SAFETY: the state runs this very call, and those that resumed it wait for it.
    let stack = unsafe {
        of_state(state).and_then(|profiles| {
            profiles.with_feed(|feed| {
                feed.threads.reach(state);
                feed.frames.stack(builder, &feed.threads, false)
            })
        })
    };
    stack.unwrap_or_default()
}

fn main_state(lua: &Lua) -> *mut ffi::lua_State {
    let state = lua.exec_raw_lua(|raw| raw.state());
    // SAFETY: the state is open.
    unsafe { ffi::lua_mainthread(state) }
}

/// What was attached to a state.
///
/// # Safety
/// `state` must be an open state, and what is returned must not be kept beyond the callback that asks.
unsafe fn of_state<'a>(state: *mut ffi::lua_State) -> Option<&'a LuaProfiles> {
    // SAFETY: the data of the main thread is null or what `attach` stored, which lives until `detach`.
    unsafe {
        let data = ffi::lua_getthreaddata(ffi::lua_mainthread(state));
        data.cast::<LuaProfiles>().as_ref()
    }
}

/// Reads the stack once.
unsafe extern "C-unwind" fn sample(state: *mut ffi::lua_State, gc: c_int) {
    if gc >= 0 {
        // Called by the collector: the next safe point is soon enough.
        return;
    }
    // SAFETY: Luau calls this with the running state; its stack is read without a change to it, and nothing here
    // raises an error.
    unsafe {
        let Some(profiles) = of_state(state) else {
            return;
        };
        profiles.stopper.rest();
        profiles.with_feed(|feed| {
            profiles.follow_coroutines(state, true);
            feed.threads.reach(state);
            let (frames, threads) = (&mut feed.frames, &feed.threads);
            feed.profile.feed(|builder, now| {
                let stack = frames.stack(builder, threads, true);
                builder.sample(&stack, now);
            });
        });
    }
}

/// Follows a call, a return or the end of a loop.
unsafe extern "C-unwind" fn trace(state: *mut ffi::lua_State, gc: c_int) {
    if gc >= 0 {
        return;
    }
    // SAFETY: as for `sample`.
    unsafe {
        let Some(profiles) = of_state(state) else {
            return;
        };
        profiles.with_feed(|feed| {
            profiles.follow_coroutines(state, true);
            if let Some(calls) = &mut feed.calls {
                calls.follow(state, &mut feed.threads, &mut feed.frames, &feed.profile);
            }
        });
    }
}

/// What a native function calls has begun.
unsafe extern "C-unwind" fn step(state: *mut ffi::lua_State, _: *mut ffi::lua_Debug) {
    // SAFETY: as for `sample`.
    unsafe {
        // First of all, and also if the profile that asked for it has ended meanwhile.
        set_step(state, None);
        let Some(profiles) = of_state(state) else {
            return;
        };
        profiles.with_feed(|feed| {
            if let Some(calls) = &mut feed.calls {
                calls.step(state, &mut feed.threads, &mut feed.frames, &feed.profile);
            }
        });
    }
}

/// A coroutine goes on.
unsafe extern "C-unwind" fn before_resume(state: *mut ffi::lua_State) {
    // SAFETY: Luau calls this with the coroutine; nothing here raises an error.
    unsafe {
        let Some(profiles) = of_state(state) else {
            return;
        };
        profiles.with_feed(|feed| {
            feed.threads.resumed(state);
            if let Some(calls) = &mut feed.calls {
                calls.resumed(state, &mut feed.frames, &feed.profile);
            }
        });
    }
}

/// A coroutine rests or has ended.
unsafe extern "C-unwind" fn after_resume(state: *mut ffi::lua_State) {
    // SAFETY: as for `before_resume`.
    unsafe {
        let Some(profiles) = of_state(state) else {
            return;
        };
        profiles.with_feed(|feed| {
            feed.threads.suspended(state);
            if let Some(calls) = &mut feed.calls {
                calls.suspended(&feed.threads, &mut feed.frames, &feed.profile);
            }
        });
    }
}
