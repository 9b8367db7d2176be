//! Ctrl-C: what runs is stopped, and the program goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use llmspell_bridge::StopHandle;
use parking_lot::Mutex;

use crate::failure::Failure;

/// Stops whatever runs when somebody presses Ctrl-C.
#[derive(Debug, Default)]
pub(crate) struct StopSwitch {
    running: Mutex<Vec<StopHandle>>,
    is_pressed: AtomicBool,
}

impl StopSwitch {
    /// Takes Ctrl-C over from the system, which would end the program.
    pub(crate) fn listen(self: &Arc<Self>) -> Result<(), Failure> {
        let switch = Arc::clone(self);
        ctrlc::set_handler(move || switch.press())
            .map_err(|error| Failure::internal(format_args!("Ctrl-C cannot be heard: {error}")))
    }

    /// Lets a script be stopped as long as the guard lives.
    pub(crate) fn watch(&self, handle: StopHandle) -> Watched<'_> {
        self.running.lock().push(handle);
        Watched(self)
    }

    /// Begins something new, which nobody has stopped yet.
    pub(crate) fn reset(&self) {
        // Relaxed: only the flag itself is read, and it may be seen a moment later.
        self.is_pressed.store(false, Ordering::Relaxed);
    }

    /// Whether somebody pressed Ctrl-C since the last [`reset`](Self::reset).
    pub(crate) fn is_pressed(&self) -> bool {
        self.is_pressed.load(Ordering::Relaxed)
    }

    fn press(&self) {
        self.is_pressed.store(true, Ordering::Relaxed);
        self.running.lock().iter().for_each(StopHandle::stop);
    }
}

/// A script that Ctrl-C stops.
#[derive(Debug)]
pub(crate) struct Watched<'a>(&'a StopSwitch);

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        self.0.running.lock().pop();
    }
}
