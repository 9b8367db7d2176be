//! What happens to an entry that is wanted: it goes to the output and is captured.

use std::cell::Cell;
use std::fmt;
use std::io;
use std::sync::Arc;

use crate::sync::RwLock;
use crate::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::super::clock::Clock;
use super::super::entry::DebugEntry;
use super::super::level::DebugLevel;
use super::super::output::{
    BufferLimits, BufferOutput, DebugOutput, Gap, NullOutput, OutputTrouble,
};

/// How deeply outputs may log while they write.
const NESTING: u32 = 4;

/// The module of the manager's own entries.
const MODULE: &str = "llmspell.debug";

#[derive(Debug, Default)]
pub(super) struct Delivery {
    pub(super) captured: BufferOutput,
    /// Whether there is an output: asking for it writes to memory that all threads share, and most managers have none.
    written: AtomicBool,
    output: RwLock<Option<Arc<dyn DebugOutput>>>,
    gap: Gap,
    dropped: AtomicU64,
    reported: AtomicBool,
}

impl Delivery {
    pub(super) fn new(limits: BufferLimits) -> Self {
        Self {
            captured: BufferOutput::new(limits),
            ..Self::default()
        }
    }

    pub(super) fn deliver(&self, entry: Arc<DebugEntry>, clock: &Arc<dyn Clock>) {
        if self.written.load(Ordering::Acquire) {
            self.write(&entry, clock);
        }
        self.captured.push(entry);
    }

    pub(super) fn output(&self) -> Arc<dyn DebugOutput> {
        self.chosen_output().unwrap_or_else(|| Arc::new(NullOutput))
    }

    pub(super) fn set_output(&self, output: Arc<dyn DebugOutput>) {
        let earlier = self.output.write().replace(output);
        self.reported.store(false, Ordering::Relaxed);
        self.gap.clear();
        self.written.store(true, Ordering::Release);
        // Dropped here, when the lock is free: an output may take its time to close.
        drop(earlier);
    }

    fn chosen_output(&self) -> Option<Arc<dyn DebugOutput>> {
        self.output.read().clone()
    }

    /// The output is not locked while it writes: a slow one holds nobody up who wants to change it.
    fn write(&self, entry: &DebugEntry, clock: &Arc<dyn Clock>) {
        let Some(output) = self.chosen_output() else {
            return;
        };
        if let Err(error) = write(&self.gap, output.as_ref(), entry) {
            self.count_failure(output.name(), &error, clock.as_ref());
        }
    }

    /// Brings everything that the output took to where it belongs, and counts what the output says it has lost.
    pub(super) fn flush(&self, clock: &dyn Clock) -> io::Result<()> {
        let Some(output) = self.chosen_output() else {
            return Ok(());
        };
        let outcome = output.flush();
        if let Err(error) = &outcome
            && let Some(trouble) = OutputTrouble::of(error)
        {
            self.count_trouble(output.name(), trouble, clock);
        }
        outcome
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Counts what did not arrive, and captures a word about it the first time.
    #[cold]
    fn count_failure(&self, name: &str, error: &io::Error, clock: &dyn Clock) {
        if let Some(trouble) = OutputTrouble::of(error) {
            return self.count_trouble(name, trouble, clock);
        }
        self.dropped.fetch_add(1, Ordering::Relaxed);
        if !self.reported.swap(true, Ordering::Relaxed) {
            self.report(name, "fails and entries are lost", error, clock);
        }
    }

    /// The same for an output that counts its losses itself.
    #[cold]
    fn count_trouble(&self, name: &str, trouble: &OutputTrouble, clock: &dyn Clock) {
        self.dropped.fetch_add(trouble.lost(), Ordering::Relaxed);
        if trouble.is_known() {
            return;
        }
        let what = match trouble.lost() {
            0 => "is in trouble",
            _ => "fails and entries are lost",
        };
        self.report(name, what, trouble, clock);
    }

    fn report(&self, name: &str, what: &str, why: &dyn fmt::Display, clock: &dyn Clock) {
        let message = format!("output `{name}` {what}: {why}");
        let report = DebugEntry::new(clock.wall(), DebugLevel::Error, message).with_module(MODULE);
        self.captured.push(Arc::new(report));
    }
}

thread_local! {
    static WRITING: Cell<u32> = const { Cell::new(0) };
}

/// Writes to an output, which may itself log, but not without end.
fn write(gap: &Gap, output: &dyn DebugOutput, entry: &DebugEntry) -> io::Result<()> {
    let Some(_writing) = Writing::begin() else {
        return Err(io::Error::other("it logs while it writes"));
    };
    gap.write(output, entry)
}

/// Counts how deeply the current thread is inside outputs.
struct Writing;

impl Writing {
    fn begin() -> Option<Self> {
        WRITING.with(|depth| {
            (depth.get() < NESTING).then(|| {
                depth.set(depth.get() + 1);
                Self
            })
        })
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        WRITING.with(|depth| depth.set(depth.get().saturating_sub(1)));
    }
}
