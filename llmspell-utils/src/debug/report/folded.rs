//! Profiles as folded stacks, one line a call path, for flame graph programs and for `sort` and `grep`.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::profile::Profile;
use super::super::text::escaped;
use super::label::label;

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
pub(super) fn own_times(profile: &Profile, labels: &[String]) -> BTreeMap<String, Duration> {
    let mut times: BTreeMap<String, Duration> = BTreeMap::new();
    for node in profile.nodes().filter(|node| !node.own.is_zero()) {
        let stack = profile.stack(node.id);
        let path: Vec<&str> = stack
            .iter()
            .filter_map(|frame| labels.get(frame.index()))
            .map(String::as_str)
            .collect();
        let time = times.entry(path.join(";")).or_default();
        *time = time.saturating_add(node.own);
    }
    times
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
