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
mod output;
mod process;
mod profiler;
mod report;
mod slow;
mod support;
mod threads;
