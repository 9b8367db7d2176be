//! A file among the policies that nobody reads.

use super::finding::{CheckFinding, Severity, at_line};
use super::subject::Subject;

pub(super) const ID: &str = "passed-over-file";

pub(super) fn check(subject: &Subject, findings: &mut Vec<CheckFinding>) {
    // What explains the policies to people is at its place.
    let files = subject.passed_over.iter();
    let unexpected = files.filter(|file| !file.to_lowercase().ends_with(".md"));
    findings.extend(unexpected.map(|file| {
        at_line(
            Severity::Note,
            ID,
            file,
            None,
            "the file is no policy by its name, and is not read".to_owned(),
            "if it is one, give it the ending of its language; else keep it elsewhere",
        )
    }));
}
