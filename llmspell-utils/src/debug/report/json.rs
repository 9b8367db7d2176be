//! Timers and profiles as JSON, by the schemas in `docs/schemas/`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::super::clock::Timestamp;
use super::super::profile::{Profile, ProfileFrame, ProfileMethod, ProfileNode};
use super::super::profiler::{LapStatistics, ProfilerLosses, TimerStatistics};
use super::super::text::safe_json;
use super::format::ReportError;
use super::label::{method_code, name};
use super::quantity::milliseconds;

/// The version of both schemas; it changes when something is taken away or means something else.
const VERSION: &str = "1.0";

#[derive(Serialize)]
struct Timers<'timers> {
    version: &'static str,
    generated_at: Timestamp,
    summary: Summary<'timers>,
    timings: BTreeMap<&'timers str, Timing<'timers>>,
    losses: ProfilerLosses,
}

#[derive(Serialize)]
struct Summary<'timers> {
    total_operations: u64,
    total_time_ms: f64,
    avg_time_ms: Option<f64>,
    slowest_operation: Option<&'timers str>,
    fastest_operation: Option<&'timers str>,
}

#[derive(Serialize)]
struct Timing<'timers> {
    count: u64,
    total_ms: f64,
    mean_ms: f64,
    std_dev_ms: f64,
    min_ms: f64,
    p50_ms: f64,
    p95_ms: f64,
    p99_ms: f64,
    max_ms: f64,
    parents: Vec<&'timers str>,
    events: u64,
    laps: Vec<LapTiming<'timers>>,
}

#[derive(Serialize)]
struct LapTiming<'timers> {
    name: &'timers str,
    count: u64,
    total_ms: f64,
    min_ms: f64,
    max_ms: f64,
}

/// The statistics of timers by `docs/schemas/debug-report.schema.json`, indented. Times are in milliseconds; what is
/// not known is null.
///
/// ```
/// use std::time::Duration;
/// use llmspell_utils::debug::{Profiler, Timestamp, report};
///
/// let profiler = Profiler::default();
/// profiler.record("load", Duration::from_micros(1_500));
/// let json = report::timers_json(&profiler.statistics(), profiler.losses(), Timestamp::from_nanoseconds(0))?;
/// let report: serde_json::Value = serde_json::from_str(&json)?;
/// assert_eq!(report["generated_at"], "1970-01-01T00:00:00.000000Z");
/// assert_eq!(report["timings"]["load"]["mean_ms"], 1.5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// The report could not be written, which no report is known to cause.
pub fn timers_json(
    statistics: &[TimerStatistics],
    losses: ProfilerLosses,
    at: Timestamp,
) -> Result<String, ReportError> {
    let report = Timers {
        version: VERSION,
        generated_at: at,
        summary: summary(statistics),
        timings: statistics
            .iter()
            .map(|one| (&*one.name, timing(one)))
            .collect(),
        losses,
    };
    Ok(safe_json(serde_json::to_string_pretty(&report)?))
}

fn summary(statistics: &[TimerStatistics]) -> Summary<'_> {
    let count: u64 = statistics.iter().map(|one| one.count).sum();
    let total = statistics
        .iter()
        .fold(Duration::ZERO, |sum, one| sum.saturating_add(one.total));
    // Of equals, the first by name.
    let slowest = statistics.iter().rev().max_by_key(|one| one.mean);
    let fastest = statistics.iter().min_by_key(|one| one.mean);
    Summary {
        total_operations: count,
        total_time_ms: milliseconds(total),
        avg_time_ms: (count > 0).then(|| milliseconds(total) / count as f64),
        slowest_operation: slowest.map(|one| &*one.name),
        fastest_operation: fastest.map(|one| &*one.name),
    }
}

fn timing(statistics: &TimerStatistics) -> Timing<'_> {
    Timing {
        count: statistics.count,
        total_ms: milliseconds(statistics.total),
        mean_ms: milliseconds(statistics.mean),
        std_dev_ms: milliseconds(statistics.standard_deviation),
        min_ms: milliseconds(statistics.min),
        p50_ms: milliseconds(statistics.p50),
        p95_ms: milliseconds(statistics.p95),
        p99_ms: milliseconds(statistics.p99),
        max_ms: milliseconds(statistics.max),
        parents: statistics.parents.iter().map(|name| &**name).collect(),
        events: statistics.events,
        laps: statistics.laps.iter().map(lap).collect(),
    }
}

fn lap(lap: &LapStatistics) -> LapTiming<'_> {
    LapTiming {
        name: &lap.name,
        count: lap.count,
        total_ms: milliseconds(lap.total),
        min_ms: milliseconds(lap.min),
        max_ms: milliseconds(lap.max),
    }
}

#[derive(Serialize)]
struct ProfileReport<'profile> {
    version: &'static str,
    title: &'profile str,
    method: &'static str,
    interval_ms: Option<f64>,
    total_ms: f64,
    samples: Option<u64>,
    frames: Vec<Frame<'profile>>,
    /// Each after its parent.
    paths: Vec<Path>,
    losses: Losses,
}

#[derive(Serialize)]
struct Frame<'profile> {
    name: &'profile str,
    kind: &'static str,
    file: Option<&'profile str>,
    line: Option<u32>,
    column: Option<u32>,
}

#[derive(Serialize)]
struct Path {
    /// The place of the caller's path in the list.
    parent: Option<usize>,
    /// The place of the frame in the list.
    frame: usize,
    calls: Option<u64>,
    own_ms: f64,
    total_ms: f64,
}

#[derive(Serialize)]
struct Losses {
    paths: u64,
    segments: u64,
}

/// A profile by `docs/schemas/profile.schema.json`.
pub(super) fn profile_json(profile: &Profile) -> Result<String, ReportError> {
    let interval = match profile.method() {
        ProfileMethod::Sampled(interval) | ProfileMethod::Approximate(interval) => Some(interval),
        ProfileMethod::Exact | ProfileMethod::Timers => None,
    };
    let lost = profile.losses();
    let report = ProfileReport {
        version: VERSION,
        title: profile.title(),
        method: method_code(profile.method()),
        interval_ms: interval.map(milliseconds),
        total_ms: milliseconds(profile.total()),
        samples: interval.map(|_| profile.samples()),
        frames: profile.frames().iter().map(frame).collect(),
        paths: profile
            .nodes()
            .zip(profile.totals())
            .map(|(node, total)| path(&node, total))
            .collect(),
        losses: Losses {
            paths: lost.paths,
            segments: lost.segments,
        },
    };
    Ok(safe_json(serde_json::to_string(&report)?))
}

fn frame(frame: &ProfileFrame) -> Frame<'_> {
    let place = frame.place.as_ref();
    Frame {
        name: name(frame),
        kind: frame.kind.code(),
        file: place.map(|place| &*place.file),
        line: place.map(|place| place.line),
        column: place.and_then(|place| place.column),
    }
}

fn path(node: &ProfileNode, total: Duration) -> Path {
    Path {
        parent: node.parent.map(|parent| parent.index()),
        frame: node.frame.index(),
        calls: (node.calls > 0).then_some(node.calls),
        own_ms: milliseconds(node.own),
        total_ms: milliseconds(total),
    }
}
