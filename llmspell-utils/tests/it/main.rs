//! The debug infrastructure as people use it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod capture;
mod clock;
mod config;
mod directive;
mod filter;
mod format;
mod golden;
mod level;
mod manager;
mod memory;
mod nested_timers;
#[cfg(unix)]
mod one_line;
mod output;
mod process;
mod profile;
mod profiler;
mod queue;
mod recording;
mod redact;
mod report;
mod rotating_file;
mod scope;
mod slow;
#[cfg(unix)]
mod socket;
mod support;
#[cfg(unix)]
mod syslog;
mod threads;
mod tracing_bridge;
