//! The settings that are read with every message, as atomics.

use crate::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use super::super::level::DebugLevel;

/// In the place of a level: nothing was said, and the manager above decides.
const FOLLOWS: u8 = u8::MAX;

/// What was said about level and enabled, and what follows from it and from the managers above.
///
/// They have a cache line of their own, so that nothing which changes with every entry slows the reading down.
#[derive(Debug)]
#[repr(align(64))]
pub(super) struct Switches {
    gate: AtomicU8,
    threshold: AtomicU8,
    said: AtomicU8,
    enabled: AtomicBool,
}

// Relaxed everywhere: each value stands for itself, and whoever changes one expects to be heard soon, not at once.
impl Switches {
    /// The switches of a manager that has nobody above.
    pub(super) const fn new(level: DebugLevel) -> Self {
        Self {
            gate: AtomicU8::new(level.as_u8()),
            threshold: AtomicU8::new(level.as_u8()),
            said: AtomicU8::new(level.as_u8()),
            enabled: AtomicBool::new(true),
        }
    }

    /// The switches of a scope that has said nothing yet; closed until they are worked out.
    pub(super) const fn following() -> Self {
        Self {
            gate: AtomicU8::new(0),
            threshold: AtomicU8::new(0),
            said: AtomicU8::new(FOLLOWS),
            enabled: AtomicBool::new(true),
        }
    }

    #[inline]
    pub(super) const fn gate(&self) -> &AtomicU8 {
        &self.gate
    }

    #[inline]
    pub(super) fn listens(&self, level: DebugLevel) -> bool {
        level.passes(self.gate.load(Ordering::Relaxed))
    }

    /// The threshold of messages without a module.
    #[inline]
    pub(super) fn threshold(&self) -> u8 {
        self.threshold.load(Ordering::Relaxed)
    }

    /// The number of the level that was said, if one was.
    pub(super) fn said_level(&self) -> Option<u8> {
        let said = self.said.load(Ordering::Relaxed);
        (said != FOLLOWS).then_some(said)
    }

    pub(super) fn say_level(&self, level: DebugLevel) {
        self.said.store(level.as_u8(), Ordering::Relaxed);
    }

    pub(super) fn said_enabled(&self) -> bool {
        self.enabled.load(Ordering::Relaxed)
    }

    pub(super) fn say_enabled(&self, enabled: bool) {
        self.enabled.store(enabled, Ordering::Relaxed);
    }

    /// Sets what was worked out from everything that was said.
    pub(super) fn set(&self, gate: u8, threshold: u8) {
        self.threshold.store(threshold, Ordering::Relaxed);
        self.gate.store(gate, Ordering::Relaxed);
    }
}
