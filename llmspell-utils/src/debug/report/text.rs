//! Timers and profiles as aligned tables for people.

use std::time::Duration;

use super::super::profile::{FrameId, Profile, ProfileFrame, ProfileNode};
use super::super::profiler::{ProfilerLosses, TimerStatistics};
use super::super::text::escaped;
use super::label::{method, name};
use super::quantity::{duration, percent};
use super::table::{Side, table};

/// The statistics as an aligned table, one line a name, every duration with its unit, and below it what the profiler
/// did not keep.
///
/// ```
/// use std::time::Duration;
/// use llmspell_utils::debug::{Profiler, report};
///
/// let profiler = Profiler::default();
/// profiler.record("load", Duration::from_micros(1_500));
/// assert_eq!(
///     report::timers_text(&profiler.statistics(), profiler.losses()),
///     "timer  count    total     mean  std dev      min      p50      p95      p99      max\n\
///      load       1  1.50 ms  1.50 ms     0 ns  1.50 ms  1.50 ms  1.50 ms  1.50 ms  1.50 ms\n",
/// );
/// ```
#[must_use]
pub fn timers_text(statistics: &[TimerStatistics], losses: ProfilerLosses) -> String {
    let mut text = timers_table(statistics);
    let lost: Vec<String> = losses
        .counts()
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(what, count)| format!("{what} ({count})"))
        .collect();
    if !lost.is_empty() {
        text.push_str(&format!("not kept: {}\n", lost.join(", ")));
    }
    text
}

fn timers_table(statistics: &[TimerStatistics]) -> String {
    if statistics.is_empty() {
        return "no timer was stopped yet\n".to_owned();
    }
    let columns = [
        "timer", "count", "total", "mean", "std dev", "min", "p50", "p95", "p99", "max",
    ];
    let mut side = Side::Left;
    let columns = columns.map(|name| (name, std::mem::replace(&mut side, Side::Right)));
    let rows: Vec<_> = statistics.iter().map(timer_row).collect();
    table(columns, &rows)
}

fn timer_row(statistics: &TimerStatistics) -> [String; 10] {
    [
        escaped(&statistics.name),
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

/// The top of a profile as an aligned table: at most so many frames, those with the most time of their own first.
///
/// Own time is what was spent in a frame itself, total time includes everything beneath it. A dash stands where calls
/// were not counted. The first line says how the profile came about, the last one what it lacks, if anything.
#[must_use]
pub fn profile_text(profile: &Profile, rows: usize) -> String {
    let whole = profile.total();
    let head = format!(
        "{}: {}, {}\n",
        escaped(profile.title()),
        duration(whole),
        method(profile)
    );
    if profile.is_empty() {
        return format!("{head}nothing was measured\n");
    }
    let frames = by_frame(profile);
    let columns = [
        ("own", Side::Right),
        ("own %", Side::Right),
        ("total", Side::Right),
        ("total %", Side::Right),
        ("calls", Side::Right),
        ("kind", Side::Left),
        ("name", Side::Left),
        ("place", Side::Left),
    ];
    let shown: Vec<_> = frames
        .iter()
        .take(rows)
        .map(|spent| frame_row(spent, whole))
        .collect();
    let mut text = format!("{head}{}", table(columns, &shown));
    if frames.len() > rows {
        let others = frames.len() - rows;
        let own = frames.iter().skip(rows).map(|spent| spent.own).sum();
        text.push_str(&format!(
            "and {others} more with {} together\n",
            duration(own)
        ));
    }
    text
}

/// What was spent in a frame, on whatever path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameTime<'profile> {
    /// The frame.
    pub frame: &'profile ProfileFrame,
    /// The time that was spent in the frame itself.
    pub own: Duration,
    /// The same with everything beneath it.
    pub total: Duration,
    /// How often it was entered; 0 where only samples saw it.
    pub calls: u64,
}

/// All frames of a profile, those with the most time of their own first.
#[must_use]
pub fn by_frame(profile: &Profile) -> Vec<FrameTime<'_>> {
    let mut frames: Vec<FrameTime<'_>> = profile
        .frames()
        .iter()
        .map(|frame| FrameTime {
            frame,
            own: Duration::ZERO,
            total: Duration::ZERO,
            calls: 0,
        })
        .collect();
    let nodes: Vec<ProfileNode> = profile.nodes().collect();
    for (node, total) in nodes.iter().zip(profile.totals()) {
        let Some(spent) = frames.get_mut(node.frame.index()) else {
            continue;
        };
        spent.own = spent.own.saturating_add(node.own);
        spent.calls += node.calls;
        // Of a frame beneath itself, the outer one has all time already.
        if !is_beneath_itself(&nodes, node) {
            spent.total = spent.total.saturating_add(total);
        }
    }
    frames.retain(|spent| !spent.total.is_zero() || spent.calls > 0);
    frames.sort_by(|one, other| {
        let by_time = (other.own, other.total).cmp(&(one.own, one.total));
        by_time.then_with(|| one.frame.name.cmp(&other.frame.name))
    });
    frames
}

fn is_beneath_itself(nodes: &[ProfileNode], node: &ProfileNode) -> bool {
    let frame: FrameId = node.frame;
    let mut next = node.parent;
    while let Some(above) = next.and_then(|id| nodes.get(id.index())) {
        if above.frame == frame {
            return true;
        }
        next = above.parent;
    }
    false
}

fn frame_row(spent: &FrameTime<'_>, whole: Duration) -> [String; 8] {
    let place = spent.frame.place.as_ref().map(ToString::to_string);
    let calls = match spent.calls {
        0 => "-".to_owned(),
        calls => calls.to_string(),
    };
    [
        duration(spent.own),
        percent(spent.own, whole),
        duration(spent.total),
        percent(spent.total, whole),
        calls,
        spent.frame.kind.code().to_owned(),
        escaped(name(spent.frame)),
        escaped(&place.unwrap_or_default()),
    ]
}
