//! Finds the tests of a project and runs those that are wanted.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::coverage::coverage;
use super::outcome::{TestOutcome, TestRun};
use super::rego_tests::RegoProject;
use super::report::{TestReport, TestResult};
use super::script_tests;
use crate::decision::DecisionErrorKind;
use crate::error::EngineError;
use crate::evaluator::{Moment, PolicyFault};
use crate::policy_engine::EngineOptions;
use crate::project::Project;
use crate::settings::Settings;
use crate::trust::{TrustGate, TrustOptions};

/// Whether a test is wanted, by its full name such as `data.cupcake.policies.no_root_test.test_denies_root`.
type IsWanted = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// Which tests are run, and how.
#[derive(Clone)]
pub struct TestOptions {
    /// Files and folders relative to the project, such as `.cupcake/policies/claude`; all tests, if there are none.
    pub paths: Vec<String>,
    /// Which tests are wanted by their full names; all of them, if none.
    pub is_wanted: Option<IsWanted>,
    /// Whether the lines that the tests reach are of interest.
    pub coverage: bool,
    /// How long one test may take.
    pub deadline: Duration,
}

impl Default for TestOptions {
    fn default() -> Self {
        Self {
            paths: Vec::new(),
            is_wanted: None,
            coverage: false,
            deadline: Duration::from_secs(5),
        }
    }
}

impl fmt::Debug for TestOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TestOptions")
            .field("paths", &self.paths)
            .field("coverage", &self.coverage)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

impl TestOptions {
    fn wants_file(&self, file: &str) -> bool {
        let holds = |path: &String| {
            let rest = file.strip_prefix(path.trim_end_matches('/'));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.paths.is_empty() || self.paths.iter().any(holds)
    }

    fn wants(&self, package: &str, name: &str) -> bool {
        let full = format!("{package}.{name}");
        self.is_wanted
            .as_ref()
            .is_none_or(|is_wanted| is_wanted(&full))
    }
}

/// Runs the tests of the project at a path: rules `test_*` of `*_test.rego`, and functions `test_*` of policies in script
/// languages.
///
/// A test in Rego sees every module of the project that it names. Without a harness in the options, the tests of every
/// harness that has a folder of its own are run, each against the policies of its harness.
///
/// ```
/// use llmspell_engine::{EngineOptions, TestOptions, run_tests};
///
/// # let project = tempfile::tempdir().unwrap();
/// # let policies = project.path().join(".cupcake/policies");
/// # std::fs::create_dir_all(&policies).unwrap();
/// std::fs::write(policies.join("sum_test.rego"), "package sum_test\ntest_sum if 1 + 1 == 2\n")?;
/// let report = run_tests(project.path(), &EngineOptions::default(), &TestOptions::default())?;
/// assert_eq!((report.passed(), report.results.len()), (1, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// When there is no project, or it cannot be read. A test that cannot be run is a result.
pub fn run_tests(
    path: &Path,
    options: &EngineOptions,
    tests: &TestOptions,
) -> Result<TestReport, EngineError> {
    let project = Project::at(path)?;
    // A test decides nothing, and is run before what it tests is signed.
    let mut open = TrustGate::of(&project, &TrustOptions::Off);
    let settings = Settings::read(&project, &mut open)?;
    let present = project.harnesses();
    let harnesses = match options.harness.or(settings.harness) {
        _ if options.harness.is_none() && present.len() > 1 => present,
        Some(harness) => vec![harness],
        None => vec![project.only_harness().unwrap_or_default()],
    };
    let mut run = Run {
        tests,
        report: TestReport::default(),
        seen: BTreeSet::new(),
        reached: super::coverage::Lines::new(),
    };
    let mut reachable = super::coverage::Lines::new();
    for harness in harnesses {
        let sources = project.sources(harness, &options.languages)?.files;
        let separate = project.test_sources(harness, &options.languages)?;
        let modules = RegoProject::of(sources.iter().chain(&separate));
        modules.run(&mut run);
        script_tests::run(&sources, &options.languages, &mut run);
        reachable.extend(modules.reachable_lines());
    }
    let mut report = run.report;
    report
        .results
        .sort_by(|one, other| (&one.file, one.line).cmp(&(&other.file, other.line)));
    if tests.coverage {
        report.coverage = coverage(reachable, &run.reached);
    }
    Ok(report)
}

/// What is gathered while tests run.
pub(super) struct Run<'options> {
    tests: &'options TestOptions,
    report: TestReport,
    /// Files that an earlier harness has run already.
    seen: BTreeSet<String>,
    pub(super) reached: super::coverage::Lines,
}

/// Where a test stands.
pub(super) struct TestPlace<'a> {
    pub(super) file: &'a str,
    pub(super) package: &'a str,
    pub(super) name: &'a str,
    pub(super) line: u32,
}

impl Run<'_> {
    /// Whether the tests of a file are to be run now.
    pub(super) fn takes(&mut self, file: &str) -> bool {
        self.tests.wants_file(file) && self.seen.insert(file.to_owned())
    }

    pub(super) fn wants_coverage(&self) -> bool {
        self.tests.coverage
    }

    /// Runs a test, if it is wanted.
    pub(super) fn test(
        &mut self,
        place: &TestPlace<'_>,
        run: impl FnOnce(Moment, &mut super::coverage::Lines) -> TestRun,
    ) {
        self.report.found += 1;
        if !self.tests.wants(place.package, place.name) {
            return;
        }
        let begun = Instant::now();
        let moment = Moment {
            now: SystemTime::now(),
            left: self.tests.deadline,
        };
        let reached = &mut self.reached;
        // A panic leaves at most fewer lines reached, and whatever ran is thrown away.
        let guarded = std::panic::AssertUnwindSafe(|| run(moment, reached));
        let run = std::panic::catch_unwind(guarded).unwrap_or_else(|_| {
            let message = "the evaluator broke down while it ran the test";
            TestOutcome::from(PolicyFault::new(
                DecisionErrorKind::Crashed,
                message,
                place.line,
            ))
            .into()
        });
        self.report.results.push(TestResult {
            file: place.file.to_owned(),
            line: place.line,
            package: place.package.to_owned(),
            name: place.name.to_owned(),
            outcome: self.within_deadline(run.outcome),
            prints: run.prints,
            cases: run.cases,
            took: begun.elapsed(),
        });
    }

    /// An evaluator knows the deadline of a decision only.
    fn within_deadline(&self, outcome: TestOutcome) -> TestOutcome {
        match outcome {
            TestOutcome::Broken(fault) if fault.kind == DecisionErrorKind::Timeout => {
                let seconds = self.tests.deadline.as_secs_f64();
                TestOutcome::Broken(PolicyFault {
                    message: format!("the test ran longer than {seconds} s"),
                    ..fault
                })
            }
            other => other,
        }
    }

    /// The tests of a file cannot be found.
    pub(super) fn broken(&mut self, file: &str, fault: PolicyFault) {
        self.report.found += 1;
        self.report.results.push(TestResult {
            file: file.to_owned(),
            line: fault.line.unwrap_or(1),
            package: String::new(),
            name: String::new(),
            outcome: fault.into(),
            prints: Vec::new(),
            cases: Vec::new(),
            took: Duration::ZERO,
        });
    }
}
