//! How large the programs are, and how much memory a hook takes at most.
//!
//! `footprint`
#![allow(clippy::print_stdout, reason = "printing is what this program is for")]

use std::process::ExitCode;

#[cfg(unix)]
use llmspell_benches::footprint::footprints;

#[cfg(unix)]
fn main() -> ExitCode {
    let mut is_within = true;
    for footprint in footprints() {
        println!("{footprint}");
        is_within &= footprint.is_within();
    }
    if is_within {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

#[cfg(not(unix))]
fn main() -> ExitCode {
    println!("the system does not tell of one process how much memory it took");
    ExitCode::FAILURE
}
