//! `llmspell test`: runs the tests of policies.

mod coverage;
mod document;
mod text;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use llmspell_engine::{Project, TestOptions, TestReport, run_tests};
use regex::Regex;

use crate::answer::{answer, json_document};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::project_options::ProjectArguments;

/// What `llmspell test` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    /// Files and folders of the project whose tests are run [default: all]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    project: ProjectArguments,
    /// Only tests whose `package.name` matches
    #[arg(long, short, value_name = "REGEX")]
    run: Option<String>,
    /// Says which lines the tests reach, and writes them to a file in LCOV
    #[arg(long, value_name = "FILE.lcov", num_args = 0..=1)]
    coverage: Option<Option<PathBuf>>,
    /// Prints the results as `opa test --format json` does
    #[arg(long)]
    json: bool,
    /// Lists the tests that pass, too
    #[arg(long, short)]
    verbose: bool,
    /// Ends with 1 if no test was run
    #[arg(long)]
    fail_on_empty: bool,
}

const EXAMPLE: &str = "\
Example:
  llmspell test --run 'test_denies' --coverage=policies.lcov";

/// Runs the command.
pub(crate) fn test(arguments: &Arguments) -> Result<Exit, Failure> {
    let project = arguments.project.project()?;
    let lcov = arguments.coverage.as_ref().and_then(Option::as_deref);
    check_name(lcov)?;
    let tests = TestOptions {
        paths: paths(&project, &arguments.paths)?,
        is_wanted: arguments.run.as_deref().map(wanted).transpose()?,
        coverage: arguments.coverage.is_some(),
        ..TestOptions::default()
    };
    let report = run_tests(project.root(), &arguments.project.options(), &tests)?;
    if let Some(lcov) = lcov {
        write(lcov, &coverage::as_lcov(&report, project.root()))?;
    }
    let text = match (arguments.json, tests.coverage && lcov.is_none()) {
        (true, true) => json_document(&coverage::as_json(&report))?,
        (true, false) => json_document(&document::results(&report))?,
        (false, _) => text::as_text(&report, arguments.verbose),
    };
    answer(&text)?;
    Ok(exit(&report, arguments.fail_on_empty))
}

fn exit(report: &TestReport, fail_on_empty: bool) -> Exit {
    let is_bad = report.failed() + report.broken() > 0;
    if is_bad || (fail_on_empty && report.results.is_empty()) {
        Exit::Fault
    } else {
        Exit::Done
    }
}

type IsWanted = Arc<dyn Fn(&str) -> bool + Send + Sync>;

fn wanted(pattern: &str) -> Result<IsWanted, Failure> {
    let pattern = Regex::new(pattern).map_err(|_| {
        Failure::fault(
            format_args!("`{pattern}` is no regular expression"),
            "write a part of a test's name, such as `denies`",
        )
    })?;
    Ok(Arc::new(move |name| pattern.is_match(name)))
}

/// The paths relative to the project, with `/` between the parts.
fn paths(project: &Project, paths: &[PathBuf]) -> Result<Vec<String>, Failure> {
    let root = real(project.root())?;
    paths
        .iter()
        .map(|path| {
            let full = real(path)?;
            let inside = full.strip_prefix(&root).map_err(|_| {
                Failure::fault(
                    format_args!("{}: this lies outside the project", path.display()),
                    format_args!("name a path in `{}`", project.root().display()),
                )
            })?;
            let parts = inside.components().map(|part| part.as_os_str().to_string_lossy());
            let parts: Vec<_> = parts.collect();
            Ok(parts.join("/"))
        })
        // The project itself holds all tests.
        .filter(|path| !matches!(path, Ok(path) if path.is_empty()))
        .collect()
}

fn real(path: &Path) -> Result<PathBuf, Failure> {
    path.canonicalize().map_err(|error| {
        Failure::fault(
            format_args!("{}: this cannot be read: {error}", path.display()),
            "name a file or folder of the project",
        )
    })
}

/// A path that was meant to be one with tests must not be written to.
fn check_name(lcov: Option<&Path>) -> Result<(), Failure> {
    let Some(lcov) = lcov else { return Ok(()) };
    let ending = lcov.extension().map(|ending| ending.to_string_lossy());
    if matches!(ending.as_deref(), Some("lcov" | "info")) {
        return Ok(());
    }
    Err(Failure::fault(
        format_args!(
            "{}: the file for `--coverage` ends in `.lcov` or `.info`",
            lcov.display()
        ),
        "write `--coverage` behind the paths whose tests are to be run, or `--coverage=FILE.lcov`",
    ))
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|error| {
        Failure::fault(
            format_args!("{}: the file cannot be written: {error}", path.display()),
            "name a file that you may write",
        )
    })
}
