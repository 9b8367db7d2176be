//! Tests of the engine from outside, as those who embed it see it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod builtins;
mod decisions;
mod differential;
mod event;
mod explain;
mod messages;
mod metadata;
mod modules;
mod negation;
mod places;
mod probe;
mod project;
mod reload;
mod repeatability;
mod stack;
mod support;
mod trust;
