//! What happens to an entry that is wanted: it goes to the output and is captured.

use std::cell::Cell;
use std::fmt;
use std::io;
use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::sync::RwLock;
use crate::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::super::clock::Clock;
use super::super::entry::DebugEntry;
use super::super::level::DebugLevel;
use super::super::output::{
    BufferLimits, BufferOutput, DebugOutput, Gap, NullOutput, OutputTrouble,
};
use super::super::redact::Redactor;

/// How deeply outputs may log while they write.
const NESTING: u32 = 4;

/// The module of the manager's own entries.
const MODULE: &str = "llmspell.debug";

#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) captured: BufferOutput,
    /// Whether there is an output: asking for it writes to memory that all threads share, and most managers have none.
    written: AtomicBool,
    output: RwLock<Option<Arc<dyn DebugOutput>>>,
    gap: Gap,
    dropped: AtomicU64,
    reported: AtomicBool,
    clock: Arc<dyn Clock>,
    redactor: Arc<ArcSwap<Redactor>>,
}

impl Delivery {
    /// The clock and the redactor are for the words about outputs.
    pub(super) fn new(
        limits: BufferLimits,
        clock: Arc<dyn Clock>,
        redactor: Arc<ArcSwap<Redactor>>,
    ) -> Self {
        Self {
            captured: BufferOutput::new(limits),
            written: AtomicBool::new(false),
            output: RwLock::new(None),
            gap: Gap::default(),
            dropped: AtomicU64::new(0),
            reported: AtomicBool::new(false),
            clock,
            redactor,
        }
    }

    pub(super) fn deliver(&self, entry: Arc<DebugEntry>) {
        if self.written.load(Ordering::Acquire) {
            self.write(&entry);
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
        // Here, when the lock is free: an output may take its time to close.
        if let Some(earlier) = earlier {
            self.close(earlier);
        }
    }

    /// Lets go of an output, and counts what it loses by that; one that others hold goes on.
    fn close(&self, mut output: Arc<dyn DebugOutput>) {
        if let Some(output) = Arc::get_mut(&mut output)
            && let Err(error) = output.close()
            && let Some(trouble) = OutputTrouble::of(&error)
        {
            self.count_trouble(output.name(), trouble);
        }
    }

    fn chosen_output(&self) -> Option<Arc<dyn DebugOutput>> {
        self.output.read().clone()
    }

    /// The output is not locked while it writes: a slow one holds nobody up who wants to change it.
    fn write(&self, entry: &DebugEntry) {
        let Some(output) = self.chosen_output() else {
            return;
        };
        if let Err(error) = write(&self.gap, output.as_ref(), entry) {
            self.count_failure(output.name(), &error);
        }
    }

    /// Brings everything that the output took to where it belongs, and counts what the output says it has lost.
    pub(super) fn flush(&self) -> io::Result<()> {
        let Some(output) = self.chosen_output() else {
            return Ok(());
        };
        let outcome = output.flush();
        if let Err(error) = &outcome
            && let Some(trouble) = OutputTrouble::of(error)
        {
            self.count_trouble(output.name(), trouble);
        }
        outcome
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Counts what did not arrive, and captures a word about it the first time.
    #[cold]
    fn count_failure(&self, name: &str, error: &io::Error) {
        if let Some(trouble) = OutputTrouble::of(error) {
            return self.count_trouble(name, trouble);
        }
        self.dropped.fetch_add(1, Ordering::Relaxed);
        if !self.reported.swap(true, Ordering::Relaxed) {
            self.report(name, "fails and entries are lost", error);
        }
    }

    /// The same for an output that counts its losses itself.
    #[cold]
    fn count_trouble(&self, name: &str, trouble: &OutputTrouble) {
        self.dropped.fetch_add(trouble.lost(), Ordering::Relaxed);
        if trouble.is_known() {
            return;
        }
        let what = match trouble.lost() {
            0 => "is in trouble",
            _ => "fails and entries are lost",
        };
        self.report(name, what, trouble);
    }

    fn report(&self, name: &str, what: &str, why: &dyn fmt::Display) {
        let message = format!("output `{name}` {what}: {why}");
        let time = self.clock.wall();
        let mut report = DebugEntry::new(time, DebugLevel::Error, message).with_module(MODULE);
        // An output of somebody else may say anything.
        self.redactor.load().redact_entry(&mut report);
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
