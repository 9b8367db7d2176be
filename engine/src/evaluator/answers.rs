//! Where an evaluator puts what its policy says.

use std::sync::Arc;

use super::said;
use super::speaker::Speaker;
use super::{Findings, PolicyFault};
use crate::decision::Verb;
use crate::evaluation_probe::{EvaluationStep, Probe};
use crate::guardrails::Reading;
use crate::value::Value;

/// What one policy says about one event, verb by verb.
///
/// An evaluator brackets each verb that it asks with [`begin`](Self::begin) and [`end`](Self::end), and puts what
/// comes of it in between: an answer, a fault, or both.
pub struct Answers<'evaluation, 'probe> {
    speaker: &'evaluation Speaker,
    findings: &'evaluation mut Findings,
    probe: &'evaluation mut Probe<'probe>,
    /// What was found out about the event before, by whichever policy needed it first.
    reading: &'evaluation Reading,
    verb: Option<Verb>,
}

impl std::fmt::Debug for Answers<'_, '_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Answers")
            .field("policy", &self.speaker.id)
            .field("verb", &self.verb)
            .finish_non_exhaustive()
    }
}

impl<'evaluation, 'probe> Answers<'evaluation, 'probe> {
    pub(crate) const fn new(
        speaker: &'evaluation Speaker,
        findings: &'evaluation mut Findings,
        probe: &'evaluation mut Probe<'probe>,
        reading: &'evaluation Reading,
    ) -> Self {
        Self {
            speaker,
            findings,
            probe,
            reading,
            verb: None,
        }
    }

    /// What native policies share about the event.
    pub(crate) const fn reading(&self) -> &'evaluation Reading {
        self.reading
    }

    /// A verb of the policy is asked from now on.
    pub fn begin(&mut self, verb: Verb) {
        self.verb = Some(verb);
        let speaker = self.speaker;
        self.probe.enter(|| EvaluationStep::Verb {
            verb,
            file: &speaker.file,
            line: speaker.line_of(verb, None),
        });
    }

    /// The verb that began was asked.
    pub fn end(&mut self) {
        self.verb = None;
        self.probe.leave();
    }

    /// The verb that began says this: a list or a set of decisions, of texts for `add_context`, or undefined.
    ///
    /// What has another shape is an error of the policy.
    pub fn say(&mut self, answer: &Value) {
        if let Some(verb) = self.verb {
            said::read(self.speaker, verb, answer, self.findings);
        }
    }

    /// The verb that began, or the policy as a whole, failed.
    pub fn fail(&mut self, fault: PolicyFault) {
        let error = self.speaker.fault(fault, self.verb);
        // Verbs that share a helper fail alike.
        if self.findings.errors.last() != Some(&error) {
            self.findings.errors.push(error);
        }
    }

    /// The policy printed this, its place in front.
    pub fn print(&mut self, text: String) {
        let id = Arc::clone(&self.speaker.id);
        self.findings.prints.push((id, text));
    }
}
