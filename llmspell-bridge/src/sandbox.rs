//! What a script may use: memory, stack and time, and the watchdog that ends its time.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use crate::script_error::ScriptError;

// A deadline that the clock cannot hold is as good as none.
const A_CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// Limits of one engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxLimits {
    /// How many bytes the engine's heap may hold.
    pub memory: usize,
    /// How long one run may take; `None` for no limit.
    pub timeout: Option<Duration>,
    /// How many bytes of native stack JavaScript may use. Lua has its own limit of calls.
    ///
    /// At least 64 KiB and at most 1 MiB: what is outside is moved inside, because a thread has 2 MiB
    /// unless the program asks for more. A thread with less than 2 MiB needs a smaller limit.
    pub stack: usize,
}

impl Default for SandboxLimits {
    fn default() -> Self {
        Self {
            memory: 64 << 20,
            timeout: Some(Duration::from_secs(30)),
            stack: 512 << 10,
        }
    }
}

/// Why a script is stopped from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum StopReason {
    /// Its deadline passed.
    Timeout = 1,
    /// Somebody asked for it.
    Request = 2,
}

/// Stops the script that an engine runs, from any thread.
pub trait Stopper: Send + Sync {
    /// Ends the running script at the next point where the engine can be interrupted, and every script
    /// that is started before the reason is [cleared](Self::clear).
    fn stop(&self, reason: StopReason);

    /// Forgets a stop, so that the next script runs.
    fn clear(&self);

    /// Why the script was stopped, if it was.
    fn reason(&self) -> Option<StopReason>;

    /// Ends the policy that the script runs as a part of a decision, for its deadline, and not the script.
    fn stop_policy(&self) {}

    /// Forgets what [`stop_policy`](Self::stop_policy) said; a stop of the script itself stays.
    fn end_policy(&self) {}
}

/// Why the script of an engine should stop, if it should: every walk on its behalf looks at it.
#[derive(Debug, Default)]
pub struct StopFlag(AtomicU8);

/// The bit that says that only a policy of the script is to stop; those below are the reason to stop the script.
const POLICY: u8 = 4;
const REASON: u8 = 3;

impl StopFlag {
    /// Whether the script should stop.
    #[inline]
    #[must_use]
    pub fn is_set(&self) -> bool {
        // Relaxed: only the number itself is read, and it may be seen a moment later.
        self.0.load(Ordering::Relaxed) != 0
    }
}

impl Stopper for StopFlag {
    fn stop(&self, reason: StopReason) {
        // The first reason is the one that is told: a deadline that passes while a stop is under way
        // changes nothing.
        let first = |flag: u8| (flag & REASON == 0).then_some(flag | reason as u8);
        let _ = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, first);
    }

    fn clear(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    fn reason(&self) -> Option<StopReason> {
        const TIMEOUT: u8 = StopReason::Timeout as u8;
        let flag = self.0.load(Ordering::Relaxed);
        match flag & REASON {
            0 if flag & POLICY == 0 => None,
            0 | TIMEOUT => Some(StopReason::Timeout),
            _ => Some(StopReason::Request),
        }
    }

    fn stop_policy(&self) {
        self.0.fetch_or(POLICY, Ordering::Relaxed);
    }

    fn end_policy(&self) {
        self.0.fetch_and(!POLICY, Ordering::Relaxed);
    }
}

/// A clonable handle that stops the running script of one host.
#[derive(Clone)]
pub struct StopHandle {
    pub(crate) stopper: Arc<dyn Stopper>,
}

impl StopHandle {
    /// Ends the running script with an error of kind
    /// [`Stopped`](crate::ScriptErrorKind::Stopped); does nothing if none is running.
    pub fn stop(&self) {
        self.stopper.stop(StopReason::Request);
    }
}

impl std::fmt::Debug for StopHandle {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("StopHandle")
    }
}

/// A deadline that is being watched; dropping it ends the watch.
///
/// INVARIANT: once `drop` has returned, the stopper is not being called and never will be. The
/// watchdog calls it while it holds its lock, and `drop` takes that lock.
#[derive(Debug)]
pub(crate) struct Alarm {
    key: (Instant, u64),
}

/// Stops `stopper` for [`StopReason::Timeout`] once `timeout` has passed.
///
/// # Errors
/// When the watchdog's thread cannot be started: a script without a deadline must not run.
pub(crate) fn alarm(timeout: Duration, stopper: Arc<dyn Stopper>) -> Result<Alarm, ScriptError> {
    let now = Instant::now();
    let at = now.checked_add(timeout).unwrap_or_else(|| now + A_CENTURY);
    let watchdog = &*WATCHDOG;
    let mut watched = watchdog.watched.lock();
    if !watched.running {
        start()?;
        watched.running = true;
    }
    watched.next += 1;
    let key = (at, watched.next);
    let too_late = watched.wakes.is_none_or(|wakes| at < wakes);
    watched.alarms.insert(key, stopper);
    drop(watched);
    if too_late {
        watchdog.changed.notify_one();
    }
    Ok(Alarm { key })
}

impl Drop for Alarm {
    fn drop(&mut self) {
        WATCHDOG.watched.lock().alarms.remove(&self.key);
    }
}

/// One thread for all deadlines of the process, started with the first one. It sleeps until the
/// earliest deadline that was known when it went to sleep, even if that is gone meanwhile: who runs many short scripts
/// one after the other pays two short locks for each, and wakes nobody.
struct Watchdog {
    watched: Mutex<Watched>,
    changed: Condvar,
}

#[derive(Default)]
struct Watched {
    alarms: BTreeMap<(Instant, u64), Arc<dyn Stopper>>,
    next: u64,
    running: bool,
    /// When the thread wakes up by itself; none while it sleeps until it is woken, or is awake.
    wakes: Option<Instant>,
}

static WATCHDOG: LazyLock<Watchdog> = LazyLock::new(|| Watchdog {
    watched: Mutex::new(Watched::default()),
    changed: Condvar::new(),
});

fn start() -> Result<(), ScriptError> {
    let thread = thread::Builder::new().name("script-watchdog".to_owned());
    match thread.spawn(watch) {
        Ok(_) => Ok(()),
        Err(error) => Err(ScriptError::internal(format!(
            "the watchdog cannot start: {error}"
        ))),
    }
}

fn watch() {
    let watchdog = &*WATCHDOG;
    let mut watched = watchdog.watched.lock();
    loop {
        let Some(next) = watched.alarms.keys().next().copied() else {
            watched.wakes = None;
            watchdog.changed.wait(&mut watched);
            continue;
        };
        if Instant::now() < next.0 {
            watched.wakes = Some(next.0);
            watchdog.changed.wait_until(&mut watched, next.0);
        } else if let Some(stopper) = watched.alarms.remove(&next) {
            stopper.stop(StopReason::Timeout);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    struct Recorder(mpsc::Sender<StopReason>);

    impl Stopper for Recorder {
        fn stop(&self, reason: StopReason) {
            self.0.send(reason).unwrap();
        }
        fn clear(&self) {}
        fn reason(&self) -> Option<StopReason> {
            None
        }
    }

    #[test]
    fn of_two_reasons_to_stop_the_first_is_kept_until_it_is_cleared() {
        let flag = StopFlag::default();
        assert_eq!(flag.reason(), None);
        flag.stop(StopReason::Request);
        flag.stop(StopReason::Timeout);
        assert!(flag.is_set());
        assert_eq!(flag.reason(), Some(StopReason::Request));
        flag.clear();
        assert!(!flag.is_set());
        flag.stop(StopReason::Timeout);
        assert_eq!(flag.reason(), Some(StopReason::Timeout));
    }

    #[test]
    fn the_end_of_a_policy_that_was_stopped_is_no_end_of_a_stop_of_the_script() {
        let flag = StopFlag::default();
        flag.stop_policy();
        assert_eq!(flag.reason(), Some(StopReason::Timeout));
        flag.end_policy();
        assert!(!flag.is_set());
        flag.stop_policy();
        flag.stop(StopReason::Request);
        flag.end_policy();
        assert_eq!(flag.reason(), Some(StopReason::Request));
    }

    #[test]
    fn an_alarm_that_is_kept_stops_and_one_that_is_dropped_does_not() {
        let (kept, fired) = mpsc::channel();
        let (dropped, silent) = mpsc::channel();
        drop(alarm(Duration::from_secs(3600), Arc::new(Recorder(dropped))).unwrap());
        let _alarm = alarm(Duration::from_millis(1), Arc::new(Recorder(kept))).unwrap();
        assert_eq!(fired.recv().unwrap(), StopReason::Timeout);
        assert!(silent.try_recv().is_err());
    }

    #[test]
    fn a_later_alarm_does_not_delay_an_earlier_one() {
        let (late, _unheard) = mpsc::channel();
        let (early, fired) = mpsc::channel();
        let _late = alarm(Duration::from_secs(3600), Arc::new(Recorder(late))).unwrap();
        let _early = alarm(Duration::from_millis(1), Arc::new(Recorder(early))).unwrap();
        assert_eq!(fired.recv().unwrap(), StopReason::Timeout);
    }
}
