//! The program as people run it: what it prints, where, and how it ends.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod audit;
mod check;
mod doctor;
mod eval;
mod explain;
#[cfg(unix)]
mod hook;
#[cfg(target_os = "linux")]
mod hook_faults;
mod hook_fuzz;
mod init;
mod install;
mod machine;
mod mishaps;
mod opa;
mod output;
mod policy_tests;
mod profile;
mod program;
mod record;
#[cfg(unix)]
mod repl;
mod run;
#[cfg(target_os = "linux")]
mod serve;
mod traces;
mod trust;
