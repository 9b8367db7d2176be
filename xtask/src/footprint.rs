//! `cargo xtask footprint`: how large the programs are, and how much memory a hook takes.

use crate::failure::Failure;
use crate::figures;
use crate::invocation::Invocation;

/// Builds the programs, and holds their size and memory to what they may be.
///
/// # Errors
/// When they cannot be built, or something is larger than it may be.
pub fn run() -> Result<(), Failure> {
    let program = figures::build("footprint")?;
    Invocation::program(&program, std::iter::empty::<&str>()).run()
}
