//! The clock of running modules: one thread of the process, which sleeps while nothing runs.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{LazyLock, OnceLock};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use wasmtime::Engine;

/// How long a module runs at most before somebody looks at the clock.
const TICK: Duration = Duration::from_millis(1);
/// Ticks without anything to watch, after which the thread sleeps until it is woken.
const IDLE_TICKS: u32 = 50;

static RUNNING: AtomicUsize = AtomicUsize::new(0);
static ASLEEP: AtomicBool = AtomicBool::new(false);
static GATE: LazyLock<(Mutex<()>, Condvar)> = LazyLock::new(Default::default);

/// While it lives, the epochs of the engine go on.
#[derive(Debug)]
pub(super) struct Ticking(());

/// Has the clock run; none if the system gives us no thread, and then nothing may run.
pub(super) fn ticking(engine: &Engine) -> Option<Ticking> {
    static STARTED: OnceLock<bool> = OnceLock::new();
    if !STARTED.get_or_init(|| start(engine.clone())) {
        return None;
    }
    RUNNING.fetch_add(1, Ordering::SeqCst);
    if ASLEEP.load(Ordering::SeqCst) {
        let _gate = GATE.0.lock();
        GATE.1.notify_one();
    }
    Some(Ticking(()))
}

impl Drop for Ticking {
    fn drop(&mut self) {
        RUNNING.fetch_sub(1, Ordering::SeqCst);
    }
}

fn start(engine: Engine) -> bool {
    let builder = std::thread::Builder::new().name("llmspell-wasm-clock".to_owned());
    builder.spawn(move || tick(&engine)).is_ok()
}

fn tick(engine: &Engine) {
    let mut idle = 0_u32;
    loop {
        if RUNNING.load(Ordering::SeqCst) > 0 {
            idle = 0;
        } else {
            idle += 1;
        }
        if idle > IDLE_TICKS {
            sleep_until_woken();
            idle = 0;
        }
        std::thread::sleep(TICK);
        engine.increment_epoch();
    }
}

fn sleep_until_woken() {
    let mut gate = GATE.0.lock();
    ASLEEP.store(true, Ordering::SeqCst);
    // Whoever counts itself up after this look finds the thread asleep and wakes it.
    while RUNNING.load(Ordering::SeqCst) == 0 {
        GATE.1.wait(&mut gate);
    }
    ASLEEP.store(false, Ordering::SeqCst);
}
