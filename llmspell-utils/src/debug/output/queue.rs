//! The queue in front of a slow output: bounded, emptied by a thread of its own.

mod news;
mod state;
mod worker;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::super::entry::DebugEntry;
use super::DebugOutput;
use state::Shared;

/// How long flushing and closing wait.
const PATIENCE: Duration = Duration::from_secs(2);

/// The thread's name; the system shows 15 characters.
const THREAD: &str = "llmspell-output";

/// How much may wait in a queue; an entry that would go beyond either limit is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueLimits {
    /// The most entries.
    pub entries: usize,
    /// The most bytes, counted as [`DebugEntry::size`] does.
    pub bytes: usize,
}

impl Default for QueueLimits {
    /// 8,192 entries and 4 MiB.
    fn default() -> Self {
        Self {
            entries: 8_192,
            bytes: 4 * 1024 * 1024,
        }
    }
}

/// Keeps whoever logs from waiting for an output: entries wait in a bounded queue, which a thread of its own empties.
///
/// When the queue is full, the newest entry is dropped: what waits there tells how the trouble began, it stays without
/// a hole, and whoever logs too much pays for no more than counting.
///
/// When nobody is there (a refused or broken connection), the entry that could not be sent is tried again after 100 ms,
/// and each time after twice as long up to 5 seconds, while the others wait. Any other failure loses the entry. Losses
/// are counted, told to the manager with the next entry or flush, and marked in the output before the next entry that
/// arrives.
///
/// [`flush`](DebugOutput::flush) waits up to 2 seconds, less if the output is in trouble, and says how many entries are
/// still on the way. Closing and dropping it do the same, and then what is left is lost. A manager that gets another
/// output closes the one before and counts what it loses; before the program ends, flush.
///
/// ```
/// use std::sync::Arc;
/// use llmspell_utils::debug::{BufferOutput, DebugLevel, DebugManager, Queued, QueueLimits};
///
/// let slow = Arc::new(BufferOutput::default());
/// let manager = DebugManager::new();
/// manager.set_output(Arc::new(Queued::new(slow.clone(), QueueLimits::default())?));
/// manager.log(DebugLevel::Info, None, "hello");
/// manager.flush()?;
/// assert_eq!(slow.len(), 1);
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Queued {
    shared: Arc<Shared>,
}

impl Queued {
    /// Puts a queue in front of an output and starts its thread.
    ///
    /// # Errors
    ///
    /// The system does not start another thread.
    pub fn new(output: Arc<dyn DebugOutput>, limits: QueueLimits) -> io::Result<Self> {
        let shared = Arc::new(Shared::new(output, limits));
        let works = Arc::clone(&shared);
        thread::Builder::new()
            .name(THREAD.to_owned())
            .spawn(move || worker::work(&works))?;
        Ok(Self { shared })
    }

    /// How many entries were lost so far: dropped from a full queue, or refused by the output.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.shared.state.lock().lost()
    }

    /// How many entries were taken and have not arrived yet.
    #[must_use]
    pub fn on_the_way(&self) -> u64 {
        self.shared.state.lock().on_the_way()
    }
}

impl DebugOutput for Queued {
    fn write(&self, entry: &DebugEntry) -> io::Result<()> {
        if worker::is_worker() {
            return Err(io::Error::other("it logs while it writes"));
        }
        let mut state = self.shared.state.lock();
        if state.push(entry, self.shared.limits) {
            self.shared.work.notify_one();
        }
        state.tell()
    }

    fn flush(&self) -> io::Result<()> {
        if worker::is_worker() {
            return Ok(());
        }
        let mut state = self.shared.state.lock();
        let flush = state.ask_for_flush();
        self.shared.work.notify_one();
        let until = Instant::now() + PATIENCE;
        while !state.is_over(flush) {
            if self.shared.done.wait_until(&mut state, until).timed_out() {
                break;
            }
        }
        state.outcome(flush)
    }

    fn close(&mut self) -> io::Result<()> {
        self.end();
        self.shared.state.lock().tell()
    }

    fn name(&self) -> &str {
        self.shared.output.name()
    }
}

impl Queued {
    /// Has the thread write what waits, and end.
    fn end(&self) {
        let mut state = self.shared.state.lock();
        if state.is_closing() {
            return;
        }
        state.close();
        self.shared.work.notify_one();
        if worker::is_worker() {
            return;
        }
        let until = Instant::now() + PATIENCE;
        while !state.has_ended() {
            if self.shared.done.wait_until(&mut state, until).timed_out() {
                break;
            }
        }
        // Should the thread still be inside the output, it ends as soon as it comes back.
        state.abandon();
    }
}

impl Drop for Queued {
    fn drop(&mut self) {
        self.end();
    }
}

impl fmt::Debug for Queued {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Queued")
            .field("output", &self.shared.output)
            .field("limits", &self.shared.limits)
            .finish_non_exhaustive()
    }
}
