//! Where time comes from: the machine, or a hand that sets it.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::{Serialize, Serializer};

/// A point in time: nanoseconds since 1970-01-01 in UTC.
///
/// It is displayed as RFC 3339 with microseconds.
///
/// ```
/// use llmspell_utils::debug::Timestamp;
///
/// let time = Timestamp::from_nanoseconds(1_700_000_000_123_456_789);
/// assert_eq!(time.to_string(), "2023-11-14T22:13:20.123456Z");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The point so many nanoseconds after 1970-01-01 in UTC.
    #[must_use]
    pub const fn from_nanoseconds(nanoseconds: u64) -> Self {
        Self(nanoseconds)
    }

    /// The point that an RFC 3339 text names; nothing if it is none, or before 1970.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let time: jiff::Timestamp = text.parse().ok()?;
        u64::try_from(time.as_nanosecond()).ok().map(Self)
    }

    /// Nanoseconds since 1970-01-01 in UTC.
    #[must_use]
    pub const fn as_nanoseconds(self) -> u64 {
        self.0
    }

    /// The point of a system time; what lies before 1970 becomes 1970, what lies after 2554 becomes 2554.
    #[must_use]
    pub fn from_system_time(time: SystemTime) -> Self {
        time.duration_since(UNIX_EPOCH)
            .map_or(Self(0), |since| Self(saturating_nanoseconds(since)))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_nanosecond(i128::from(self.0)) {
            Ok(time) => write!(formatter, "{time:.6}"),
            // Out of the calendar's range, which 64 bits cannot reach: the number still says it.
            Err(_) => write!(formatter, "{}ns", self.0),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A duration in whole nanoseconds; what is longer than 584 years becomes 584 years.
pub(crate) fn saturating_nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Tells the time, twice: steadily for measuring, and as the calendar has it.
pub trait Clock: fmt::Debug + Send + Sync {
    /// Time since some origin of this clock; never goes backwards.
    fn now(&self) -> Duration;

    /// The time of day.
    fn wall(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Debug, Clone)]
pub struct SystemClock {
    origin: Instant,
}

impl SystemClock {
    /// A clock that begins now.
    #[must_use]
    pub fn new() -> Self {
        Self {
            origin: Instant::now(),
        }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.origin.elapsed()
    }

    fn wall(&self) -> Timestamp {
        Timestamp::from_system_time(SystemTime::now())
    }
}

/// A clock that stands still until it is moved: for tests, and for output that must compare byte for byte.
///
/// ```
/// use std::time::Duration;
/// use llmspell_utils::debug::{Clock, ManualClock, Timestamp};
///
/// let clock = ManualClock::at(Timestamp::from_nanoseconds(5_000));
/// clock.advance(Duration::from_nanos(7));
/// assert_eq!(clock.now(), Duration::from_nanos(7));
/// assert_eq!(clock.wall().as_nanoseconds(), 5_007);
/// ```
#[derive(Debug, Default)]
pub struct ManualClock {
    now: AtomicU64,
    wall: AtomicU64,
}

impl ManualClock {
    /// A clock at its origin, on 1970-01-01.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A clock at its origin, at this time of day.
    #[must_use]
    pub fn at(wall: Timestamp) -> Self {
        Self {
            now: AtomicU64::new(0),
            wall: AtomicU64::new(wall.as_nanoseconds()),
        }
    }

    /// Moves both times forward.
    pub fn advance(&self, by: Duration) {
        let by = saturating_nanoseconds(by);
        self.now.fetch_add(by, Ordering::Relaxed);
        self.wall.fetch_add(by, Ordering::Relaxed);
    }

    /// Sets the time since the origin.
    pub fn set_now(&self, now: Duration) {
        self.now
            .store(saturating_nanoseconds(now), Ordering::Relaxed);
    }

    /// Sets the time of day.
    pub fn set_wall(&self, wall: Timestamp) {
        self.wall.store(wall.as_nanoseconds(), Ordering::Relaxed);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Duration {
        Duration::from_nanos(self.now.load(Ordering::Relaxed))
    }

    fn wall(&self) -> Timestamp {
        Timestamp::from_nanoseconds(self.wall.load(Ordering::Relaxed))
    }
}
