//! Operations that take too long leave one warning each.

use std::time::Duration;

use llmspell_utils::debug::{DebugLevel, SlowOperation, SlowThresholds};
use serde_json::json;

use super::support::manager;

const MS: Duration = Duration::from_millis(1);

#[test]
fn an_operation_over_its_threshold_leaves_one_warning_with_the_breakdown() {
    let manager = manager();
    manager.set_slow_thresholds(SlowThresholds {
        evaluation: Some(50 * MS),
        ..SlowThresholds::default()
    });
    let breakdown = || json!({ "evaluate_us": 70_000 });
    let what = "Pre\u{1b}ToolUse";
    assert!(manager.report_slow(SlowOperation::Evaluation, what, 60 * MS, breakdown));
    let entries = manager.captured(None);
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].level, DebugLevel::Warn);
    assert_eq!(entries[0].module.as_deref(), Some("llmspell.slow"));
    assert_eq!(
        entries[0].message,
        "evaluation of Pre\\u{1b}ToolUse took 60.0 ms, more than the 50 ms of [debug] slow"
    );
    assert_eq!(
        entries[0].data,
        Some(json!({
            "operation": "evaluation",
            "what": what,
            "duration_ms": 60.0,
            "threshold_ms": 50.0,
            "breakdown": { "evaluate_us": 70_000 },
        }))
    );
}

#[test]
fn an_operation_at_its_threshold_or_without_one_leaves_nothing() {
    let manager = manager();
    let never = || -> serde_json::Value { panic!("nobody wants a breakdown") };
    assert!(!manager.report_slow(SlowOperation::Script, "guard.lua", Duration::MAX, never));
    manager.set_slow_thresholds(SlowThresholds::all(Some(50 * MS)));
    assert!(!manager.report_slow(SlowOperation::Script, "guard.lua", 50 * MS, never));
    manager.set_level(DebugLevel::Error);
    assert!(manager.report_slow(SlowOperation::Script, "guard.lua", 51 * MS, never));
    assert!(manager.captured(None).is_empty());
}
