//! Which lines of the policies the tests have reached.

use std::collections::{BTreeMap, BTreeSet};

/// The lines of one file, each of which the tests have reached or not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileCoverage {
    /// The file, relative to the project.
    pub file: String,
    /// The lines that were evaluated at least once.
    pub covered: BTreeSet<u32>,
    /// The lines that could have been and were not.
    pub not_covered: BTreeSet<u32>,
}

impl FileCoverage {
    /// The part of the lines that was reached, in percent; none, if the file has no line that can be.
    #[must_use]
    pub fn percent(&self) -> Option<f64> {
        percent(self.covered.len(), self.not_covered.len())
    }
}

/// The part of so many lines that was reached, in percent; none without lines.
#[must_use]
pub(super) fn percent(covered: usize, not_covered: usize) -> Option<f64> {
    let all = covered + not_covered;
    // A project has fewer lines than a number of 53 bits can count.
    (all > 0).then(|| covered as f64 * 100.0 / all as f64)
}

/// Lines by the files that hold them.
pub(super) type Lines = BTreeMap<String, BTreeSet<u32>>;

/// What was reached of what can be.
pub(super) fn coverage(reachable: Lines, reached: &Lines) -> Vec<FileCoverage> {
    reachable
        .into_iter()
        .map(|(file, lines)| {
            let is_reached =
                |line: &u32| reached.get(&file).is_some_and(|lines| lines.contains(line));
            let (covered, not_covered) = lines.into_iter().partition(is_reached);
            FileCoverage {
                file,
                covered,
                not_covered,
            }
        })
        .collect()
}
