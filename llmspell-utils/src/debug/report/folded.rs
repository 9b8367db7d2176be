//! Profiles as folded stacks, one line a call path, for flame graph programs and for `sort` and `grep`.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::profile::{NodeId, Profile};
use super::super::text::escaped;
use super::label::label;

/// How long all paths of a report may be together, in bytes.
const BYTES: usize = 64 * 1024 * 1024;

/// What stands for the paths beyond.
const EVERYTHING_ELSE: &str = "(everything_else)";

/// The call paths in which time was spent, sorted: the frames with `;` between, a blank, and the whole microseconds
/// of the path's own time.
///
/// In a frame's label a `;` becomes `:` and a blank `_`; what could break a line is escaped. What a path's time has
/// beyond whole microseconds is carried to the line below, so that the lines add up to the whole profile.
pub(super) fn folded(profile: &Profile) -> String {
    let labels: Vec<String> = profile
        .frames()
        .iter()
        .map(|frame| plain(&label(frame)))
        .collect();
    let mut carried = Duration::ZERO;
    let mut text = String::new();
    for (path, own) in own_times(profile, &labels) {
        let exact = own.saturating_add(carried);
        let microseconds = exact.as_micros();
        carried = Duration::from_nanos(u64::from(exact.subsec_nanos() % 1_000));
        if microseconds > 0 {
            text.push_str(&format!("{path} {microseconds}\n"));
        }
    }
    text
}

/// The own time of every call path by the labels of its frames, which several paths may share.
///
/// Where the paths together would be longer than 64 MiB, the later ones are one.
pub(super) fn own_times(profile: &Profile, labels: &[String]) -> BTreeMap<String, Duration> {
    let mut times: BTreeMap<String, Duration> = BTreeMap::new();
    let lengths = lengths(profile, labels);
    let mut bytes = 0_usize;
    for (node, length) in profile.nodes().zip(lengths) {
        if node.own.is_zero() {
            continue;
        }
        bytes = bytes.saturating_add(length);
        let path = if bytes > BYTES {
            EVERYTHING_ELSE.to_owned()
        } else {
            path(profile, labels, node.id)
        };
        let time = times.entry(path).or_default();
        *time = time.saturating_add(node.own);
    }
    times
}

fn path(profile: &Profile, labels: &[String], node: NodeId) -> String {
    let stack = profile.stack(node);
    let path: Vec<&str> = stack
        .iter()
        .filter_map(|frame| labels.get(frame.index()))
        .map(String::as_str)
        .collect();
    path.join(";")
}

/// How long every path is, in bytes.
fn lengths(profile: &Profile, labels: &[String]) -> Vec<usize> {
    let mut lengths: Vec<usize> = Vec::with_capacity(profile.nodes().len());
    for node in profile.nodes() {
        // A path stands after its caller.
        let above = node.parent.and_then(|id| lengths.get(id.index()));
        let own = labels.get(node.frame.index()).map_or(0, String::len);
        lengths.push(above.map_or(0, |above| above + 1) + own);
    }
    lengths
}

/// The label without what has a meaning in the format.
fn plain(label: &str) -> String {
    escaped(label)
        .chars()
        .map(|character| match character {
            ';' => ':',
            character if character.is_whitespace() => '_',
            character => character,
        })
        .collect()
}
