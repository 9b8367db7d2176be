//! A thread that does something at intervals until it is dropped.

use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use crate::script_error::ScriptError;

/// The shortest interval: a sample more often would cost more than it tells.
const SHORTEST: Duration = Duration::from_micros(100);

/// The longest interval, so that the next sample is a time that the clock can hold.
const LONGEST: Duration = Duration::from_secs(3600);

/// A thread that does something at intervals. Dropping it ends the thread.
pub(super) struct Sampler {
    ended: Arc<(Mutex<bool>, Condvar)>,
    thread: Option<JoinHandle<()>>,
}

impl Sampler {
    /// Starts a thread that calls `sample` at intervals.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub(super) fn start(
        interval: Duration,
        sample: impl Fn() + Send + 'static,
    ) -> Result<Self, ScriptError> {
        let interval = interval.clamp(SHORTEST, LONGEST);
        let ended = Arc::new((Mutex::new(false), Condvar::new()));
        let thread = Builder::new().name("script-sampler".to_owned());
        let shared = Arc::clone(&ended);
        let started = thread.spawn(move || repeat(interval, &shared, &sample));
        match started {
            Ok(thread) => Ok(Self {
                ended,
                thread: Some(thread),
            }),
            Err(error) => Err(ScriptError::internal(format!(
                "the sampler of a profile cannot start: {error}"
            ))),
        }
    }
}

impl Drop for Sampler {
    fn drop(&mut self) {
        let (ended, changed) = &*self.ended;
        *ended.lock() = true;
        changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // It has nothing to tell, not even a panic.
            let _ = thread.join();
        }
    }
}

fn repeat(interval: Duration, shared: &(Mutex<bool>, Condvar), sample: &impl Fn()) {
    let (ended, changed) = shared;
    let mut next = Instant::now() + interval;
    let mut ended = ended.lock();
    while !*ended {
        if !changed.wait_until(&mut ended, next).timed_out() {
            continue;
        }
        sample();
        // Samples that were missed are not made up for.
        next = (next + interval).max(Instant::now());
    }
}
