//! Measurements for people and for programs.

use std::time::Duration;

use llmspell_utils::debug::report::{Side, duration, profile_text, table};
use llmspell_utils::debug::{FrameKind, ProfileMethod, escaped};
use serde_json::{Value, json};

use super::runs::{Measurement, QUANTILES, Series};

/// How many frames the top of a profile shows.
const TOP: usize = 12;

/// The longest name in a table, in characters.
const LONGEST_NAME: usize = 60;

const COLUMNS: [(&str, Side); 7] = [
    ("", Side::Left),
    ("runs", Side::Right),
    ("p50", Side::Right),
    ("p90", Side::Right),
    ("p95", Side::Right),
    ("p99", Side::Right),
    ("max", Side::Right),
];

/// The percentiles of the whole and of its parts, and the top of the profile if there is one.
pub(crate) fn measurement_text(measurement: &Measurement) -> String {
    let series = measurement.runs.in_order();
    if series.is_empty() {
        return "nothing was measured\n".to_owned();
    }
    let rows: Vec<_> = series
        .iter()
        .map(|series| row(series, &series.name))
        .collect();
    let mut text = table(COLUMNS, &rows);
    if measurement.runs.lost() > 0 {
        let lost = measurement.runs.lost();
        text.push_str(&format!(
            "{lost} times were more than one measurement keeps\n"
        ));
    }
    if let Some(profile) = &measurement.profile {
        let has_script = profile
            .frames()
            .iter()
            .any(|frame| frame.kind == FrameKind::Script);
        if has_script && profile.method() == ProfileMethod::Exact {
            text.push_str(
                "noting every call makes these runs much slower than they are otherwise\n",
            );
        }
        text.push('\n');
        text.push_str(&profile_text(profile, TOP));
    }
    text
}

fn row(series: &Series, name: &str) -> [String; 7] {
    let sorted = series.sorted();
    let name = format!(
        "{}{}",
        "  ".repeat(series.depth),
        shortened(&escaped(&without_folders(name)))
    );
    let [p50, p90, p95, p99] = QUANTILES.map(|(_, share)| duration(sorted.quantile(share)));
    let runs = series.count().to_string();
    [name, runs, p50, p90, p95, p99, duration(sorted.max())]
}

/// `deny (a/b/c.rego:1)` as `deny (c.rego:1)`: where a table has no room, the folders say the least.
fn without_folders(name: &str) -> String {
    let place = name
        .strip_suffix(')')
        .and_then(|name| name.rsplit_once(" ("));
    match place.and_then(|(name, place)| Some((name, place.rsplit_once('/')?.1))) {
        Some((name, file)) => format!("{name} ({file})"),
        None => name.to_owned(),
    }
}

fn shortened(name: &str) -> String {
    match name.char_indices().nth(LONGEST_NAME) {
        Some((at, _)) => format!("{}…", name.get(..at).unwrap_or_default()),
        None => name.to_owned(),
    }
}

/// Two measurements, and how many times as long the first took as the second.
pub(crate) fn comparison_text(pair: &[Measurement; 2]) -> String {
    let [first, second] = pair;
    let (Some(a), Some(b)) = (first.runs.whole(), second.runs.whole()) else {
        return "nothing was measured\n".to_owned();
    };
    let rows = [
        row(a, &format!("A  {}", first.name)),
        row(b, &format!("B  {}", second.name)),
    ];
    let mut text = table(COLUMNS, &rows);
    let medians = ratio(a.sorted().quantile(0.5), b.sorted().quantile(0.5));
    let pairs = a.count().min(b.count());
    let mut ratios: Vec<f64> = (0..pairs)
        .filter_map(|run| ratio(a.time(run)?, b.time(run)?))
        .collect();
    ratios.sort_unstable_by(f64::total_cmp);
    match (medians, middle_half(&ratios)) {
        (Some(medians), Some((low, high))) => text.push_str(&format!(
            "A takes {medians:.2}x the time of B (medians); in the middle half of the {pairs} pairs {low:.2}x to {high:.2}x\n"
        )),
        _ => text.push_str("B took no time that can be measured\n"),
    }
    text
}

fn ratio(a: Duration, b: Duration) -> Option<f64> {
    (!b.is_zero()).then(|| a.as_secs_f64() / b.as_secs_f64())
}

fn middle_half(ratios: &[f64]) -> Option<(f64, f64)> {
    let at = |share: f64| {
        let rank = (share * ratios.len() as f64).ceil() as usize;
        ratios.get(rank.saturating_sub(1)).copied()
    };
    at(0.25).zip(at(0.75))
}

/// The measurement as JSON: times in microseconds.
pub(crate) fn as_json(measurement: &Measurement) -> Value {
    let microseconds = |time: Duration| time.as_nanos() as f64 / 1e3;
    let series = measurement.runs.in_order();
    let parts: Vec<Value> = series
        .iter()
        .map(|series| {
            let sorted = series.sorted();
            let mut part = json!({
                "name": series.name,
                "depth": series.depth,
                "runs": series.count(),
                "max_us": microseconds(sorted.max()),
            });
            for (name, share) in QUANTILES {
                if let Some(part) = part.as_object_mut() {
                    let time = microseconds(sorted.quantile(share));
                    part.insert(format!("{name}_us"), time.into());
                }
            }
            part
        })
        .collect();
    json!({ "name": measurement.name, "parts": parts, "lost": measurement.runs.lost() })
}
