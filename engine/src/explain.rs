//! Why an event led to its decision: what each matched policy did, and why the others were not asked.

mod input_read;
mod routing;
mod signals;

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::decision::{Decision, Timings, Verb};
use crate::evaluation::microseconds;
use crate::evaluator::Speaker;
use crate::event::Event;
use crate::hook_policy::Hook;
use crate::policy_set::Layer;
use crate::signals::Gathered;

pub use input_read::InputRead;
pub use signals::{SignalExplanation, SignalOutcome};

/// Why an event led to its decision.
///
/// It costs many times what the decision itself costs, because each rule is evaluated statement by statement.
///
/// ```
/// use llmspell_engine::{EngineOptions, Event, EventLimits, PolicyEngine};
///
/// # let project = tempfile::tempdir().unwrap();
/// # let policies = project.path().join(".cupcake/policies");
/// # std::fs::create_dir_all(&policies).unwrap();
/// # std::fs::write(policies.join("no_root.rego"), r#"
/// # # METADATA
/// # # custom:
/// # #   id: NO-ROOT
/// # #   routing:
/// # #     required_events: [PreToolUse]
/// # package cupcake.policies.no_root
/// # deny contains {"reason": "not as root", "rule_id": "NO-ROOT-1"} if { contains(input.tool_input.command, "sudo") }
/// # "#).unwrap();
/// let engine = PolicyEngine::load(project.path(), &EngineOptions::default())?;
/// let event = Event::parse(br#"{"hook_event_name": "PreToolUse", "tool_name": "Bash"}"#, &EventLimits::default())?;
/// let explanation = engine.explain(&event);
/// assert_eq!(explanation.inputs_missing, ["input.tool_input"]);
/// let mut policies = explanation.evaluated.iter();
/// let policy = policies.find(|policy| &*policy.policy == "NO-ROOT").unwrap();
/// let failed = policy.rules[0].failed.as_ref().unwrap();
/// assert_eq!(failed.expression, r#"contains(input.tool_input.command, "sudo")"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// The decision itself.
    pub decision: Decision,
    /// The policies that the event's name and tool lead to, in the order in which they were asked.
    pub matched: Vec<PolicyName>,
    /// The policies that were not asked, and why.
    pub skipped: Vec<SkippedPolicy>,
    /// What each matched policy did.
    pub evaluated: Vec<PolicyExplanation>,
    /// The signals that were gathered for them.
    pub signals: Vec<SignalExplanation>,
    /// Every path that a matched policy read and that the event does not have, sorted; only the first part of a
    /// path that is missing counts.
    pub inputs_missing: Vec<String>,
    /// How long each phase took, without what the explanation itself took.
    pub timings_us: Timings,
}

/// Which policy is meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PolicyName {
    /// Its id.
    pub policy: Arc<str>,
    /// Its file, relative to the project.
    pub file: Arc<str>,
}

/// A policy that was not asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SkippedPolicy {
    /// The policy's id.
    pub policy: Arc<str>,
    /// Its file, relative to the project.
    pub file: Arc<str>,
    /// What kept the event from it.
    pub because: SkipReason,
    /// The same as a sentence, with the nearest name where one is near.
    pub message: String,
}

/// What kept an event from a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// The policy is for other events.
    Event,
    /// The policy is for other tools of this event.
    Tool,
    /// The policy is broken; the decision's errors say how.
    Broken,
    /// The global configuration had refused the action already.
    Decided,
}

/// What one policy did about one event.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PolicyExplanation {
    /// The policy's id.
    pub policy: Arc<str>,
    /// Its file, relative to the project.
    pub file: Arc<str>,
    /// Each definition of each verb, and of the rules that they use.
    pub rules: Vec<RuleExplanation>,
    /// The parts of the event that were read, by their paths; empty too where [`inputs_recorded`](Self::inputs_recorded) is false.
    pub inputs: Vec<InputRead>,
    /// Whether the evaluator says which parts were read: Rego, Lua and JavaScript files do; guardrails, WebAssembly and
    /// policies of a running script do not.
    pub inputs_recorded: bool,
    /// How long the policy took to be evaluated, in microseconds; none if it was not evaluated. What explaining it
    /// took is not part of it.
    pub time_us: Option<f64>,
}

/// What one definition of a rule did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleExplanation {
    /// The rule's name as its file has it.
    pub name: String,
    /// The verb that it defines; none for a helper.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verb: Option<Verb>,
    /// The file of the definition, relative to the project.
    pub file: Arc<str>,
    /// The line where the definition begins.
    pub line: u32,
    /// What came of it.
    pub outcome: RuleOutcome,
    /// Where a definition that did not fire came to its end, as far as that can be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<FailedExpression>,
}

/// What came of one definition of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleOutcome {
    /// It gave a value.
    Fired,
    /// One of its expressions was false or undefined.
    Silent,
    /// One of its expressions is an error for this event.
    Failed,
    /// Nothing asked it, as a function that no evaluated statement called.
    NotAsked,
}

/// The expression at which a definition came to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FailedExpression {
    /// The expression as its file has it.
    pub expression: String,
    /// The file, relative to the project.
    pub file: Arc<str>,
    /// The line, counted from 1.
    pub line: u32,
    /// The column, counted from 1 in characters.
    pub column: u32,
    /// What is wrong with it, where it is an error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What its parts were that are no constants, as far as that is cheap to tell.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<SeenValue>,
}

/// What a part of an expression was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeenValue {
    /// The part as its file has it.
    pub expression: String,
    /// Its value as JSON, without secrets and cut where it is long; several if it was looked at several times, as in a
    /// loop; none if it was undefined.
    pub values: Vec<String>,
}

impl PolicyExplanation {
    fn new(speaker: &Speaker) -> Self {
        Self {
            policy: Arc::clone(&speaker.id),
            file: Arc::clone(&speaker.file),
            rules: Vec::new(),
            inputs: Vec::new(),
            inputs_recorded: false,
            time_us: None,
        }
    }

    /// The policy said something by these verbs; that is told where the evaluator told nothing of its rules.
    pub(crate) fn said(&mut self, speaker: &Speaker, verbs: &[Verb], has_failed: bool) {
        if !self.rules.is_empty() {
            return;
        }
        let defined = speaker.verbs();
        let known = |verb: &Verb| defined.contains(verb) || verbs.contains(verb);
        for verb in Verb::ALL.into_iter().filter(known) {
            let outcome = if verbs.contains(&verb) {
                RuleOutcome::Fired
            } else if has_failed {
                RuleOutcome::Failed
            } else {
                RuleOutcome::Silent
            };
            self.rules.push(RuleExplanation {
                name: verb.name().to_owned(),
                verb: Some(verb),
                file: Arc::clone(&speaker.file),
                line: speaker.line_of(verb, None),
                outcome,
                failed: None,
            });
        }
    }

    /// The evaluation took so long.
    pub fn took(&mut self, time: Duration) {
        self.time_us = Some(microseconds(time));
    }

    /// The parts that are read from now on are recorded.
    pub const fn records_inputs(&mut self) {
        self.inputs_recorded = true;
    }

    /// The policy read a part of the event.
    pub fn read(&mut self, read: InputRead) {
        if let Err(place) = self.inputs.binary_search(&read) {
            self.inputs.insert(place, read);
        }
    }
}

/// What is gathered while an event is decided, for its explanation.
#[derive(Debug, Default)]
pub(crate) struct Record {
    matched: Vec<PolicyName>,
    skipped: Vec<SkippedPolicy>,
    evaluated: Vec<PolicyExplanation>,
    signals: Vec<SignalExplanation>,
}

impl Record {
    /// The event leads to these policies of a layer, and to no others.
    pub(crate) fn routed(&mut self, layer: &Layer, matched: &[usize], event: &Event) {
        for index in matched {
            self.matched
                .extend(layer.policies.get(*index).map(|policy| PolicyName {
                    policy: Arc::clone(&policy.summary.id),
                    file: Arc::clone(&policy.summary.file),
                }));
        }
        let others = layer
            .policies
            .iter()
            .enumerate()
            .filter(|(index, _)| !matched.contains(index));
        self.skipped
            .extend(others.map(|(_, policy)| routing::skipped(&policy.summary, event)));
    }

    /// These signals were gathered.
    pub(crate) fn gathered(&mut self, signals: &[Gathered<'_>]) {
        self.signals
            .extend(signals.iter().map(SignalExplanation::of));
    }

    /// The policies of a layer are not asked, because an earlier one has refused.
    pub(crate) fn decided_before(&mut self, layer: &Layer) {
        let summaries = layer.policies.iter().map(|policy| &policy.summary);
        self.skipped.extend(summaries.map(routing::decided_before));
    }

    /// The event leads to some of the policies of a script.
    pub(crate) fn routed_hooks(&mut self, hooks: &[Hook<'_>], event: &Event) {
        for hook in hooks {
            let summary = hook.policy.summary();
            if hook.policy.concerns(event) {
                self.matched.push(PolicyName {
                    policy: Arc::clone(&summary.id),
                    file: Arc::clone(&summary.file),
                });
            } else {
                self.skipped.push(routing::skipped(summary, event));
            }
        }
    }

    /// The explanation of the policy that is evaluated next.
    pub(crate) fn begin(&mut self, speaker: &Speaker) -> Option<&mut PolicyExplanation> {
        self.evaluated.push(PolicyExplanation::new(speaker));
        self.evaluated.last_mut()
    }

    /// What the policy that began took of this time for more than its evaluation.
    pub(crate) fn explained(&self, time: Duration) -> Duration {
        let evaluated = self.evaluated.last().and_then(|policy| policy.time_us);
        let evaluated = Duration::try_from_secs_f64(evaluated.unwrap_or_default() / 1e6);
        time.saturating_sub(evaluated.unwrap_or_default())
    }

    pub(crate) fn finish(self, decision: Decision) -> Explanation {
        let inputs = self.evaluated.iter().flat_map(|policy| &policy.inputs);
        let mut inputs_missing: Vec<String> =
            inputs.filter_map(|input| input.missing.clone()).collect();
        inputs_missing.sort_unstable();
        inputs_missing.dedup();
        Explanation {
            timings_us: decision.timings_us,
            decision,
            matched: self.matched,
            skipped: self.skipped,
            evaluated: self.evaluated,
            signals: self.signals,
            inputs_missing,
        }
    }
}
