//! The statistics of timers as an aligned table for people.

use std::time::Duration;

use super::super::profiler::TimerStatistics;
use super::super::text::push_escaped;

const COLUMNS: [&str; 10] = [
    "timer", "count", "total", "mean", "std dev", "min", "p50", "p95", "p99", "max",
];

/// The statistics as an aligned table, one line a name, every duration with its unit.
///
/// ```
/// use std::time::Duration;
/// use llmspell_utils::debug::{Profiler, report};
///
/// let profiler = Profiler::default();
/// profiler.record("load", Duration::from_micros(1_500));
/// assert_eq!(
///     report::text(&profiler.statistics()),
///     "timer  count    total     mean  std dev      min      p50      p95      p99      max\n\
///      load       1  1.50 ms  1.50 ms     0 ns  1.50 ms  1.50 ms  1.50 ms  1.50 ms  1.50 ms\n",
/// );
/// ```
#[must_use]
pub fn text(statistics: &[TimerStatistics]) -> String {
    if statistics.is_empty() {
        return "no timer was stopped yet\n".to_owned();
    }
    let mut rows = vec![COLUMNS.map(str::to_owned)];
    rows.extend(statistics.iter().map(row));
    let widths = widths(&rows);
    rows.iter().map(|row| line(row, &widths)).collect()
}

type Row = [String; COLUMNS.len()];

fn row(statistics: &TimerStatistics) -> Row {
    let mut name = String::new();
    push_escaped(&mut name, &statistics.name);
    [
        name,
        statistics.count.to_string(),
        duration(statistics.total),
        duration(statistics.mean),
        duration(statistics.standard_deviation),
        duration(statistics.min),
        duration(statistics.p50),
        duration(statistics.p95),
        duration(statistics.p99),
        duration(statistics.max),
    ]
}

fn widths(rows: &[Row]) -> [usize; COLUMNS.len()] {
    let mut widths = [0; COLUMNS.len()];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    widths
}

/// Names to the left, numbers to the right.
fn line(row: &Row, widths: &[usize; COLUMNS.len()]) -> String {
    let cells = row
        .iter()
        .zip(widths)
        .enumerate()
        .map(|(column, (cell, width))| match column {
            0 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        });
    let mut line = cells.collect::<Vec<_>>().join("  ");
    line.push('\n');
    line
}

/// Three significant digits and the unit; nanoseconds are whole.
fn duration(duration: Duration) -> String {
    let nanoseconds = duration.as_nanos();
    let (unit, divisor) = match nanoseconds {
        0..1_000 => return format!("{nanoseconds} ns"),
        1_000..999_500 => ("µs", 1e3),
        999_500..999_500_000 => ("ms", 1e6),
        _ => ("s", 1e9),
    };
    let value = nanoseconds as f64 / divisor;
    match value {
        ..9.995 => format!("{value:.2} {unit}"),
        ..99.95 => format!("{value:.1} {unit}"),
        _ => format!("{value:.0} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_three_digits_and_a_unit() {
        let cases: [(u64, &str); 12] = [
            (0, "0 ns"),
            (999, "999 ns"),
            (1_000, "1.00 µs"),
            (9_994, "9.99 µs"),
            (9_996, "10.0 µs"),
            (99_960, "100 µs"),
            (999_499, "999 µs"),
            (999_500, "1.00 ms"),
            (12_345_678, "12.3 ms"),
            (999_500_000, "1.00 s"),
            (61_000_000_000, "61.0 s"),
            (3_600_000_000_000, "3600 s"),
        ];
        for (nanoseconds, expected) in cases {
            assert_eq!(duration(Duration::from_nanos(nanoseconds)), expected);
        }
    }
}
