//! The times of many runs, by what they were spent on.

use std::collections::HashMap;
use std::time::Duration;

use llmspell_utils::debug::Profile;

/// How many different things the times of one measurement are told apart by.
const MOST_SERIES: usize = 200;

/// How many times one measurement keeps in all: 32 MiB of them.
const MOST_TIMES: usize = 4 << 20;

/// How often something can be measured.
pub(crate) const fn most_runs() -> usize {
    100_000
}

/// The times of one thing, one for each run in which it was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Series {
    /// What it is.
    pub(crate) name: String,
    /// How deep beneath the whole it lies.
    pub(crate) depth: usize,
    times: Vec<Duration>,
}

/// The quantiles that are shown, and their names.
pub(crate) const QUANTILES: [(&str, f64); 4] =
    [("p50", 0.50), ("p90", 0.90), ("p95", 0.95), ("p99", 0.99)];

impl Series {
    /// How often it was done.
    pub(crate) fn count(&self) -> usize {
        self.times.len()
    }

    /// The times from the shortest to the longest.
    pub(crate) fn sorted(&self) -> Sorted {
        let mut times = self.times.clone();
        times.sort_unstable();
        Sorted(times)
    }

    /// The time of a run.
    pub(crate) fn time(&self, run: usize) -> Option<Duration> {
        self.times.get(run).copied()
    }
}

/// Times in order.
#[derive(Debug)]
pub(crate) struct Sorted(Vec<Duration>);

impl Sorted {
    /// The time that a share of all did not exceed: the nearest of those that were measured.
    pub(crate) fn quantile(&self, share: f64) -> Duration {
        let rank = (share * self.0.len() as f64).ceil() as usize;
        let found = self.0.get(rank.saturating_sub(1)).or(self.0.last());
        found.copied().unwrap_or_default()
    }

    pub(crate) fn max(&self) -> Duration {
        self.0.last().copied().unwrap_or_default()
    }
}

/// The times of many runs. The first series is the whole.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    series: Vec<Series>,
    by_path: HashMap<Vec<String>, usize>,
    kept: usize,
    lost: usize,
}

impl Runs {
    /// Adds the time of a path of names, such as policy and rule, the outermost first.
    pub(crate) fn add(&mut self, path: &[String], time: Duration) {
        let known = self.by_path.get(path).copied();
        if self.kept >= MOST_TIMES || (known.is_none() && self.series.len() >= MOST_SERIES) {
            self.lost += 1;
            return;
        }
        let index = known.unwrap_or_else(|| self.insert(path));
        if let Some(series) = self.series.get_mut(index) {
            series.times.push(time);
            self.kept += 1;
        }
    }

    /// Puts a new series behind the last one beneath the same parent.
    fn insert(&mut self, path: &[String]) -> usize {
        let index = self.series.len();
        self.by_path.insert(path.to_vec(), index);
        self.series.push(Series {
            name: path.last().cloned().unwrap_or_default(),
            depth: path.len().saturating_sub(1),
            times: Vec::new(),
        });
        index
    }

    /// The whole, if anything was measured.
    pub(crate) fn whole(&self) -> Option<&Series> {
        self.series.first()
    }

    /// All series, each behind what it is part of.
    pub(crate) fn in_order(&self) -> Vec<&Series> {
        let mut paths: Vec<_> = self.by_path.iter().collect();
        let order = |path: &[String]| -> Vec<usize> {
            let prefixes = (1..=path.len()).filter_map(|length| path.get(..length));
            prefixes
                .map(|prefix| self.by_path.get(prefix).copied().unwrap_or(usize::MAX))
                .collect()
        };
        paths.sort_by_cached_key(|(path, _)| order(path));
        let indices = paths.into_iter().map(|(_, index)| *index);
        indices.filter_map(|index| self.series.get(index)).collect()
    }

    /// How many times were not kept.
    pub(crate) const fn lost(&self) -> usize {
        self.lost
    }
}

/// What came of many runs.
#[derive(Debug)]
pub(crate) struct Measurement {
    /// What was measured.
    pub(crate) name: String,
    pub(crate) runs: Runs,
    /// Where the time went, if that was asked for.
    pub(crate) profile: Option<Profile>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn quantiles_are_times_that_were_measured() {
        let mut runs = Runs::default();
        for milliseconds in (1..=100).rev() {
            runs.add(&path(&["whole"]), Duration::from_millis(milliseconds));
        }
        let sorted = runs.whole().unwrap().sorted();
        let shown = QUANTILES.map(|(_, share)| sorted.quantile(share).as_millis());
        assert_eq!(shown, [50, 90, 95, 99]);
        assert_eq!(sorted.max(), Duration::from_millis(100));
        let mut one = Runs::default();
        one.add(&path(&["whole"]), Duration::from_millis(3));
        let sorted = one.whole().unwrap().sorted();
        assert_eq!(sorted.quantile(0.5), sorted.quantile(0.99));
    }

    #[test]
    fn parts_stand_behind_what_they_are_part_of() {
        let mut runs = Runs::default();
        let time = Duration::from_micros(1);
        for names in [
            &["whole"][..],
            &["whole", "route"],
            &["whole", "a"],
            &["whole", "a", "deny"],
            &["whole", "end"],
            &["whole", "a", "ask"],
        ] {
            runs.add(&path(names), time);
        }
        let order = runs.in_order();
        let shown: Vec<_> = order
            .iter()
            .map(|series| (series.depth, series.name.as_str()))
            .collect();
        let expected = [
            (0, "whole"),
            (1, "route"),
            (1, "a"),
            (2, "deny"),
            (2, "ask"),
            (1, "end"),
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn too_many_parts_are_counted_and_not_kept() {
        let mut runs = Runs::default();
        for number in 0..MOST_SERIES + 7 {
            runs.add(&path(&[&number.to_string()]), Duration::ZERO);
        }
        assert_eq!((runs.in_order().len(), runs.lost()), (MOST_SERIES, 7));
    }
}
