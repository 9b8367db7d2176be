//! The work that benchmarks and figures measure, written once for both.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark whose work fails must not print a number"
)]

pub mod figure;
#[cfg(unix)]
pub mod footprint;
pub mod project;
pub mod workload;
