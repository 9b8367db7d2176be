//! A set that looks like a verb and is none, so that nobody hears what it says.

use llmspell_utils::nearest;

use super::finding::{CheckFinding, Severity, at_spot};
use super::subject::Subject;
use crate::decision::Verb;

pub(super) const ID: &str = "misspelt-verb";

/// Names that other policy languages use.
const FOREIGN: [(&str, &str); 6] = [
    (
        "allow",
        "there is no such verb: what no rule refuses is allowed",
    ),
    ("warn", "say it with `add_context`"),
    ("violation", "say it with `deny`"),
    ("denials", "say it with `deny`"),
    ("context", "say it with `add_context`"),
    ("modifications", "say it with `modify`"),
];

pub(super) fn check(subject: &Subject, findings: &mut Vec<CheckFinding>) {
    let verbs = Verb::ALL.map(Verb::name);
    for (_, module) in subject.surveyed() {
        let sets =
            module.survey.rules.iter().filter(|rule| {
                rule.is_set && !rule.is_used && !verbs.contains(&rule.name.as_str())
            });
        for rule in sets {
            let foreign = FOREIGN.iter().find(|(name, _)| rule.name == *name);
            let close = nearest(&rule.name, &verbs);
            let help = match foreign {
                Some((_, help)) => (*help).to_owned(),
                None if close.starts_with("did") => close,
                None => continue,
            };
            findings.push(at_spot(
                Severity::Warning,
                ID,
                &module.file,
                rule.spot,
                format!("`{}` is no verb, and nothing reads it", rule.name),
                help,
            ));
        }
    }
}
