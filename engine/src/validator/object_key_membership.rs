//! A text that is looked for among the values of an object, where its keys are meant.

use super::finding::{CheckFinding, Severity, at_spot};
use super::subject::Subject;

pub(super) const ID: &str = "object-key-membership";

pub(super) fn check(subject: &Subject, findings: &mut Vec<CheckFinding>) {
    for module in &subject.modules {
        for found in &module.survey.memberships {
            findings.push(at_spot(
                Severity::Warning,
                ID,
                &module.file,
                found.spot,
                format!(
                    "`in` looks for `{}` among the values of `{}`, not among its keys",
                    found.text, found.object
                ),
                format!(
                    "write `\"{}\" in object.keys({})`",
                    found.text, found.object
                ),
            ));
        }
    }
}
