//! The gap that lost entries leave in an output, marked as soon as the output takes something again.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use super::super::clock::Timestamp;
use super::super::entry::DebugEntry;
use super::super::level::DebugLevel;
use super::{DebugOutput, OutputTrouble};

/// The module of entries about outputs.
const MODULE: &str = "llmspell.debug";

/// Counts what an output loses, and says so in the output before the next entry that arrives.
///
/// An output that speaks in [`OutputTrouble`] marks its gaps itself.
#[derive(Debug, Default)]
pub(in crate::debug) struct Gap {
    lost: AtomicU64,
}

// Relaxed: the number stands for itself, and is taken out as a whole.
impl Gap {
    /// Hands an entry to the output, after a word about those that were lost before it.
    pub(in crate::debug) fn write(
        &self,
        output: &dyn DebugOutput,
        entry: &DebugEntry,
    ) -> io::Result<()> {
        let marked = self.mark(output, entry.time);
        let written = output.write(entry);
        if let Err(error) = &written
            && OutputTrouble::of(error).is_none()
        {
            self.add(1);
        }
        written.and(marked)
    }

    /// Counts lost entries.
    pub(in crate::debug) fn add(&self, lost: u64) {
        self.lost.fetch_add(lost, Ordering::Relaxed);
    }

    /// Forgets what was lost, for another output.
    pub(in crate::debug) fn clear(&self) {
        self.lost.store(0, Ordering::Relaxed);
    }

    /// Writes a word about lost entries if there are any; it fails only with what the output wants to be known.
    #[inline]
    pub(in crate::debug) fn mark(
        &self,
        output: &dyn DebugOutput,
        time: Timestamp,
    ) -> io::Result<()> {
        if self.lost.load(Ordering::Relaxed) == 0 {
            return Ok(());
        }
        self.mark_lost(output, time)
    }

    #[cold]
    fn mark_lost(&self, output: &dyn DebugOutput, time: Timestamp) -> io::Result<()> {
        let lost = self.lost.swap(0, Ordering::Relaxed);
        if lost == 0 {
            return Ok(());
        }
        let Err(error) = output.write(&notice(output.name(), lost, time)) else {
            return Ok(());
        };
        match OutputTrouble::of(&error).map(OutputTrouble::lost) {
            Some(0) => Err(error),
            Some(_) => {
                self.add(lost);
                Err(error)
            }
            None => {
                self.add(lost);
                Ok(())
            }
        }
    }
}

fn notice(name: &str, lost: u64, time: Timestamp) -> DebugEntry {
    let message = match lost {
        1 => format!("1 entry before this one is lost: output `{name}` failed"),
        _ => format!("{lost} entries before this one are lost: output `{name}` failed"),
    };
    DebugEntry::new(time, DebugLevel::Warn, message).with_module(MODULE)
}
