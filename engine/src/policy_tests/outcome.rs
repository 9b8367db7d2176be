//! How a test ended.

use crate::evaluator::PolicyFault;

/// A test that stands in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundTest {
    /// Its name, such as `test_denies_root`.
    pub name: String,
    /// The line where it begins, counted from 1.
    pub line: u32,
}

/// How a test ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TestOutcome {
    /// It is true; of a script, it returned nothing or `true`.
    Passed,
    /// It is not true: it returned something else, a rule of Rego was undefined, or an assertion of its own failed.
    Failed {
        /// What it was instead, as one sentence without a full stop.
        message: String,
        /// The line of the expression that failed, where it is known.
        line: Option<u32>,
    },
    /// It could not be run to its end.
    Broken(PolicyFault),
    /// It is marked as still to be written.
    Skipped,
}

/// What one run of a test left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestRun {
    /// How it ended.
    pub outcome: TestOutcome,
    /// What it printed, in order.
    pub prints: Vec<String>,
    /// Its cases, if it has some: those of a rule of Rego with keys, in the order of the keys.
    pub cases: Vec<TestCase>,
}

/// One case of a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestCase {
    /// Its name: the key that it stands for.
    pub name: String,
    /// Whether it, and every case beneath it, is true.
    pub passed: bool,
    /// The cases beneath it, for a test with several keys.
    pub cases: Vec<TestCase>,
}

impl From<TestOutcome> for TestRun {
    fn from(outcome: TestOutcome) -> Self {
        Self {
            outcome,
            prints: Vec::new(),
            cases: Vec::new(),
        }
    }
}

impl From<PolicyFault> for TestOutcome {
    fn from(fault: PolicyFault) -> Self {
        Self::Broken(fault)
    }
}
