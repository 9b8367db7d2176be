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
mod level;
mod manager;
mod memory;
mod nested_timers;
mod output;
mod process;
mod profiler;
mod report;
mod scope;
mod slow;
mod support;
mod threads;
