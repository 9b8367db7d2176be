//! What time things took: timers with laps and events, their statistics by name and their call paths.

mod event;
mod nest;
mod path;
mod registry;
mod statistics;
mod tracker;

pub use event::{Lap, TimerEvent};
pub use registry::{Profiler, ProfilerLosses};
pub use statistics::{LapStatistics, TimerStatistics};
pub use tracker::PerformanceTracker;
