//! Ctrl-C: what runs is stopped, and the program goes on, at least to say what there is so far.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use llmspell_bridge::StopHandle;
use parking_lot::Mutex;

use crate::failure::Failure;

/// The exit code of a program that Ctrl-C ended, as shells give it.
const INTERRUPTED: i32 = 130;

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

    /// The same for a command without a prompt, which has nowhere to go on to: a second Ctrl-C ends the program, for
    /// whatever does not look whether it was stopped.
    pub(crate) fn listen_once(self: &Arc<Self>) -> Result<(), Failure> {
        let switch = Arc::clone(self);
        ctrlc::set_handler(move || {
            if switch.is_pressed() {
                std::process::exit(INTERRUPTED);
            }
            switch.press();
        })
        .map_err(|error| Failure::internal(format_args!("Ctrl-C cannot be heard: {error}")))
    }

    /// Lets a script be stopped as long as the guard lives. Who pressed before it began meant this script too.
    pub(crate) fn watch(&self, handle: StopHandle) -> Watched<'_> {
        let mut running = self.running.lock();
        if self.is_pressed() {
            handle.stop();
        }
        running.push(handle);
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
