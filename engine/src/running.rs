//! The commands that run for this process, so that whatever ends it can end them too.

use std::process::Child;
use std::sync::atomic::{AtomicU32, Ordering};

/// How many commands are known at most; what runs beyond is ended by its own deadline only.
const MOST: usize = 64;
/// What stands where no command runs.
const NONE: u32 = 0;

static RUNNING: [AtomicU32; MOST] = [const { AtomicU32::new(NONE) }; MOST];

/// The process groups of the commands that run now: signals, and the compiler of WebAssembly.
///
/// It allocates nothing and waits for nobody, so that a signal's handler may ask before it ends the process.
///
/// ```
/// assert_eq!(llmspell_engine::running_commands().count(), 0);
/// ```
pub fn running_commands() -> impl Iterator<Item = u32> {
    let groups = RUNNING.iter().map(|group| group.load(Ordering::Acquire));
    groups.filter(|group| *group != NONE)
}

/// A command that leads a process group of its own and is known to run.
///
/// INVARIANT: it is dropped before its command is waited for, after which its number may be that of others.
#[derive(Debug)]
pub(crate) struct Running(Option<&'static AtomicU32>);

impl Running {
    /// Makes a command known.
    pub(crate) fn of(command: &Child) -> Self {
        let place = RUNNING.iter().find(|place| {
            let taken =
                place.compare_exchange(NONE, command.id(), Ordering::AcqRel, Ordering::Acquire);
            taken.is_ok()
        });
        Self(place)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(place) = self.0 {
            place.store(NONE, Ordering::Release);
        }
    }
}
