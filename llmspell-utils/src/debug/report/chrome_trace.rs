//! Profiles as Chrome's tracing and Perfetto read them.

use std::time::Duration;

use serde::Serialize;

use super::super::profile::{Profile, ProfileFrame};
use super::super::text::{escaped, safe_json};
use super::course::{Step, course};
use super::format::ReportError;
use super::label::{method, method_code, name};
use super::quantity::microseconds;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct File<'profile> {
    display_time_unit: &'static str,
    other_data: OtherData<'profile>,
    trace_events: Vec<Event<'profile>>,
}

#[derive(Serialize)]
struct OtherData<'profile> {
    exporter: &'static str,
    title: &'profile str,
    method: &'static str,
    note: String,
}

/// One event on the one thread that is drawn. Times are in microseconds, with nanoseconds behind the point.
#[derive(Serialize)]
struct Event<'profile> {
    ph: &'static str,
    pid: u8,
    tid: u8,
    ts: f64,
    name: &'profile str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cat: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    args: Option<Arguments<'profile>>,
}

#[derive(Serialize)]
struct Arguments<'profile> {
    /// The name of the process or the thread.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'profile str>,
    /// File and line.
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<&'profile str>,
}

/// A frame as events name it.
struct Named {
    name: String,
    place: Option<String>,
    kind: &'static str,
}

/// A trace in which every frame that begins also ends.
pub(super) fn chrome_trace(profile: &Profile) -> Result<String, ReportError> {
    let names: Vec<Named> = profile.frames().iter().map(named).collect();
    let course = course(profile);
    let mut events = vec![
        metadata("process_name", "llmspell"),
        metadata("thread_name", profile.title()),
    ];
    events.extend(course.steps.iter().filter_map(|step| {
        let frame = names.get(step.frame.index())?;
        Some(event(step, frame))
    }));
    let mut note = method(profile);
    if course.is_layout {
        note.push_str("; the order in time is not known: each call path is drawn once");
    }
    let file = File {
        display_time_unit: "ns",
        other_data: OtherData {
            exporter: concat!("llmspell@", env!("CARGO_PKG_VERSION")),
            title: profile.title(),
            method: method_code(profile.method()),
            note,
        },
        trace_events: events,
    };
    Ok(safe_json(serde_json::to_string(&file)?))
}

fn named(frame: &ProfileFrame) -> Named {
    Named {
        name: escaped(name(frame)),
        place: frame.place.as_ref().map(ToString::to_string),
        kind: frame.kind.code(),
    }
}

fn metadata<'profile>(what: &'static str, name: &'profile str) -> Event<'profile> {
    Event {
        ph: "M",
        pid: 1,
        tid: 1,
        ts: microseconds(Duration::ZERO),
        name: what,
        cat: None,
        args: Some(Arguments {
            name: Some(name),
            place: None,
        }),
    }
}

fn event<'profile>(step: &Step, frame: &'profile Named) -> Event<'profile> {
    let place = frame.place.as_deref().filter(|_| step.enters);
    Event {
        ph: if step.enters { "B" } else { "E" },
        pid: 1,
        tid: 1,
        ts: microseconds(step.at),
        name: &frame.name,
        cat: Some(frame.kind),
        args: place.map(|place| Arguments {
            name: None,
            place: Some(place),
        }),
    }
}
