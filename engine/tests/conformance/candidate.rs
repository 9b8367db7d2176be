//! What runs cases: one small trait, one file for each evaluator.

use llmspell_engine::Value;

use crate::case::Case;

/// An evaluator that is held to OPA's cases.
///
/// Each case runs on a thread that may be given up, and under a guard against panics: an implementation need not care.
pub(crate) trait Candidate: Send + Sync {
    /// Answers the case's query.
    fn answer(&self, case: &Case) -> Answer;
}

/// What an evaluator makes of a case.
#[derive(Debug)]
pub(crate) enum Answer {
    /// The bindings of each solution, as an object.
    Solutions(Vec<Value>),
    /// The case was not run, because the evaluator says that it cannot.
    Refused(String),
    /// The evaluation failed with this code of OPA's.
    Failed { code: String, message: String },
}
