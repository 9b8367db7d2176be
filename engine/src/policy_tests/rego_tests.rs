//! Tests in Rego: every module of the project, so that a test sees all that it names.

use super::coverage::Lines;
use super::outcome::TestOutcome;
use super::runner::{Run, TestPlace};
use crate::evaluator::PolicyFault;
use crate::evaluator::rego::{self, Library, Module, TestFile};
use crate::project::SourceFile;

const ENDING: &str = ".rego";
const TEST_ENDING: &str = "_test.rego";

/// The modules of a project in Rego.
pub(super) struct RegoProject {
    library: Library,
    /// The place of each file's module in the library, and the file.
    files: Vec<(usize, String)>,
    /// Files that are no modules: a test that is missing in silence would be one that passes.
    broken: Vec<(String, PolicyFault)>,
}

impl RegoProject {
    /// Reads every module of these sources.
    pub(super) fn of<'source>(sources: impl Iterator<Item = &'source SourceFile>) -> Self {
        let mut project = Self {
            library: Library::default(),
            files: Vec::new(),
            broken: Vec::new(),
        };
        for source in sources.filter(|source| source.path.ends_with(ENDING)) {
            match parse(source) {
                Ok(module) => {
                    let index = project.library.add(module);
                    project.files.push((index, source.path.clone()));
                }
                Err(fault) => {
                    let text = source.text.as_deref().unwrap_or_default();
                    project.library.add_broken(&source.path, text);
                    project.broken.push((source.path.clone(), fault));
                }
            }
        }
        project
    }

    /// Runs the tests of every file that has some.
    pub(super) fn run(&self, run: &mut Run<'_>) {
        for (file, fault) in &self.broken {
            if run.takes(file) {
                run.broken(file, fault.clone());
            }
        }
        for (index, file) in &self.files {
            if is_test(file) && run.takes(file) {
                self.run_file(*index, file, run);
            }
        }
    }

    fn run_file(&self, index: usize, file: &str, run: &mut Run<'_>) {
        let Some(module) = self.library.module(index) else {
            return;
        };
        let package = format!("data.{}", module.package_name());
        let compiled = TestFile::compile(&self.library, index);
        let with_coverage = run.wants_coverage();
        for test in rego::found_tests(module) {
            let place = TestPlace {
                file,
                package: &package,
                name: &test.name,
                line: test.line,
            };
            run.test(&place, |moment, reached| match &compiled {
                _ if rego::is_unwritten(&test.name) => TestOutcome::Skipped.into(),
                Ok(compiled) => compiled.run(&test.name, moment, with_coverage.then_some(reached)),
                Err(fault) => TestOutcome::from(fault.clone()).into(),
            });
        }
    }

    /// The lines of policies and helpers that tests can reach.
    pub(super) fn reachable_lines(&self) -> Lines {
        self.files
            .iter()
            .filter(|(_, file)| !is_test(file))
            .filter_map(|(index, file)| {
                let module = self.library.module(*index)?;
                // The host does what the plain aggregator would.
                if rego::is_plain_aggregator(&module.text) {
                    return None;
                }
                Some((file.clone(), rego::reachable_lines(module)))
            })
            .filter(|(_, lines)| !lines.is_empty())
            .collect()
    }
}

fn is_test(file: &str) -> bool {
    file.ends_with(TEST_ENDING)
}

fn parse(source: &SourceFile) -> Result<Module, PolicyFault> {
    let text = source
        .text
        .as_deref()
        .map_err(|message| PolicyFault::load(message.clone(), 1))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let text = rego::check_source(text)?;
    Module::parse(&source.path, &text)
}
