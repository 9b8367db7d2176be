//! Figures as an aligned table for people.

use serde_json::Value;

use crate::figures::figure::Figure;

const UNKNOWN: &str = "-";

/// The figures, one a line, under headings; instruction counts have columns when any were counted.
#[must_use]
pub fn table(figures: &[Figure]) -> String {
    let has_counts = figures.iter().any(|figure| figure.counts.is_some());
    let mut rows = vec![headings(has_counts)];
    rows.extend(figures.iter().map(|figure| cells(figure, has_counts)));
    aligned(&rows)
}

fn headings(has_counts: bool) -> Vec<String> {
    let mut headings = vec!["FIGURE", "VALUE", "AGAINST", "RATIO", "TARGET", "REACHED"];
    if has_counts {
        headings.extend(["INSTRUCTIONS", "AGAINST", "RATIO"]);
    }
    headings.push("WHAT");
    headings.into_iter().map(str::to_owned).collect()
}

fn cells(figure: &Figure, has_counts: bool) -> Vec<String> {
    let mut cells = vec![
        figure.name.clone(),
        shown(figure.value_ns, time),
        shown(figure.against_ns, time),
        shown(figure.ratio, ratio),
        target(&figure.target),
        figure
            .reached
            .map_or(UNKNOWN, |reached| if reached { "yes" } else { "NO" })
            .to_owned(),
    ];
    if has_counts {
        let counts = figure.counts.as_ref();
        let value = counts.and_then(|counts| counts.value);
        let against = counts.and_then(|counts| counts.against);
        let quotient = value
            .zip(against)
            .and_then(|(value, against)| (against > 0.0).then(|| value / against));
        cells.extend([
            shown(value, instructions),
            shown(against, instructions),
            shown(quotient, ratio),
        ]);
    }
    cells.push(match &figure.against {
        Some(against) => format!("{}; against {against}", figure.what),
        None => figure.what.clone(),
    });
    cells
}

fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    rows.iter().map(|row| line(row, &widths) + "\n").collect()
}

// Names and texts begin at the left, numbers end at the right.
fn line(row: &[String], widths: &[usize]) -> String {
    let last = row.len().saturating_sub(1);
    let cells = row
        .iter()
        .zip(widths)
        .enumerate()
        .map(|(column, (cell, width))| {
            if column == 0 {
                format!("{cell:<width$}")
            } else if column == last {
                cell.clone()
            } else {
                format!("{cell:>width$}")
            }
        });
    cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}

fn shown(value: Option<f64>, format: impl Fn(f64) -> String) -> String {
    value.map_or_else(|| UNKNOWN.to_owned(), format)
}

/// A time with the unit that leaves one to three digits before the point.
#[must_use]
pub fn time(nanoseconds: f64) -> String {
    let (value, unit) = match nanoseconds {
        small if small < 1e3 => (small, "ns"),
        medium if medium < 1e6 => (medium / 1e3, "µs"),
        large if large < 1e9 => (large / 1e6, "ms"),
        huge => (huge / 1e9, "s"),
    };
    let digits = if value < 10.0 { 2 } else { 1 };
    format!("{value:.digits$} {unit}")
}

fn ratio(value: f64) -> String {
    format!("{value:.2}x")
}

fn instructions(value: f64) -> String {
    format!("{value:.0}")
}

fn target(target: &Value) -> String {
    match target {
        Value::Null => UNKNOWN.to_owned(),
        Value::String(words) => words.clone(),
        Value::Number(number) => number.as_f64().map_or_else(
            || format!("<= {number}x"),
            // Three digits behind the point say enough, and 1 is shown as 1.0.
            |target| format!("<= {:?}x", (target * 1000.0).round() / 1000.0),
        ),
        other => other.to_string(),
    }
}
