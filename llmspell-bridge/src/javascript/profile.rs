//! Profiles of JavaScript: samples of the stack where the engine can be interrupted, or every call.
//!
//! **Samples.** The engine asks to be interrupted once in 10,000 calls and turns of loops, so time is charged to
//! whoever runs when it next asks. Where a script goes into native code that is watched, and into the host, a sample is
//! taken at the border if one became due inside: what `sort` or `JSON.parse` takes is theirs. What remains
//! approximate is script code whose turns take very different times, and native code that nobody watches, such as
//! `new Array(n)` or a regular expression. Of a stack the innermost 64 functions are known.
//!
//! **Every call.** QuickJS tells nobody about calls, so scripts that are loaded while an exact profile runs get probes
//! in their text; so do scripts that hold the words `startProfile` and `exact`, which may start one while they run.
//! What a probed script can notice: it runs several times slower and recurses a little less deeply, and columns in the
//! text of `error.stack` are moved (the host's own traces are put right). Calls of functions that come from `eval`, from
//! `new Function` or from scripts that were loaded before, of constructors that are not written out, and the
//! computation of default parameters and class fields belong to the caller. So does a function in whose body a function
//! has the name of another or of a variable.

mod instrument;
mod probes;

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use llmspell_utils::debug::{FrameId, ProfileBuilder, ProfileMethod};
use parking_lot::Mutex;

use super::call_sites::{self, Innermost, main_frame};
use super::raw::Js;
use crate::script_error::ScriptError;
use crate::script_profile::{ProfileMode, ProfileOptions, ProfileSource, RunningProfile};
pub(super) use probes::{Calls, probed};

const IDLE: u8 = 0;
const SAMPLED: u8 = 1;
const EXACT: u8 = 2;

/// What feeds the running profile of one engine, if there is one.
#[derive(Default)]
pub(super) struct ProfileFeed {
    /// Read before anything else, so that an engine without a profile pays one relaxed load.
    mode: AtomicU8,
    /// How many profiles were begun.
    number: AtomicU64,
    running: Mutex<Option<Arc<RunningProfile>>>,
}

impl ProfileFeed {
    /// Whether samples are taken now.
    #[inline]
    pub(super) fn is_sampled(&self) -> bool {
        self.mode.load(Ordering::Relaxed) == SAMPLED
    }

    /// The profile that every call is noted for, and its number.
    #[inline]
    fn exact(&self) -> Option<u64> {
        (self.mode.load(Ordering::Relaxed) == EXACT).then(|| self.number.load(Ordering::Relaxed))
    }

    /// The profile that samples are taken for.
    pub(super) fn sampled(&self) -> Option<Arc<RunningProfile>> {
        if self.is_sampled() {
            self.running.lock().clone()
        } else {
            None
        }
    }
}

impl ProfileSource for ProfileFeed {
    fn method(&self, options: &ProfileOptions) -> ProfileMethod {
        match options.mode {
            // The engine is asked where it is at calls and at turns of loops only.
            ProfileMode::Sampled => ProfileMethod::Approximate(options.interval),
            ProfileMode::Exact => ProfileMethod::Exact,
        }
    }

    fn begin(&self, profile: &Arc<RunningProfile>) -> Result<(), ScriptError> {
        let mode = match profile.options().mode {
            ProfileMode::Sampled => SAMPLED,
            ProfileMode::Exact => EXACT,
        };
        *self.running.lock() = Some(Arc::clone(profile));
        self.number.fetch_add(1, Ordering::Relaxed);
        self.mode.store(mode, Ordering::Relaxed);
        Ok(())
    }

    fn end(&self) {
        self.mode.store(IDLE, Ordering::Relaxed);
        *self.running.lock() = None;
    }
}

/// When the stack of one context was last read for a profile, in the time of scripts.
#[derive(Default)]
pub(super) struct Sampling {
    last: Cell<Duration>,
}

/// A script begins: until now nothing ran, and from now on its main part does. `main` is its id, if its calls are
/// noted.
pub(super) fn begin_script(js: Js<'_>, script: &str, main: Option<u32>) {
    let realm = js.realm();
    if let Some(profile) = realm.profile.sampled() {
        profile.feed(|builder, now| {
            let frame = builder.frame(main_frame(script));
            builder.sample(&[], now);
            builder.sample(&[frame], now);
            realm.sampling.last.set(profile.script_time(now));
        });
    }
    realm.calls.borrow_mut().begin(&realm.profile, script, main);
}

/// The script waits for something or has ended: what was not charged yet is its last stack's, and from now on
/// nothing runs.
pub(super) fn rest(js: Js<'_>) {
    let realm = js.realm();
    if let Some(profile) = realm.profile.sampled() {
        profile.feed(|builder, now| {
            builder.charge(now);
            builder.sample(&[], now);
        });
    }
    realm.calls.borrow_mut().rest(&realm.profile);
}

/// Takes a sample if it is time for one.
#[cold]
pub(super) fn look(js: Js<'_>) {
    if call_sites::is_reading(js) {
        return;
    }
    if let Some(profile) = js.realm().profile.sampled() {
        sample_if_due(js, &profile, Innermost::Counts);
    }
}

/// The way through a function that runs in native code: the engine asks nobody meanwhile, so the time in there would
/// be charged to whoever is asked next.
pub(super) struct Passage(Arc<RunningProfile>);

impl Passage {
    /// Goes into the function that the script called, if samples are taken.
    #[inline]
    pub(super) fn enter(js: Js<'_>) -> Option<Self> {
        js.realm()
            .profile
            .is_sampled()
            .then(|| Self::enter_sampled(js))?
    }

    #[cold]
    fn enter_sampled(js: Js<'_>) -> Option<Self> {
        let profile = js.realm().profile.sampled()?;
        sample_if_due(js, &profile, Innermost::IsLeftOut);
        Some(Self(profile))
    }

    /// Comes out of it. A sample that was not due before became so inside.
    #[cold]
    pub(super) fn leave(self, js: Js<'_>) {
        sample_if_due(js, &self.0, Innermost::Counts);
    }
}

fn sample_if_due(js: Js<'_>, profile: &RunningProfile, innermost: Innermost) {
    let last = &js.realm().sampling.last;
    let now = profile.script_time(profile.feed(|_, now| now));
    // A clock that was set back must not end the sampling.
    let is_early = now
        .checked_sub(last.get())
        .is_some_and(|passed| passed < profile.options().interval);
    if is_early {
        return;
    }
    let frames = call_sites::stack(js, innermost);
    profile.feed(|builder, now| {
        last.set(profile.script_time(now));
        if frames.is_empty() {
            builder.charge(now);
        } else {
            let stack: Vec<_> = frames
                .into_iter()
                .map(|frame| builder.frame(frame))
                .collect();
            builder.sample(&stack, now);
        }
    });
}

/// The stack of the script that calls the host now, without the host's function.
pub(super) fn calling_stack(js: Js<'_>, builder: &mut ProfileBuilder) -> Vec<FrameId> {
    let frames = call_sites::stack(js, Innermost::IsLeftOut);
    frames
        .into_iter()
        .map(|frame| builder.frame(frame))
        .collect()
}
