//! The table of timers.

use std::time::Duration;

use llmspell_utils::debug::{Profiler, report};

#[test]
fn the_table_is_aligned_and_has_units() {
    let profiler = Profiler::default();
    for nanoseconds in [900, 1_100, 1_000_000] {
        profiler.record("evaluate", Duration::from_nanos(nanoseconds));
    }
    profiler.record("load \u{1b}[31m\n", Duration::from_secs(61));
    assert_eq!(
        report::text(&profiler.statistics()),
        "\
timer              count    total    mean  std dev     min      p50      p95      p99      max
evaluate               3  1.00 ms  334 µs   471 µs  900 ns  1.10 µs  1.00 ms  1.00 ms  1.00 ms
load \\u{1b}[31m\\n      1   61.0 s  61.0 s     0 ns  61.0 s   61.0 s   61.0 s   61.0 s   61.0 s
"
    );
}

#[test]
fn without_timers_the_table_says_so() {
    assert_eq!(report::text(&[]), "no timer was stopped yet\n");
}
