//! How measurements are presented: tables for people, and files for the programs that draw profiles.

mod chrome_trace;
mod course;
#[cfg(feature = "flamegraph")]
mod flamegraph;
#[cfg(not(feature = "flamegraph"))]
#[path = "report/no_flamegraph.rs"]
mod flamegraph;
mod folded;
mod format;
mod json;
mod label;
mod quantity;
mod speedscope;
mod table;
mod text;

pub use format::{ReportError, ReportFormat, render};
pub use json::timers_json;
pub use quantity::duration;
pub(super) use quantity::{milliseconds, set_duration};
pub use table::{Side, table};
pub use text::{FrameTime, by_frame, profile_text, timers_text};
