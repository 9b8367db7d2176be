//! Profiles as speedscope reads them: <https://www.speedscope.app/file-format-schema.json>.

use std::borrow::Cow;

use serde::Serialize;

use super::super::clock::saturating_nanoseconds;
use super::super::profile::{Profile, ProfileFrame, ProfileMethod};
use super::super::text::{escaped, safe_json};
use super::course::{course, has_course};
use super::format::ReportError;
use super::label::{method, name};

const SCHEMA: &str = "https://www.speedscope.app/file-format-schema.json";

/// All times are in nanoseconds: whole numbers, so that nothing is rounded.
const UNIT: &str = "nanoseconds";

#[derive(Serialize)]
struct File<'profile> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    exporter: &'static str,
    name: Cow<'profile, str>,
    #[serde(rename = "activeProfileIndex")]
    active: usize,
    shared: Shared<'profile>,
    profiles: [Timeline; 1],
}

#[derive(Serialize)]
struct Shared<'profile> {
    frames: Vec<Frame<'profile>>,
}

#[derive(Serialize)]
struct Frame<'profile> {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'profile str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    col: Option<u32>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Timeline {
    #[serde(flatten)]
    kind: Kind,
    name: String,
    unit: &'static str,
    start_value: u64,
    end_value: u64,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Kind {
    /// Which frames were entered and left when.
    Evented { events: Vec<Event> },
    /// Which stack was current for how long.
    Sampled {
        samples: Vec<Vec<usize>>,
        weights: Vec<u64>,
    },
}

#[derive(Serialize)]
struct Event {
    #[serde(rename = "type")]
    kind: &'static str,
    frame: usize,
    at: u64,
}

/// How many frames all stacks of a file may have together.
const STACKED: usize = 4_000_000;

/// A speedscope file: with events if every call was noted, else with stacks and how long each was
/// current, unless that would be too long.
pub(super) fn speedscope(profile: &Profile) -> Result<String, ReportError> {
    let is_exact = matches!(profile.method(), ProfileMethod::Exact) && has_course(profile);
    let stacks = (!is_exact).then(|| sampled(profile)).flatten();
    let (kind, end_value) = stacks.unwrap_or_else(|| evented(profile));
    let file = File {
        schema: SCHEMA,
        exporter: concat!("llmspell@", env!("CARGO_PKG_VERSION")),
        name: profile.title().into(),
        active: 0,
        shared: Shared {
            frames: profile.frames().iter().map(frame).collect(),
        },
        profiles: [Timeline {
            kind,
            name: format!("{} ({})", profile.title(), method(profile)),
            unit: UNIT,
            start_value: 0,
            end_value,
        }],
    };
    Ok(safe_json(serde_json::to_string(&file)?))
}

fn frame(frame: &ProfileFrame) -> Frame<'_> {
    let place = frame.place.as_ref();
    Frame {
        name: escaped(name(frame)),
        file: place.map(|place| &*place.file),
        line: place.map(|place| place.line),
        col: place.and_then(|place| place.column),
    }
}

fn evented(profile: &Profile) -> (Kind, u64) {
    let course = course(profile);
    let event = |step: &super::course::Step| Event {
        kind: if step.enters { "O" } else { "C" },
        frame: step.frame.index(),
        at: saturating_nanoseconds(step.at),
    };
    let events = course.steps.iter().map(event).collect();
    (
        Kind::Evented { events },
        saturating_nanoseconds(course.length),
    )
}

/// Stacks and how long each was current; nothing if they are too many.
fn sampled(profile: &Profile) -> Option<(Kind, u64)> {
    let stacks = if has_course(profile) {
        let segments = profile.segments().iter();
        segments
            .map(|segment| (segment.node, segment.duration))
            .collect::<Vec<_>>()
    } else {
        let nodes = profile.nodes().filter(|node| !node.own.is_zero());
        nodes.map(|node| (Some(node.id), node.own)).collect()
    };
    let mut samples = Vec::with_capacity(stacks.len());
    let mut weights = Vec::with_capacity(stacks.len());
    let mut stacked = 0;
    for (node, duration) in stacks {
        let stack = node.map_or_else(Vec::new, |node| profile.stack(node));
        stacked += stack.len();
        if stacked > STACKED {
            return None;
        }
        samples.push(stack.into_iter().map(|frame| frame.index()).collect());
        weights.push(saturating_nanoseconds(duration));
    }
    let end = weights
        .iter()
        .fold(0_u64, |sum, weight| sum.saturating_add(*weight));
    Some((Kind::Sampled { samples, weights }, end))
}
