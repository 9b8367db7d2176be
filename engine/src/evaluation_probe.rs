//! What an evaluation tells somebody who measures it, step by step.

use std::sync::Arc;

use crate::decision::Verb;

/// Hears what an evaluation does while it does it, on the thread that evaluates.
///
/// Steps are nested: every [`enter`](Self::enter) is followed by one [`leave`](Self::leave), with whole steps in
/// between and nothing else, whatever becomes of the evaluation. What a probe does counts in the decision's times and
/// in its deadline.
///
/// ```
/// use llmspell_engine::{EvaluationProbe, EvaluationStep};
///
/// /// Which verbs of which policies were asked.
/// #[derive(Default)]
/// struct Asked(Vec<String>);
///
/// impl EvaluationProbe for Asked {
///     fn enter(&mut self, step: EvaluationStep<'_>) {
///         match step {
///             EvaluationStep::Policy { id, .. } => self.0.push(id.to_string()),
///             EvaluationStep::Verb { verb, .. } => self.0.push(verb.name().to_owned()),
///             _ => {}
///         }
///     }
///
///     fn leave(&mut self) {}
/// }
/// ```
pub trait EvaluationProbe {
    /// A step begins.
    fn enter(&mut self, step: EvaluationStep<'_>);

    /// The step that began last, of those that have not ended, ends.
    fn leave(&mut self);
}

/// One step of an evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EvaluationStep<'a> {
    /// The policies are found that the event's routing matches.
    Route,
    /// The signals are gathered that the matched policies must see, side by side: the step is what the longest takes.
    Signals {
        /// Their names, in the order in which they are declared.
        names: &'a [&'a str],
    },
    /// One policy is evaluated: its evaluator is made ready, and each of its verbs is asked.
    Policy {
        /// The policy's id.
        id: &'a Arc<str>,
        /// Its file, relative to the project.
        file: &'a Arc<str>,
        /// The line of its package.
        line: u32,
    },
    /// One verb of the policy is asked: all rules that define it, and what they need. Regorus evaluates the rules of
    /// a name together, so that this is the finest step that can be timed.
    Verb {
        /// The verb.
        verb: Verb,
        /// The file that defines it, relative to the project.
        file: &'a Arc<str>,
        /// The line of its first definition.
        line: u32,
    },
    /// The decision is made of what the policies said.
    Synthesize,
}

/// The probe of one evaluation, if there is one, and how deep in steps the evaluation is.
pub(crate) struct Probe<'a> {
    probe: Option<&'a mut dyn EvaluationProbe>,
    depth: usize,
}

impl<'a> Probe<'a> {
    /// For an evaluation that nobody measures.
    pub(crate) const fn none() -> Self {
        Self {
            probe: None,
            depth: 0,
        }
    }

    pub(crate) const fn new(probe: &'a mut dyn EvaluationProbe) -> Self {
        Self {
            probe: Some(probe),
            depth: 0,
        }
    }

    /// How many steps have begun and not ended.
    pub(crate) const fn depth(&self) -> usize {
        self.depth
    }

    #[inline]
    pub(crate) fn enter<'step>(&mut self, step: impl FnOnce() -> EvaluationStep<'step>) {
        if let Some(probe) = &mut self.probe {
            self.depth += 1;
            probe.enter(step());
        }
    }

    #[inline]
    pub(crate) fn leave(&mut self) {
        if let Some(probe) = &mut self.probe {
            self.depth = self.depth.saturating_sub(1);
            probe.leave();
        }
    }

    /// Ends the steps that a panic left open.
    pub(crate) fn leave_to(&mut self, depth: usize) {
        while self.depth > depth {
            self.leave();
        }
    }
}
