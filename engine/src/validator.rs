//! Checks a project beyond what loading it finds: one file a rule, over what the policies say and not over their lines.

mod contradicting_filter;
mod decision_structure;
mod duplicate_rule_id;
mod finding;
mod loading;
mod metadata_placement;
mod misspelt_verb;
mod names;
mod no_policies;
mod object_key_membership;
mod passed_over;
mod rule_grouping;
mod shadowed_policy_id;
mod signal_use;
mod subject;
mod unknown_event;
mod unknown_key;
mod unknown_tool;
mod unreachable_routing;
mod untested_policy;
mod unwritten_telemetry;
mod verb_compatibility;

use std::path::Path;

use crate::error::{EngineError, EngineErrorKind};
use crate::harness::Harness;
use crate::policy_engine::EngineOptions;
use crate::project::Project;
use subject::Subject;

pub use finding::{CheckFinding, CheckReport, Severity};

/// A rule that every project is held to.
struct Rule {
    check: fn(&Subject, &mut Vec<CheckFinding>),
    /// The ids of its findings; an id never changes its meaning.
    ids: &'static [&'static str],
}

const RULES: [Rule; 19] = [
    Rule {
        ids: &loading::IDS,
        check: loading::check,
    },
    Rule {
        ids: &[passed_over::ID],
        check: passed_over::check,
    },
    Rule {
        ids: &[metadata_placement::ID],
        check: metadata_placement::check,
    },
    Rule {
        ids: &[unknown_key::ID],
        check: unknown_key::check,
    },
    Rule {
        ids: &[unknown_event::ID],
        check: unknown_event::check,
    },
    Rule {
        ids: &[unknown_tool::ID],
        check: unknown_tool::check,
    },
    Rule {
        ids: &[unreachable_routing::ID],
        check: unreachable_routing::check,
    },
    Rule {
        ids: &[contradicting_filter::ID],
        check: contradicting_filter::check,
    },
    Rule {
        ids: &verb_compatibility::IDS,
        check: verb_compatibility::check,
    },
    Rule {
        ids: &decision_structure::IDS,
        check: decision_structure::check,
    },
    Rule {
        ids: &[misspelt_verb::ID],
        check: misspelt_verb::check,
    },
    Rule {
        ids: &[rule_grouping::ID],
        check: rule_grouping::check,
    },
    Rule {
        ids: &[object_key_membership::ID],
        check: object_key_membership::check,
    },
    Rule {
        ids: &signal_use::IDS,
        check: signal_use::check,
    },
    Rule {
        ids: &[duplicate_rule_id::ID],
        check: duplicate_rule_id::check,
    },
    Rule {
        ids: &[shadowed_policy_id::ID],
        check: shadowed_policy_id::check,
    },
    Rule {
        ids: &[no_policies::ID],
        check: no_policies::check,
    },
    Rule {
        ids: &[unwritten_telemetry::ID],
        check: unwritten_telemetry::check,
    },
    Rule {
        ids: &[untested_policy::ID],
        check: untested_policy::check,
    },
];

/// Checks the project at a path: all that loading it reports, and what every rule finds.
///
/// Without a harness in the options, the policies of every harness that has a folder of its own are checked.
///
/// ```
/// use llmspell_engine::{EngineOptions, Severity, check_project};
///
/// # let project = tempfile::tempdir().unwrap();
/// # std::fs::create_dir_all(project.path().join(".cupcake/policies")).unwrap();
/// # std::fs::write(project.path().join(".cupcake/policies/broken.rego"), "package cupcake.policies.broken\n").unwrap();
/// // The only policy of this project has no routing.
/// let report = check_project(project.path(), &EngineOptions::default())?;
/// let finding = &report.findings[0];
/// assert_eq!((finding.severity, finding.rule), (Severity::Error, "routing-metadata"));
/// assert_eq!(finding.place.file, ".cupcake/policies/broken.rego");
/// # Ok::<(), llmspell_engine::EngineError>(())
/// ```
///
/// # Errors
///
/// When there is no project. What is wrong with one that is there is a finding.
pub fn check_project(path: &Path, options: &EngineOptions) -> Result<CheckReport, EngineError> {
    let project = Project::at(path)?;
    let mut report = CheckReport::default();
    for harness in harnesses(&project, options) {
        let options = EngineOptions {
            harness,
            ..options.clone()
        };
        match Subject::load(&project, &options) {
            Ok(subject) => report.add(&subject, |findings| {
                RULES
                    .iter()
                    .for_each(|rule| (rule.check)(&subject, findings));
            }),
            Err(error) if error.kind == EngineErrorKind::MissingProject => return Err(error),
            Err(error) => report.add_error(error),
        }
    }
    report.sort();
    Ok(report)
}

/// Every rule's ids, in the order in which the rules run.
#[must_use]
pub fn check_rules() -> Vec<&'static str> {
    RULES.iter().flat_map(|rule| rule.ids).copied().collect()
}

/// The harnesses to check; none stands for the one that the project chooses by itself.
fn harnesses(project: &Project, options: &EngineOptions) -> Vec<Option<Harness>> {
    let present = project.harnesses();
    match options.harness {
        Some(harness) => vec![Some(harness)],
        None if present.len() > 1 => present.into_iter().map(Some).collect(),
        None => vec![None],
    }
}
