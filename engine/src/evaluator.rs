//! How a policy is run: one small trait, one folder per way.

pub(crate) mod rego;

use std::fmt::Debug;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::decision::{DecisionError, RuleReport};
use crate::evaluation_probe::Probe;
use crate::value::Value;

/// A policy that is ready to be asked.
pub(crate) trait Evaluator: Debug + Send + Sync {
    /// What the policy says about the event; failures are among the findings.
    fn evaluate(
        &self,
        event: &Value,
        moment: Moment,
        findings: &mut Findings,
        probe: &mut Probe<'_>,
    );
}

/// When a policy is evaluated, and how long that may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    /// The time of the decision, the same for all of its policies.
    pub(crate) now: SystemTime,
    /// What is left of the decision's deadline.
    pub(crate) left: Duration,
}

/// What the policies said, and what went wrong meanwhile.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) rules: Vec<Finding>,
    pub(crate) errors: Vec<DecisionError>,
    /// What the policies printed: the policy's id, and the text with its place in front.
    pub(crate) prints: Vec<(Arc<str>, String)>,
}

/// One rule that spoke, with what only a modification has.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Finding {
    pub(crate) report: RuleReport,
    pub(crate) modification: Option<Modification>,
}

/// A change of the tool's input.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Modification {
    /// The higher wins.
    pub(crate) priority: u8,
    /// An object of plain JSON.
    pub(crate) updated_input: Value,
}
