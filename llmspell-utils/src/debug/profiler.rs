//! What time things took: timers with laps and events, and their statistics by name.

mod event;
mod registry;
mod statistics;
mod tracker;

pub use event::{Lap, TimerEvent};
pub use registry::{Profiler, ProfilerLosses};
pub use statistics::{LapStatistics, TimerStatistics};
pub use tracker::PerformanceTracker;
