//! Where there are no signals: a thread waits for the deadline.

use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::Refusals;

static REFUSALS: Mutex<Option<Refusals>> = Mutex::new(None);
/// Whether a reply is being written, by whoever was first.
static IS_REPLYING: AtomicBool = AtomicBool::new(false);

/// Makes these refusals the ones that are given.
pub(in crate::hook) fn arm(refusals: Refusals) {
    *REFUSALS.lock().unwrap_or_else(PoisonError::into_inner) = Some(refusals);
}

/// Nothing can be told of what ends the process.
pub(in crate::hook) const fn install() {}

/// Has the refusal given when so much time has passed.
pub(in crate::hook) fn deadline(left: Duration) {
    let waiting = thread::Builder::new().spawn(move || {
        thread::sleep(left);
        if IS_REPLYING.swap(true, Ordering::AcqRel) {
            return;
        }
        let refusals = REFUSALS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(refusals) = &*refusals {
            write_output(&refusals.late.output);
            write_note(&refusals.late.note);
            end(refusals.late.code);
        }
    });
    drop(waiting);
}

/// What is left of a deadline that ran before this program: nothing hands over here.
pub(in crate::hook) const fn time_left() -> Option<Duration> {
    None
}

/// Begins the reply; if the refusal is being given already, the process ends here.
pub(in crate::hook) fn begin() {
    while IS_REPLYING.swap(true, Ordering::AcqRel) {
        thread::park_timeout(Duration::from_millis(1));
    }
}

/// Writes the reply, and says whether all of it was taken.
pub(in crate::hook) fn write_output(text: &[u8]) -> bool {
    let mut output = std::io::stdout().lock();
    output.write_all(text).and_then(|()| output.flush()).is_ok()
}

/// Writes what people are told; if nobody listens, the exit code still says it.
pub(in crate::hook) fn write_note(text: &[u8]) {
    let _ = std::io::stderr().lock().write_all(text);
}

/// Ends the process.
pub(in crate::hook) fn end(code: u8) -> ! {
    std::process::exit(code.into())
}
