//! The settings that are read with every message, as atomics.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use super::super::level::DebugLevel;

/// Level, enabled, and the gate that follows from them.
///
/// They have a cache line of their own, so that nothing which changes with every entry slows the reading down.
#[derive(Debug)]
#[repr(align(64))]
pub(super) struct Switches {
    gate: AtomicU8,
    level: AtomicU8,
    enabled: AtomicBool,
}

// Relaxed everywhere: each value stands for itself, and whoever changes one expects to be heard soon, not at once.
impl Switches {
    pub(super) const fn new(level: DebugLevel) -> Self {
        Self {
            gate: AtomicU8::new(level.as_u8()),
            level: AtomicU8::new(level.as_u8()),
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

    #[inline]
    pub(super) fn level_number(&self) -> u8 {
        self.level.load(Ordering::Relaxed)
    }

    pub(super) fn level(&self) -> DebugLevel {
        // Only levels are ever stored.
        DebugLevel::from_u8(self.level_number()).unwrap_or_default()
    }

    pub(super) fn set_level(&self, level: DebugLevel) {
        self.level.store(level.as_u8(), Ordering::Relaxed);
    }

    pub(super) fn is_enabled(&self) -> bool {
        self.enabled.load(Ordering::Relaxed)
    }

    pub(super) fn set_enabled(&self, enabled: bool) {
        self.enabled.store(enabled, Ordering::Relaxed);
    }

    /// Works out the gate anew; `rules` is the most verbose level that a rule gives to a module.
    pub(super) fn update_gate(&self, rules: u8) {
        let gate = if self.is_enabled() {
            self.level_number().max(rules)
        } else {
            0
        };
        self.gate.store(gate, Ordering::Relaxed);
    }
}
