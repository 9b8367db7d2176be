//! `cargo xtask soak`: decides for a long time, and holds memory and decisions to account.

use crate::failure::Failure;
use crate::invocation::Invocation;

/// Builds the program that decides for a long time, and runs it.
///
/// # Errors
/// When it cannot be built, memory has grown, or a decision was lost or made twice.
pub fn run(arguments: &[&str]) -> Result<(), Failure> {
    let program = [
        "run",
        "--locked",
        "--release",
        "-p",
        "llmspell-benches",
        "--bin",
        "soak",
        "--",
    ];
    Invocation::cargo(program.iter().chain(arguments).copied()).run()
}
