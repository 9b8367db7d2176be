//! What came of all tests.

use std::time::Duration;

use super::coverage::{FileCoverage, percent};
use super::outcome::{TestCase, TestOutcome};

/// One test that was run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestResult {
    /// Its file, relative to the project.
    pub file: String,
    /// The line where it begins.
    pub line: u32,
    /// Its package as Rego names it, such as `data.cupcake.policies.no_root_test`; of a script, its policy's id.
    pub package: String,
    /// Its name; empty where the file cannot be read, so that no test of it is known.
    pub name: String,
    /// How it ended.
    pub outcome: TestOutcome,
    /// What it printed.
    pub prints: Vec<String>,
    /// Its cases, if it has some.
    pub cases: Vec<TestCase>,
    /// How long it took.
    pub took: Duration,
}

/// What came of all tests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TestReport {
    /// Every test that was chosen, in the order of files and lines.
    pub results: Vec<TestResult>,
    /// What the tests reached, if that was wanted: every policy and helper in Rego.
    pub coverage: Vec<FileCoverage>,
    /// How many tests there are, whether chosen or not.
    pub found: usize,
}

impl TestReport {
    /// How many tests passed.
    #[must_use]
    pub fn passed(&self) -> usize {
        self.count(|outcome| *outcome == TestOutcome::Passed)
    }

    /// How many tests failed.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.count(|outcome| matches!(outcome, TestOutcome::Failed { .. }))
    }

    /// How many tests could not be run.
    #[must_use]
    pub fn broken(&self) -> usize {
        self.count(|outcome| matches!(outcome, TestOutcome::Broken(_)))
    }

    /// How many tests are still to be written.
    #[must_use]
    pub fn skipped(&self) -> usize {
        self.count(|outcome| *outcome == TestOutcome::Skipped)
    }

    /// The part of all lines that was reached, in percent; none, if that was not wanted or there are none.
    #[must_use]
    pub fn percent(&self) -> Option<f64> {
        let sum = |lines: fn(&FileCoverage) -> usize| self.coverage.iter().map(lines).sum();
        percent(
            sum(|file| file.covered.len()),
            sum(|file| file.not_covered.len()),
        )
    }

    fn count(&self, is_counted: impl Fn(&TestOutcome) -> bool) -> usize {
        let outcomes = self.results.iter().map(|result| &result.outcome);
        outcomes.filter(|outcome| is_counted(outcome)).count()
    }
}
