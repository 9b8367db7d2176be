//! Tests of the bridge as its users meet it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod debug_bridge;
mod debug_never_raises;
mod fault_matrix;
mod host;
mod limits;
mod policy_corpus;
mod policy_files;
mod profile_javascript;
mod profile_lua;
mod prompt;
mod retried;
mod specs;
