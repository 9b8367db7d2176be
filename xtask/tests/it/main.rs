//! The commands' logic on small data, and the rules of `tidy` on small trees.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod examples;
mod figures;
mod steps;
mod tidy;
