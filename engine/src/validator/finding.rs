//! What a check finds.

use std::collections::BTreeSet;

use serde::Serialize;

use super::subject::Subject;
use crate::error::{EngineError, Place};
use crate::evaluator::rego::Spot;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Something worth knowing.
    Note,
    /// It works, but hardly as it was meant.
    Warning,
    /// A decision is refused or lost because of it.
    Error,
}

impl Severity {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One thing that a rule found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckFinding {
    /// How bad it is.
    pub severity: Severity,
    /// The stable id of the rule, such as `duplicate-rule-id`.
    pub rule: &'static str,
    /// Where it is; the file is relative to the project.
    #[serde(flatten)]
    pub place: Place,
    /// What is wrong, as one sentence without a full stop.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

/// All that was found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CheckReport {
    /// The findings in the order of files and lines.
    pub findings: Vec<CheckFinding>,
    /// How many policies were looked at.
    pub policies: usize,
    /// How many files with tests were looked at.
    pub test_files: usize,
    /// The files that were counted.
    #[serde(skip)]
    seen: BTreeSet<String>,
}

impl CheckReport {
    /// How many findings are that bad.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        let found = self.findings.iter();
        found.filter(|finding| finding.severity == severity).count()
    }

    /// Adds what the rules find in one harness's policies; what another one's have shown already counts once.
    pub(super) fn add(&mut self, subject: &Subject, check: impl FnOnce(&mut Vec<CheckFinding>)) {
        let mut found = Vec::new();
        check(&mut found);
        found
            .iter_mut()
            .for_each(|finding| finding.find_column(subject));
        self.findings.append(&mut found);
        let seen = &mut self.seen;
        let mut is_new = |file: &str| seen.insert(file.to_owned());
        let policies = subject.policies.iter().map(|policy| &*policy.summary.file);
        self.policies += policies.filter(|file| is_new(file)).count();
        let tests = subject.tests().map(|module| module.file.as_str());
        self.test_files += tests.filter(|file| is_new(file)).count();
    }

    /// Adds what keeps the project from being loaded at all.
    pub(super) fn add_error(&mut self, error: EngineError) {
        self.findings.push(CheckFinding {
            severity: Severity::Error,
            rule: "project",
            place: error.place.unwrap_or_default(),
            message: error.message,
            help: error.help,
        });
    }

    pub(super) fn sort(&mut self) {
        let key = |finding: &CheckFinding| {
            let place = &finding.place;
            (place.file.clone(), place.line, place.column, finding.rule)
        };
        self.findings.sort_by_key(key);
        self.findings.dedup();
    }
}

impl CheckFinding {
    /// Finds the column of what the message names, where only the line is known.
    fn find_column(&mut self, subject: &Subject) {
        let (Some(line), None) = (self.place.line, self.place.column) else {
            return;
        };
        let text = subject.text_of(&self.place.file).unwrap_or_default();
        let index = usize::try_from(line).unwrap_or_default().checked_sub(1);
        let line = index.and_then(|index| text.lines().nth(index));
        let quoted = self.message.split('`').skip(1).step_by(2);
        let column = line.and_then(|line| quoted.clone().find_map(|name| column_of(name, line)));
        self.place.column = column;
    }
}

/// The column at which a line has this name, and not only as a part of another one.
fn column_of(name: &str, line: &str) -> Option<u32> {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut places = line.match_indices(name).filter(|_| !name.is_empty());
    let (start, _) = places.find(|(start, name)| {
        let before = line.get(..*start).unwrap_or_default();
        let after = line.get(start + name.len()..).unwrap_or_default();
        !before.ends_with(is_part) && !after.starts_with(is_part)
    })?;
    let before = line.get(..start)?.chars().count();
    u32::try_from(before).ok()?.checked_add(1)
}

/// A finding at a line of a file.
pub(super) fn at_line(
    severity: Severity,
    rule: &'static str,
    file: &str,
    line: Option<u32>,
    message: String,
    help: impl Into<String>,
) -> CheckFinding {
    CheckFinding {
        severity,
        rule,
        place: Place {
            file: file.to_owned(),
            line,
            column: None,
        },
        message,
        help: help.into(),
    }
}

/// A finding at a place of a file.
pub(super) fn at_spot(
    severity: Severity,
    rule: &'static str,
    file: &str,
    spot: Spot,
    message: String,
    help: impl Into<String>,
) -> CheckFinding {
    let mut finding = at_line(severity, rule, file, Some(spot.line), message, help);
    finding.place.column = Some(spot.column);
    finding
}
