//! `cargo xtask test`: the workspace's tests and doctests, then the example scripts through the built program.

use crate::examples;
use crate::failure::Failure;
use crate::invocation::Invocation;
use crate::steps::{self, Step};
use crate::workspace::Metadata;

/// What to do with an example whose output is not the committed one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExampleOutput {
    /// Fail and show the first difference.
    Compare,
    /// Write the new output down.
    Accept,
}

/// Runs all tests, in the dev profile, so that the script engines are built once.
///
/// # Errors
/// The first step that fails, with the command that repeats it.
pub fn run(example_output: ExampleOutput) -> Result<(), Failure> {
    let build = build();
    let test = Invocation::cargo(["test", "--locked", "--workspace"]);
    steps::run(vec![
        Step::plain("build", build.to_string(), move || build.run()),
        Step::plain("unit tests", test.to_string(), move || test.run()),
        Step::plain("examples", "cargo xtask test", move || {
            let programs = Metadata::load()?.debug_programs();
            examples::run(&programs, example_output)
        }),
    ])
}

// Programs and tests in one call: the features of the tests' dependencies are the same for both,
// so nothing is built twice.
fn build() -> Invocation {
    Invocation::cargo(["build", "--locked", "--workspace", "--bins", "--tests"])
}
