//! `llmspell check`: what is wrong with a project.

mod drawing;

use clap::Args;
use llmspell_engine::{CheckFinding, CheckReport, Place, Severity, check_project};
use serde_json::json;

use crate::answer::{answer, counted, json_document};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::project_options::ProjectArguments;
use crate::settings::Settings;
use drawing::Drawing;

/// What `llmspell check` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    #[command(flatten)]
    project: ProjectArguments,
    /// Prints what was found as one JSON document
    #[arg(long)]
    json: bool,
    /// Ends with 1 for warnings too
    #[arg(long)]
    strict: bool,
}

const EXAMPLE: &str = "\
Example:
  llmspell check --project examples/policy_gate --strict";

/// Runs the command.
pub(crate) fn check(arguments: &Arguments) -> Result<Exit, Failure> {
    let project = arguments.project.project()?;
    let mut report = check_project(project.root(), &arguments.project.options())?;
    if let Some(finding) = settings_finding(project.root(), &report)? {
        report.findings.push(finding);
    }
    let is_clean = is_clean(&report, arguments.strict);
    let text = if arguments.json {
        json_document(&document(&report, is_clean))?
    } else {
        as_text(&report, &Drawing::of(project.root()))
    };
    answer(&text)?;
    Ok(if is_clean { Exit::Done } else { Exit::Fault })
}

fn is_clean(report: &CheckReport, strict: bool) -> bool {
    let count = |severity| report.count(severity);
    count(Severity::Error) == 0 && (!strict || count(Severity::Warning) == 0)
}

/// What is wrong with the tables of `llmspell.toml` that the engine does not read.
fn settings_finding(
    root: &std::path::Path,
    report: &CheckReport,
) -> Result<Option<CheckFinding>, Failure> {
    const FILE: &str = "llmspell.toml";
    let is_known = |finding: &CheckFinding| finding.place.file == FILE;
    if report.findings.iter().any(is_known) {
        return Ok(None);
    }
    let Some(error) = Settings::fault(root)? else {
        return Ok(None);
    };
    Ok(Some(CheckFinding {
        severity: Severity::Error,
        rule: "project",
        place: Place {
            file: FILE.to_owned(),
            line: error.place().map(|place| place.line),
            column: error.place().and_then(|place| place.column),
        },
        message: error.message().to_owned(),
        help: error
            .help()
            .unwrap_or("see `docs/configuration.md`")
            .to_owned(),
    }))
}

fn document(report: &CheckReport, is_clean: bool) -> serde_json::Value {
    json!({
        "clean": is_clean,
        "errors": report.count(Severity::Error),
        "warnings": report.count(Severity::Warning),
        "notes": report.count(Severity::Note),
        "policies": report.policies,
        "test_files": report.test_files,
        "findings": report.findings,
    })
}

fn as_text(report: &CheckReport, drawing: &Drawing) -> String {
    let findings = report.findings.iter();
    let mut text: String = findings.map(|finding| drawing.draw(finding)).collect();
    text.push_str(&summary(report));
    text
}

fn summary(report: &CheckReport) -> String {
    let counts: Vec<String> = [Severity::Error, Severity::Warning, Severity::Note]
        .into_iter()
        .filter(|severity| report.count(*severity) > 0)
        .map(|severity| counted(report.count(severity), severity.name()))
        .collect();
    let found = if counts.is_empty() {
        "nothing to report".to_owned()
    } else {
        counts.join(", ")
    };
    let policies = counted(report.policies, "policy");
    let tests = counted(report.test_files, "test file");
    format!("{found}: {policies}, {tests}\n")
}
