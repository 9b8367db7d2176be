//! Evaluations that take longer than they may, and what a run of a script spent in evaluations.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use llmspell_engine::{Decision, EvaluationProbe, EvaluationStep, Event, PolicyEngine};
use llmspell_utils::debug::{Clock, DebugManager, SlowOperation};
use serde_json::{Value as Json, json};

use crate::script_error::Place;

/// How many policies the breakdown of a slow evaluation names, the slowest first.
const NAMED: usize = 10;

/// What the evaluations of a host have taken so far.
#[derive(Debug, Default)]
pub(crate) struct EvaluationTime {
    count: AtomicU64,
    nanoseconds: AtomicU64,
}

impl EvaluationTime {
    pub(super) fn add(&self, duration: Duration) {
        let nanoseconds = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        // Relaxed: both are read on the thread that adds, after the run.
        self.count.fetch_add(1, Ordering::Relaxed);
        self.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
    }

    /// How many evaluations there were, and what they took.
    pub(crate) fn so_far(&self) -> (u64, Duration) {
        let nanoseconds = self.nanoseconds.load(Ordering::Relaxed);
        (
            self.count.load(Ordering::Relaxed),
            Duration::from_nanos(nanoseconds),
        )
    }
}

/// Times the policies of one evaluation.
pub(super) struct PolicyTimes<'a> {
    clock: &'a Arc<dyn Clock>,
    /// When each step that is open began, and whether it is a policy.
    open: Vec<(Duration, bool)>,
    policies: Vec<(Arc<str>, Duration)>,
}

impl<'a> PolicyTimes<'a> {
    pub(super) fn new(clock: &'a Arc<dyn Clock>) -> Self {
        Self {
            clock,
            open: Vec::new(),
            policies: Vec::new(),
        }
    }

    /// The slowest policies and what each took, in microseconds.
    fn slowest(mut self) -> Json {
        self.policies
            .sort_by_key(|(_, took)| std::cmp::Reverse(*took));
        let slowest = self.policies.iter().take(NAMED);
        slowest
            .map(|(policy, took)| json!({"policy": &**policy, "us": took.as_secs_f64() * 1e6}))
            .collect()
    }
}

impl EvaluationProbe for PolicyTimes<'_> {
    fn enter(&mut self, step: EvaluationStep<'_>) {
        let policy = match step {
            EvaluationStep::Policy { id, .. } => Some(id),
            _ => None,
        };
        if let Some(id) = policy {
            self.policies.push((Arc::clone(id), Duration::ZERO));
        }
        self.open.push((self.clock.now(), policy.is_some()));
    }

    fn leave(&mut self) {
        let Some((began, true)) = self.open.pop() else {
            return;
        };
        if let Some((_, took)) = self.policies.last_mut() {
            *took = self.clock.now().saturating_sub(began);
        }
    }
}

/// Decides about an event as `Cupcake.eval` does, for a program that has no script: an evaluation that takes longer than
/// `[debug] slow` allows leaves one warning entry in `manager`, with its phases and its slowest policies.
#[must_use]
pub fn evaluate_watching_time(
    engine: &PolicyEngine,
    event: &Event,
    manager: &DebugManager,
) -> Decision {
    if manager.slow_threshold(SlowOperation::Evaluation).is_none() {
        return engine.evaluate(event);
    }
    let mut policies = PolicyTimes::new(manager.clock());
    let decision = engine.evaluate_probed(event, &mut policies);
    report(manager, &decision, Some(policies), || None);
    decision
}

/// Leaves a warning if an evaluation took longer than it may.
pub(super) fn report(
    manager: &DebugManager,
    decision: &Decision,
    policies: Option<PolicyTimes<'_>>,
    place: impl FnOnce() -> Option<Place>,
) {
    let took = decision_time(decision);
    let slow = manager.slow_threshold(SlowOperation::Evaluation);
    if slow.is_none_or(|most| took <= most) {
        return;
    }
    let what = match &decision.tool {
        Some(tool) => format!("{} of {tool}", decision.event),
        None => decision.event.to_string(),
    };
    manager.report_slow(SlowOperation::Evaluation, &what, took, || {
        let place = place();
        json!({
            "timings_us": decision.timings_us,
            "policies": policies.map(PolicyTimes::slowest),
            "decision_id": decision.decision_id,
            "file": place.as_ref().map(|place| place.file.as_str()),
            "line": place.as_ref().map(|place| place.line),
        })
    });
}

/// What an evaluation took.
pub(super) fn decision_time(decision: &Decision) -> Duration {
    // What is no duration took none.
    Duration::try_from_secs_f64(decision.timings_us.total / 1e6).unwrap_or_default()
}
