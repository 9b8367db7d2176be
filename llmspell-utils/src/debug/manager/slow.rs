//! The warning that an operation leaves which took too long.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::level::DebugLevel;
use super::super::report::{duration, milliseconds, set_duration};
use super::super::slow::{SlowOperation, SlowThresholds};
use super::super::text::escaped;
use super::DebugManager;

/// The module of the warnings.
const MODULE: &str = "llmspell.slow";

/// Slow operations.
impl DebugManager {
    /// Sets how long operations may take before they leave a warning, here and in all scopes that belong together.
    pub fn set_slow_thresholds(&self, thresholds: SlowThresholds) {
        self.slow.set(thresholds);
    }

    /// How long this sort of operation may take; nothing if nobody asks. One relaxed load.
    #[must_use]
    pub fn slow_threshold(&self, operation: SlowOperation) -> Option<Duration> {
        self.slow.of(operation)
    }

    /// Leaves one warning entry, of module `llmspell.slow`, if an operation took longer than it may; says whether it
    /// did.
    ///
    /// `what` says which operation it was, such as the name of a script or of an event; `breakdown` is called only
    /// for a warning that somebody wants, and says where the time went.
    ///
    /// ```
    /// use std::time::Duration;
    /// use llmspell_utils::debug::{DebugManager, SlowOperation, SlowThresholds};
    ///
    /// let manager = DebugManager::new();
    /// manager.set_slow_thresholds(SlowThresholds::all(Some(Duration::from_millis(50))));
    /// manager.report_slow(SlowOperation::Evaluation, "PreToolUse", Duration::from_micros(73_200), || {
    ///     serde_json::json!({ "route_us": 4, "evaluate_us": 73_000 })
    /// });
    /// let entry = manager.captured(None).remove(0);
    /// assert_eq!(
    ///     entry.message,
    ///     "evaluation of PreToolUse took 73.2 ms, more than the 50 ms of [debug] slow",
    /// );
    /// ```
    pub fn report_slow(
        &self,
        operation: SlowOperation,
        what: &str,
        took: Duration,
        breakdown: impl FnOnce() -> Value,
    ) -> bool {
        let Some(threshold) = self.slow_threshold(operation).filter(|most| took > *most) else {
            return false;
        };
        if self.wants(DebugLevel::Warn, Some(MODULE)) {
            let subject = match what {
                "" => operation.to_string(),
                what => format!("{operation} of {}", escaped(what)),
            };
            let message = format!(
                "{subject} took {}, more than the {} of [debug] slow",
                duration(took),
                set_duration(threshold)
            );
            let data = json!({
                "operation": operation.code(),
                "what": what,
                "duration_ms": milliseconds(took),
                "threshold_ms": milliseconds(threshold),
                "breakdown": breakdown(),
            });
            let entry = self.entry(DebugLevel::Warn, message);
            self.emit(entry.with_module(MODULE).with_data(data));
        }
        true
    }
}
