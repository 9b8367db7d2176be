//! Profiles of scripts: what is common to all languages, and the one slot that a host has for a running profile.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use llmspell_utils::debug::{
    Clock, DebugManager, FrameId, FrameKind, Place, Profile, ProfileBuilder, ProfileFrame,
    ProfileMethod,
};
use parking_lot::Mutex;

use crate::arguments::Arguments;
use crate::script_error::ScriptError;
use crate::stack_trace::{StackFrame, StackTrace, StackTraceOptions};

/// What of a stack a profile needs.
pub(crate) const PROFILE_STACK: StackTraceOptions = StackTraceOptions {
    max_depth: 128,
    capture_locals: false,
    capture_upvalues: false,
    include_source: true,
};

/// How a profile is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProfileMode {
    /// The stack is read now and then; nothing is paid in between.
    Sampled,
    /// Every call of a script's function is noted; scripts run several times slower.
    Exact,
}

/// What is profiled and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileOptions {
    /// What the profile is called, usually the script's name.
    pub title: String,
    /// Samples or every call.
    pub mode: ProfileMode,
    /// The time between two samples.
    pub interval: Duration,
}

impl Default for ProfileOptions {
    fn default() -> Self {
        Self {
            title: "profile".to_owned(),
            mode: ProfileMode::Sampled,
            interval: Duration::from_millis(1),
        }
    }
}

/// A profile that is being made: the engine and the host's functions feed it, each on the script's thread.
pub struct RunningProfile {
    options: ProfileOptions,
    clock: Arc<dyn Clock>,
    builder: Mutex<ProfileBuilder>,
    /// Whether a function of the host runs, which tells by itself where the time goes.
    is_in_host: AtomicBool,
    /// How many nanoseconds such functions took so far.
    in_host: AtomicU64,
}

impl RunningProfile {
    /// How the profile is made.
    #[must_use]
    pub const fn options(&self) -> &ProfileOptions {
        &self.options
    }

    /// Feeds the profile at the current time.
    pub fn feed<T>(&self, feed: impl FnOnce(&mut ProfileBuilder, Duration) -> T) -> T {
        let mut builder = self.builder.lock();
        let now = self.clock.now();
        feed(&mut builder, now)
    }

    /// Whether a function of the host runs, so that a sample would find the script where it waits, and not where it
    /// spends its time.
    pub(crate) fn is_in_host(&self) -> bool {
        self.is_in_host.load(Ordering::Relaxed)
    }

    /// The time without what functions of the host took: an engine that samples by it finds scripts where they are as
    /// often as they are there.
    pub(crate) fn script_time(&self, now: Duration) -> Duration {
        now.saturating_sub(Duration::from_nanos(self.in_host.load(Ordering::Relaxed)))
    }

    /// Brings the profile to the point where a script calls a function of the host: in a sampled profile the caller's
    /// stack becomes current, in an exact one it is already.
    pub fn reach(&self, arguments: &dyn Arguments) {
        match self.options.mode {
            ProfileMode::Sampled => self.feed(|builder, now| {
                let stack = arguments.profile_stack(builder);
                builder.reach(&stack, now);
            }),
            ProfileMode::Exact => self.feed(ProfileBuilder::charge),
        }
    }

    /// Goes from a script into a function of the host, until what it returns is dropped. Whatever the function measures
    /// meanwhile stands beneath it.
    pub fn call(&self, function: &'static str, arguments: &dyn Arguments) -> ProfiledCall<'_> {
        self.is_in_host.store(true, Ordering::Relaxed);
        self.reach(arguments);
        let frame = ProfileFrame::new(function, FrameKind::Host);
        let (depth, entered) = self.feed(|builder, now| {
            let depth = builder.depth();
            let frame = builder.frame(frame);
            // An exact profile may have noted the call already.
            if builder.current_frame() != Some(frame) {
                builder.enter(frame, now);
            }
            (depth, now)
        });
        ProfiledCall {
            profile: self,
            depth,
            entered,
        }
    }
}

/// A call of a function of the host, in a profile. Dropping it ends the call.
#[derive(Debug)]
#[must_use = "a call ends when this is dropped"]
pub struct ProfiledCall<'a> {
    profile: &'a RunningProfile,
    /// How many calls were open before.
    depth: usize,
    entered: Duration,
}

impl Drop for ProfiledCall<'_> {
    fn drop(&mut self) {
        // Also out of what a script function left open that was called meanwhile and raised an error.
        let took = self.profile.feed(|builder, now| {
            builder.leave_to(self.depth, now);
            now.saturating_sub(self.entered)
        });
        let took = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.profile.in_host.fetch_add(took, Ordering::Relaxed);
        self.profile.is_in_host.store(false, Ordering::Relaxed);
    }
}

/// What feeds a profile with the functions of a script: one for each engine.
pub trait ProfileSource: Send + Sync {
    /// How far a profile of this mode can be trusted.
    fn method(&self, options: &ProfileOptions) -> ProfileMethod;

    /// Begins to feed a profile; no other is being fed. May be called while a script runs, by a function that it
    /// called, and while none runs.
    ///
    /// # Errors
    /// When the engine cannot, for instance because a thread cannot be started.
    fn begin(&self, profile: &Arc<RunningProfile>) -> Result<(), ScriptError>;

    /// Feeds nothing more from now on.
    fn end(&self);
}

/// The one slot that a host has for a running profile.
#[derive(Clone)]
pub struct ScriptProfiles(Arc<Slot>);

struct Slot {
    source: Arc<dyn ProfileSource>,
    /// Whose clock measures, and whose rules say what is secret in a name.
    debug: Arc<DebugManager>,
    /// Whether there may be a profile in `running`, so that a host that profiles nothing pays one relaxed load.
    active: AtomicBool,
    running: Mutex<Option<Arc<RunningProfile>>>,
}

impl ScriptProfiles {
    pub(crate) fn new(source: Arc<dyn ProfileSource>, debug: Arc<DebugManager>) -> Self {
        Self(Arc::new(Slot {
            source,
            debug,
            active: AtomicBool::new(false),
            running: Mutex::new(None),
        }))
    }

    /// Starts a profile; false if one runs already.
    ///
    /// # Errors
    /// When the engine cannot feed one.
    pub fn start(&self, options: ProfileOptions) -> Result<bool, ScriptError> {
        let mut running = self.0.running.lock();
        if running.is_some() {
            return Ok(false);
        }
        let method = self.0.source.method(&options);
        let builder =
            ProfileBuilder::new(options.title.clone(), method, self.0.debug.clock().now());
        let profile = Arc::new(RunningProfile {
            options,
            clock: Arc::clone(self.0.debug.clock()),
            builder: Mutex::new(builder),
            is_in_host: AtomicBool::new(false),
            in_host: AtomicU64::new(0),
        });
        self.0.source.begin(&profile)?;
        *running = Some(profile);
        self.0.active.store(true, Ordering::Relaxed);
        Ok(true)
    }

    /// Ends the running profile, if there is one, and gives what came of it.
    pub fn stop(&self) -> Option<Profile> {
        // Held until the engine has ended it, so that it does not end one that another thread starts meanwhile.
        let mut running = self.0.running.lock();
        let profile = running.take()?;
        self.0.active.store(false, Ordering::Relaxed);
        self.0.source.end();
        drop(running);
        // Whoever still holds the profile feeds the one that takes its place, and nobody sees that.
        let empty = ProfileBuilder::new("", ProfileMethod::Exact, Duration::ZERO);
        let mut builder = profile.builder.lock();
        let now = profile.clock.now();
        let mut made = std::mem::replace(&mut *builder, empty).finish(now);
        made.redact(&self.0.debug.redactor());
        Some(made)
    }

    /// The running profile, if there is one.
    #[inline]
    #[must_use]
    pub fn running(&self) -> Option<Arc<RunningProfile>> {
        if self.0.active.load(Ordering::Relaxed) {
            self.0.running.lock().clone()
        } else {
            None
        }
    }
}

impl std::fmt::Debug for RunningProfile {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("RunningProfile")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for ScriptProfiles {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_tuple("ScriptProfiles")
            .field(&*self.0.running.lock())
            .finish()
    }
}

/// A stack trace as frames of a profile, the outermost first.
pub(crate) fn profile_stack(trace: &StackTrace, builder: &mut ProfileBuilder) -> Vec<FrameId> {
    let innermost_first = trace.frames.iter();
    innermost_first
        .rev()
        .map(|frame| builder.frame(profile_frame(frame)))
        .collect()
}

/// A function on the stack as a frame: all lines of a function are one frame, so its place is where it begins.
pub(crate) fn profile_frame(frame: &StackFrame) -> ProfileFrame {
    let is_native = frame.source.is_none();
    let name = match (&frame.name, frame.what) {
        (Some(name), _) => name.as_str(),
        (None, "main") => "(main)",
        (None, _) => "(anonymous)",
    };
    let kind = if is_native {
        FrameKind::Native
    } else {
        FrameKind::Script
    };
    let shown = ProfileFrame::new(name, kind);
    match (&frame.source, frame.line_defined) {
        (Some(file), Some(line)) => shown.at(Place::new(file.as_str(), line)),
        (Some(file), None) => shown.at(Place::new(file.as_str(), 1)),
        (None, _) => shown,
    }
}
