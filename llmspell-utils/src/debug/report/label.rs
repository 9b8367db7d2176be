//! What a frame is called on screens and in files.

use super::super::profile::{Profile, ProfileFrame, ProfileMethod};
use super::quantity::set_duration;

/// What stands for a name where there is none.
pub(super) const NAMELESS: &str = "(anonymous)";

/// The frame's name and its place, such as `check (guard.lua:12)`.
pub(super) fn label(frame: &ProfileFrame) -> String {
    let name = name(frame);
    match &frame.place {
        Some(place) => format!("{name} ({place})"),
        None => name.to_owned(),
    }
}

/// The frame's name, which is never empty.
pub(super) fn name(frame: &ProfileFrame) -> &str {
    if frame.name.is_empty() {
        NAMELESS
    } else {
        &frame.name
    }
}

/// How the profile came about and what it lacks, in one sentence for people.
pub(super) fn method(profile: &Profile) -> String {
    let every = set_duration;
    let mut sentence = match profile.method() {
        ProfileMethod::Sampled(interval) => format!("sampled every {}", every(interval)),
        ProfileMethod::Approximate(interval) => format!(
            "sampled about every {} where the engine allows; time may be charged to a neighbour",
            every(interval)
        ),
        ProfileMethod::Exact => "every call was noted".to_owned(),
        ProfileMethod::Timers => "timers that were stopped".to_owned(),
    };
    if let Some(losses) = losses(profile) {
        sentence.push_str("; ");
        sentence.push_str(&losses);
    }
    sentence
}

/// The stable name of how the profile came about, for programs to read.
pub(super) const fn method_code(method: ProfileMethod) -> &'static str {
    match method {
        ProfileMethod::Sampled(_) => "sampled",
        ProfileMethod::Approximate(_) => "approximate",
        ProfileMethod::Exact => "exact",
        ProfileMethod::Timers => "timers",
    }
}

/// What is not in the profile; nothing if it lacks nothing.
pub(super) fn losses(profile: &Profile) -> Option<String> {
    let lost = profile.losses();
    let paths = (lost.paths > 0).then(|| {
        format!(
            "calls or samples that count for a caller, because there were too many paths: {}",
            lost.paths
        )
    });
    let segments =
        (lost.segments > 0).then(|| format!("segments without a place in time: {}", lost.segments));
    let losses: Vec<_> = [paths, segments].into_iter().flatten().collect();
    (!losses.is_empty()).then(|| losses.join("; "))
}
