//! How a policy is run: one small trait, one folder per way.

pub(crate) mod rego;

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use crate::decision::{DecisionError, RuleReport};
use crate::value::Value;

/// A policy that is ready to be asked.
pub(crate) trait Evaluator: Debug + Send + Sync {
    /// What the policy says about the event; failures are among the findings.
    ///
    /// `time` is what is left of the decision's deadline.
    fn evaluate(&self, event: &Value, time: Duration, findings: &mut Findings);
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
