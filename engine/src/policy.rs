//! One policy of a project: what is known of it, and how it is asked.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use crate::decision::{DecisionError, DecisionErrorKind, Verb};
use crate::evaluation_probe::{EvaluationStep, Probe};
use crate::evaluator::{Answers, Evaluator, Findings, Moment, SharedEvaluator, Speaker};
use crate::explain::PolicyExplanation;
use crate::guardrails::Reading;
use crate::metadata::Metadata;
use crate::value::Value;

/// What evaluates a guardrail.
pub(crate) const GUARDRAIL: &str = "guardrail";

/// What a project's list of policies says about one of them.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicySummary {
    /// Its `custom.id`, else the last part of its package.
    pub id: Arc<str>,
    /// Its title, empty if it has none.
    pub title: String,
    /// Its file, relative to the project.
    pub file: Arc<str>,
    /// Its package, empty if that cannot be read.
    pub package: String,
    /// The events that it is evaluated for.
    pub events: Vec<String>,
    /// The tools that it is evaluated for; empty, like `*` among them, is every tool.
    pub tools: Vec<String>,
    /// The signals that it wants to see.
    pub signals: Vec<String>,
    /// The verbs that it defines.
    pub verbs: Vec<Verb>,
    /// What evaluates it: `rego`, `wasm`, `guardrail` or a script language; empty if that cannot be told.
    pub evaluator: &'static str,
    /// Whether it runs on the virtual machine, where the interpreter answers only what that cannot.
    pub is_compiled: bool,
    /// Why it cannot be evaluated, if so.
    pub error: Option<DecisionError>,
}

/// A policy, ready to be asked unless it is broken or for other events than those that were wanted.
#[derive(Debug)]
pub(crate) struct Policy {
    pub(crate) summary: PolicySummary,
    pub(crate) prepared: Option<Prepared>,
}

/// Who speaks for a policy, and what evaluates it.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) speaker: Speaker,
    pub(crate) evaluator: SharedEvaluator,
}

impl Policy {
    /// Who speaks and what evaluates it; what is broken is among the standing errors instead.
    pub(crate) fn asked(&self) -> Option<(&Speaker, &dyn Evaluator)> {
        let prepared = self.prepared.as_ref()?;
        Some((&prepared.speaker, prepared.evaluator.as_ref()))
    }

    pub(crate) const fn unprepared(summary: PolicySummary) -> Self {
        Self {
            summary,
            prepared: None,
        }
    }
}

/// Asks one policy; whatever becomes of it is among the findings.
pub(crate) fn ask(
    speaker: &Speaker,
    evaluator: &dyn Evaluator,
    (input, moment, reading): (&Value, Moment, &Reading),
    findings: &mut Findings,
    probe: &mut Probe<'_>,
    explanation: Option<&mut PolicyExplanation>,
) {
    let mut explanation = explanation;
    let (rules, errors) = (findings.rules.len(), findings.errors.len());
    let depth = probe.depth();
    probe.enter(|| EvaluationStep::Policy {
        id: &speaker.id,
        file: &speaker.file,
        line: speaker.line,
    });
    // INVARIANT: a panic leaves findings that were complete before it, and an evaluator keeps no state of one call.
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let mut answers = Answers::new(speaker, findings, probe, reading);
        match explanation.as_deref_mut() {
            None => evaluator.evaluate(input, moment, &mut answers),
            Some(explanation) => evaluator.explain(input, moment, &mut answers, explanation),
        }
    }));
    probe.leave_to(depth);
    if outcome.is_err() {
        let message = "the evaluator broke down while it ran the policy".to_owned();
        let line = speaker
            .definitions
            .first()
            .map_or(speaker.line, |definition| definition.line);
        findings
            .errors
            .push(speaker.error(DecisionErrorKind::Crashed, message, line));
    }
    if let Some(explanation) = explanation {
        let said = findings.rules.iter().skip(rules);
        let said = said.map(|finding| finding.report.verb).collect::<Vec<_>>();
        explanation.said(speaker, &said, findings.errors.len() > errors);
    }
}

impl PolicySummary {
    /// Whether it is a guardrail, which stands in a rulebook instead of a file of its own.
    pub(crate) fn is_guardrail(&self) -> bool {
        self.evaluator == GUARDRAIL
    }

    /// What is known before the file is read.
    pub(crate) fn unread(path: &str) -> Self {
        let stem = Path::new(path)
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned());
        Self {
            id: Arc::from(stem.unwrap_or_default()),
            title: String::new(),
            file: Arc::from(path),
            package: String::new(),
            events: Vec::new(),
            tools: Vec::new(),
            signals: Vec::new(),
            verbs: Vec::new(),
            evaluator: "",
            is_compiled: false,
            error: None,
        }
    }

    /// Takes over what the metadata says of its name.
    pub(crate) fn describe(&mut self, metadata: Option<&Metadata>) {
        let Some(metadata) = metadata else { return };
        if let Some(id) = &metadata.id {
            self.id = Arc::from(id.as_str());
        }
        self.title.clone_from(&metadata.title);
    }

    pub(crate) fn error(
        &self,
        kind: DecisionErrorKind,
        message: impl Into<String>,
        line: Option<u32>,
    ) -> DecisionError {
        DecisionError {
            kind,
            policy: Arc::clone(&self.id),
            message: message.into(),
            file: Some(Arc::clone(&self.file)),
            line,
        }
    }
}
