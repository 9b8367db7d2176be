//! Tests of policies: what one is, how one ended, and who runs them.

mod coverage;
mod outcome;
mod rego_tests;
mod report;
mod runner;
mod script_tests;

pub use coverage::FileCoverage;
pub use outcome::{FoundTest, TestCase, TestOutcome, TestRun};
pub use report::{TestReport, TestResult};
pub use runner::{TestOptions, run_tests};

use std::fmt::Debug;

use crate::evaluator::Moment;

/// The tests of one policy file in a script language, ready to be run.
///
/// A test is a function of the file whose name begins with `test_`; one that begins with `todo_test_` is found and never
/// run. It takes nothing and passes if it returns nothing or `true`.
///
/// The one who runs tests catches panics. Each test sees the file as it was loaded: what another test has changed is gone.
pub trait ScriptTests: Debug {
    /// The tests in the order of the file.
    fn found(&self) -> &[FoundTest];

    /// Runs the test with this name, which is one of those that were found, and takes no longer than the moment says.
    fn run(&self, name: &str, moment: Moment) -> TestRun;
}
