//! One evaluation: an event on its way through the layers of a set of policies.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use crate::decision::{DecisionError, DecisionErrorKind, Timings};
use crate::evaluation_probe::{EvaluationStep, Probe};
use crate::evaluator::rego::Aggregator;
use crate::evaluator::{Evaluator, Findings, Moment, Speaker};
use crate::event::Event;
use crate::explain::Record;
use crate::guardrails::Reading;
use crate::hook_policy::Hook;
use crate::messages::Messages;
use crate::policy::{self, Policy};
use crate::policy_input::PolicyInput;
use crate::policy_set::{Layer, PolicySet};
use crate::signals::{Gathered, Need, Signals};
use crate::value::Value;

/// A policy as it is asked: who speaks, and what evaluates it.
type Asked<'set> = (&'set Speaker, &'set dyn Evaluator);

/// One event on its way; what comes of it is collected in `findings` and `times`.
pub(crate) struct Evaluation<'a, 'probe> {
    set: &'a PolicySet,
    event: &'a Event,
    input: PolicyInput<'a>,
    messages: &'a Messages,
    /// How long the policies may take together.
    deadline: Duration,
    /// When all signals have to be there, if they have to.
    signals_until: Option<Instant>,
    /// The time that all policies see.
    now: SystemTime,
    /// When the policies' time began. Signals have deadlines of their own, so that it moves by what they take.
    clock: Instant,
    pub(crate) findings: Findings,
    pub(crate) times: Timings,
    pub(crate) probe: Probe<'probe>,
    /// What explaining has taken, which is no part of any time that is told.
    pub(crate) explaining: Duration,
    record: Option<&'a mut Record>,
}

impl<'a, 'probe> Evaluation<'a, 'probe> {
    pub(crate) fn new(
        set: &'a PolicySet,
        event: &'a Event,
        input: PolicyInput<'a>,
        messages: &'a Messages,
        (deadline, for_signals): (Duration, Option<Duration>),
        probe: Probe<'probe>,
        record: Option<&'a mut Record>,
    ) -> Self {
        Self {
            set,
            event,
            input,
            messages,
            deadline,
            signals_until: for_signals.and_then(|left| Instant::now().checked_add(left)),
            now: SystemTime::now(),
            clock: Instant::now(),
            findings: Findings {
                errors: set.standing_errors.clone(),
                ..Findings::default()
            },
            times: Timings::default(),
            probe,
            explaining: Duration::ZERO,
            record,
        }
    }

    /// Asks every policy that the event concerns: those of the machine first, which may end the matter.
    pub(crate) fn run(&mut self, hooks: &[Hook<'_>]) {
        let mut is_refused = false;
        for layer in &self.set.layers {
            if !is_refused {
                self.ask_layer(layer);
                is_refused = layer.is_global && self.findings.is_refusal();
            } else if let Some(record) = self.record.as_deref_mut() {
                record.decided_before(layer);
            }
        }
        if !is_refused && !hooks.is_empty() {
            self.ask_hooks(hooks);
        }
        self.times.evaluate -= microseconds(self.explaining);
        // The standing errors come first and were told when the project was loaded.
        self.messages
            .heard(&self.findings, self.set.standing_errors.len());
    }

    fn ask_layer(&mut self, layer: &'a Layer) {
        let matched = self.route(layer);
        if matched.is_empty() && layer.aggregator.is_none() {
            return;
        }
        let reading = self.input.reading();
        let input = self.input_of(layer, &matched, &reading);
        let begun = Instant::now();
        let policies = matched
            .iter()
            .filter_map(|index| layer.policies.get(*index))
            .filter_map(Policy::asked);
        match &layer.aggregator {
            None => self.ask(policies, &input, &reading),
            Some(aggregator) => self.aggregate(aggregator, policies, &input, &reading),
        }
        self.times.evaluate += microseconds(begun.elapsed());
    }

    /// The places of the layer's policies that the event concerns.
    fn route(&mut self, layer: &Layer) -> Vec<usize> {
        let begun = Instant::now();
        self.probe.enter(|| EvaluationStep::Route);
        let matched = layer.routes.find(self.event.name(), self.event.tool());
        self.probe.leave();
        self.times.route += microseconds(begun.elapsed());
        if let Some(record) = self.record.as_deref_mut() {
            record.routed(layer, &matched, self.event);
        }
        matched
    }

    /// What the policies of the layer see, after the signals were gathered that they need.
    fn input_of(&mut self, layer: &'a Layer, matched: &[usize], reading: &Reading) -> Value {
        let needs = layer.needs(matched, &self.input, reading);
        let signals = if needs.is_empty() {
            Vec::new()
        } else {
            self.gather(&layer.signals, &needs)
        };
        let input = self.input.of_layer(layer, &signals);
        let failures = signals.into_iter().filter_map(|signal| signal.error);
        self.findings.errors.extend(failures);
        input
    }

    /// Gathers the signals that are needed.
    fn gather(&mut self, signals: &'a Signals, needs: &[Need]) -> Vec<Gathered<'a>> {
        let begun = Instant::now();
        let names: Vec<&str> = needs
            .iter()
            .map(|need| signals.name_of(need.signal))
            .collect();
        self.probe
            .enter(|| EvaluationStep::Signals { names: &names });
        let gathered = signals.gather(needs, self.input.text(), self.signals_until);
        self.probe.leave();
        self.clock += begun.elapsed();
        self.times.signals += microseconds(begun.elapsed());
        self.messages.gathered(&gathered);
        if let Some(record) = self.record.as_deref_mut() {
            record.gathered(&gathered);
        }
        gathered
    }

    /// Asks the policies that a script registered.
    fn ask_hooks(&mut self, hooks: &[Hook<'_>]) {
        let begun = Instant::now();
        if let Some(record) = self.record.as_deref_mut() {
            record.routed_hooks(hooks, self.event);
        }
        let event = self.event;
        let policies = hooks
            .iter()
            .filter(|hook| hook.policy.concerns(event))
            .map(|hook| (&hook.policy.speaker, hook.evaluator));
        let input = self.input.value().clone();
        let reading = self.input.reading();
        self.ask(policies, &input, &reading);
        self.times.evaluate += microseconds(begun.elapsed());
    }

    /// Asks policies one after the other, each within what is left of the time.
    fn ask<'set>(
        &mut self,
        policies: impl Iterator<Item = Asked<'set>>,
        input: &Value,
        reading: &Reading,
    ) {
        for (speaker, evaluator) in policies {
            let Some(moment) = self.moment() else {
                self.findings.errors.push(too_late(speaker));
                continue;
            };
            let record = self.record.as_deref_mut();
            let explanation = record.and_then(|record| record.begin(speaker));
            let begun = Instant::now();
            let (findings, probe) = (&mut self.findings, &mut self.probe);
            policy::ask(
                speaker,
                evaluator,
                (input, moment, reading),
                findings,
                probe,
                explanation,
            );
            if let Some(record) = &self.record {
                // What is explained must not take from the time in which the event is decided.
                let explained = record.explained(begun.elapsed());
                self.clock += explained;
                self.explaining += explained;
            }
        }
    }

    /// Now, and what is left of the time; none if nothing is.
    fn moment(&self) -> Option<Moment> {
        let left = self.deadline.checked_sub(self.clock.elapsed())?;
        (!left.is_zero()).then_some(Moment {
            now: self.now,
            left,
        })
    }

    /// Asks a customised aggregator about the policies that it sees, and the others as ever.
    fn aggregate<'set>(
        &mut self,
        aggregator: &Aggregator,
        policies: impl Iterator<Item = Asked<'set>>,
        input: &Value,
        reading: &Reading,
    ) {
        let (seen, others): (Vec<Asked<'_>>, Vec<Asked<'_>>) =
            policies.partition(|(speaker, _)| aggregator.sees(speaker));
        if self.record.is_some() {
            // What each policy says by itself explains what the aggregator sees.
            let kept = std::mem::take(&mut self.findings);
            self.ask(seen.iter().copied(), input, reading);
            self.findings = kept;
        }
        let speakers: Vec<&Speaker> = seen.iter().map(|(speaker, _)| *speaker).collect();
        let speaker = aggregator.speaker();
        let outcome = match self.moment() {
            None => {
                self.findings.errors.push(too_late(speaker));
                Ok(())
            }
            Some(moment) => {
                self.probe.enter(|| EvaluationStep::Policy {
                    id: &speaker.id,
                    file: &speaker.file,
                    line: speaker.line,
                });
                let outcome = aggregator.evaluate(&speakers, input, moment, &mut self.findings);
                self.probe.leave();
                outcome
            }
        };
        if let Err(fault) = outcome {
            self.findings.errors.push(speaker.fault(fault, None));
            // The policies still speak, each by itself; they were explained above.
            let record = self.record.take();
            self.ask(seen.into_iter(), input, reading);
            self.record = record;
        }
        self.ask(others.into_iter(), input, reading);
    }
}

fn too_late(speaker: &Speaker) -> DecisionError {
    DecisionError {
        kind: DecisionErrorKind::Timeout,
        policy: Arc::clone(&speaker.id),
        message: "the deadline had passed before the policy was evaluated".to_owned(),
        file: Some(Arc::clone(&speaker.file)),
        line: None,
    }
}

/// A time in microseconds.
pub(crate) const fn microseconds(time: Duration) -> f64 {
    // Nanoseconds in 53 bits are exact for a hundred days.
    time.as_nanos() as f64 / 1_000.0
}
