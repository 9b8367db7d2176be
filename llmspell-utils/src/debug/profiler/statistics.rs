//! The statistics of one timer name, kept up to date with every stop.

use crate::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::Duration;

use crate::sync::Mutex;
use hdrhistogram::Histogram;

use super::super::clock::saturating_nanoseconds;

/// How many names of laps have statistics in one timer's name.
const LAP_NAMES: usize = 100;

/// The digits to which percentiles are exact: they are right to one part in a hundred.
const SIGNIFICANT_DIGITS: u8 = 2;

/// How long the timers of one name took.
///
/// Count, total, mean, standard deviation (of the population), minimum and maximum are exact to the nanosecond;
/// percentiles are right to 1 %.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimerStatistics {
    /// The timers' name.
    pub name: Arc<str>,
    /// How many were stopped.
    pub count: u64,
    /// What they took together.
    pub total: Duration,
    /// The arithmetic mean.
    pub mean: Duration,
    /// The standard deviation.
    pub standard_deviation: Duration,
    /// The shortest.
    pub min: Duration,
    /// Half took no longer.
    pub p50: Duration,
    /// 95 of 100 took no longer.
    pub p95: Duration,
    /// 99 of 100 took no longer.
    pub p99: Duration,
    /// The longest.
    pub max: Duration,
    /// The timers beneath which timers of this name ran, by their names, sorted.
    pub parents: Vec<Arc<str>>,
    /// How many events were listed.
    pub events: u64,
    /// The laps by their names, the first one first.
    pub laps: Vec<LapStatistics>,
}

/// How long the laps of one name in the timers of one name took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LapStatistics {
    /// The laps' name.
    pub name: Arc<str>,
    /// How many there were.
    pub count: u64,
    /// What they took together.
    pub total: Duration,
    /// The shortest.
    pub min: Duration,
    /// The longest.
    pub max: Duration,
}

/// The running sums of one name.
#[derive(Debug, Default)]
pub(super) struct Aggregate {
    sums: Mutex<Option<Sums>>,
}

impl Aggregate {
    /// Adds a duration, and does `beside` while nobody else adds one.
    pub(super) fn record(&self, duration: Duration, beside: impl FnOnce()) {
        let nanoseconds = saturating_nanoseconds(duration);
        let mut sums = self.sums.lock();
        match sums.as_mut() {
            Some(sums) => sums.add(nanoseconds),
            None => *sums = Sums::first(nanoseconds),
        }
        beside();
    }

    /// The statistics, if there is anything to have statistics of.
    pub(super) fn statistics(&self, name: &Arc<str>) -> Option<TimerStatistics> {
        self.sums.lock().as_ref().map(|sums| sums.statistics(name))
    }
}

/// The running sums of what timers of one name noted on their way.
#[derive(Debug, Default)]
pub(super) struct NoteSums {
    events: AtomicU64,
    laps: Mutex<Vec<LapStatistics>>,
}

impl NoteSums {
    pub(super) fn add_event(&self) {
        self.events.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn events(&self) -> u64 {
        self.events.load(Ordering::Relaxed)
    }

    /// Adds a lap; false if there are too many names.
    pub(super) fn add_lap(&self, name: &str, duration: Duration) -> bool {
        let mut laps = self.laps.lock();
        if let Some(lap) = laps.iter_mut().find(|lap| *lap.name == *name) {
            lap.add(duration);
            return true;
        }
        let has_room = laps.len() < LAP_NAMES;
        if has_room {
            laps.push(LapStatistics {
                name: Arc::from(name),
                count: 1,
                total: duration,
                min: duration,
                max: duration,
            });
        }
        has_room
    }

    pub(super) fn laps(&self) -> Vec<LapStatistics> {
        self.laps.lock().clone()
    }
}

impl LapStatistics {
    fn add(&mut self, duration: Duration) {
        self.count += 1;
        self.total = self.total.saturating_add(duration);
        self.min = self.min.min(duration);
        self.max = self.max.max(duration);
    }
}

#[derive(Debug)]
struct Sums {
    count: u64,
    total: u64,
    min: u64,
    max: u64,
    mean: f64,
    /// The sum of squared distances from the mean, by Welford's method: B. P. Welford, "Note on a method for
    /// calculating corrected sums of squares and products", Technometrics 4 (1962).
    squared_distances: f64,
    histogram: Histogram<u32>,
}

impl Sums {
    /// Nothing only if the histogram refuses its constant precision, which it does not.
    fn first(nanoseconds: u64) -> Option<Self> {
        let histogram = Histogram::new(SIGNIFICANT_DIGITS).ok()?;
        let mut sums = Self {
            count: 0,
            total: 0,
            min: u64::MAX,
            max: 0,
            mean: 0.0,
            squared_distances: 0.0,
            histogram,
        };
        sums.add(nanoseconds);
        Some(sums)
    }

    fn add(&mut self, nanoseconds: u64) {
        self.count += 1;
        self.total = self.total.saturating_add(nanoseconds);
        self.min = self.min.min(nanoseconds);
        self.max = self.max.max(nanoseconds);
        let distance = nanoseconds as f64 - self.mean;
        self.mean += distance / self.count as f64;
        self.squared_distances += distance * (nanoseconds as f64 - self.mean);
        // The histogram grows with its values and so refuses none.
        let _ = self.histogram.record(nanoseconds);
    }

    fn statistics(&self, name: &Arc<str>) -> TimerStatistics {
        TimerStatistics {
            name: Arc::clone(name),
            count: self.count,
            total: Duration::from_nanos(self.total),
            mean: rounded(self.mean),
            standard_deviation: rounded((self.squared_distances / self.count as f64).sqrt()),
            min: Duration::from_nanos(self.min),
            p50: self.quantile(0.50),
            p95: self.quantile(0.95),
            p99: self.quantile(0.99),
            max: Duration::from_nanos(self.max),
            parents: Vec::new(),
            events: 0,
            laps: Vec::new(),
        }
    }

    /// The histogram answers with the upper end of a range of values, which may lie beyond the real ends.
    fn quantile(&self, quantile: f64) -> Duration {
        let value = self.histogram.value_at_quantile(quantile);
        Duration::from_nanos(value.clamp(self.min, self.max))
    }
}

fn rounded(nanoseconds: f64) -> Duration {
    Duration::from_nanos(nanoseconds.round() as u64)
}
