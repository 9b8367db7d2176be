//! What is said if the process is ended before it has answered: by a signal, an abort, a full stack, the deadline.

#[cfg(not(unix))]
mod thread;
#[cfg(unix)]
mod unix;

use super::answer::Said;
#[cfg(not(unix))]
pub(super) use thread::{arm, begin, deadline, end, install, time_left, write_note, write_output};
#[cfg(target_os = "linux")]
pub(super) use unix::become_program;
#[cfg(unix)]
pub(super) use unix::{arm, begin, deadline, end, install, time_left, write_note, write_output};

/// The refusals that are ready, by what ends the process.
#[derive(Debug)]
pub(super) struct Refusals {
    /// The deadline has passed.
    pub(super) late: Said,
    /// Somebody ends the process.
    pub(super) ended: Said,
    /// The process breaks down.
    pub(super) broken: Said,
}
