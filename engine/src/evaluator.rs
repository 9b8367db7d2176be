//! How a policy is run: one small trait, one folder per way.

mod answers;
mod fault;
mod said;
mod speaker;

pub(crate) mod rego;
pub(crate) mod wasm;

use std::fmt::Debug;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use crate::decision::{DecisionError, RuleReport, Verb};
use crate::explain::PolicyExplanation;
use crate::guardrails::Reading;
use crate::value::Value;

pub use answers::Answers;
pub use fault::PolicyFault;
pub(crate) use said::read as say;
pub use speaker::Definition;
pub(crate) use speaker::Speaker;

/// A policy that is ready to be asked.
///
/// The engine catches panics, and asks no evaluator after the decision's deadline.
pub trait Evaluator: Debug {
    /// Asks every verb that the policy defines, the strongest first.
    ///
    /// `input` is the event with what the engine adds to it, such as `signals`. An evaluator that cannot finish
    /// within the moment says so with a fault of the kind `timeout`: silence would be an allow.
    fn evaluate(&self, input: &Value, moment: Moment, answers: &mut Answers<'_, '_>);

    /// Whether a signal that the policy needs must be gathered for this event; the others are spared.
    fn wants_signal(&self, _name: &str, _event: &Value, _reading: &Reading) -> bool {
        true
    }

    /// Whether the policy runs on the virtual machine for Rego.
    fn is_compiled(&self) -> bool {
        false
    }

    /// The same as [`evaluate`](Self::evaluate), and says what each rule did and which parts of the input were read, as far as that can be told.
    ///
    /// What the answers get must be what that would give them: an explanation that decides otherwise explains nothing.
    fn explain(
        &self,
        input: &Value,
        moment: Moment,
        answers: &mut Answers<'_, '_>,
        explanation: &mut PolicyExplanation,
    ) {
        let begun = Instant::now();
        self.evaluate(input, moment, answers);
        explanation.took(begun.elapsed());
    }
}

/// An evaluator that any thread may ask, from several threads at once.
pub type SharedEvaluator = Box<dyn Evaluator + Send + Sync>;

/// When a policy is evaluated, and how long that may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The time of the decision, the same for all of its policies.
    pub now: SystemTime,
    /// What is left of the decision's deadline.
    pub left: Duration,
}

/// What the policies said, and what went wrong meanwhile.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) rules: Vec<Finding>,
    pub(crate) errors: Vec<DecisionError>,
    /// What the policies printed: the policy's id, and the text with its place in front.
    pub(crate) prints: Vec<(Arc<str>, String)>,
}

impl Findings {
    /// Whether a rule refuses the action.
    pub(crate) fn is_refusal(&self) -> bool {
        let mut verbs = self.rules.iter().map(|finding| finding.report.verb);
        verbs.any(|verb| matches!(verb, Verb::Halt | Verb::Deny | Verb::Block))
    }
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
