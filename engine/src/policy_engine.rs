//! The engine: a loaded project that decides about events.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use arc_swap::ArcSwap;
use llmspell_utils::debug::DebugManager;
use parking_lot::Mutex;

use crate::decision::{Decision, DecisionError, DecisionErrorKind, Timings};
use crate::error::EngineError;
use crate::evaluation_probe::{EvaluationProbe, EvaluationStep, Probe};
use crate::evaluator::rego::Aggregator;
use crate::evaluator::{Evaluator, Findings, Moment, Speaker};
use crate::event::{Event, EventLimits};
use crate::explain::{Explanation, Record};
use crate::harness::Harness;
use crate::hook_policy::{Hook, digest_with};
use crate::messages::Messages;
use crate::policy::{self, Policy, PolicySummary};
use crate::policy_language::PolicyLanguage;
use crate::policy_set::PolicySet;
use crate::project::Project;
use crate::reload::{Reload, project_error};
use crate::selection::Wanted;
use crate::settings::{Mode, RegoEvaluator};
use crate::synthesis::synthesize;
use crate::trust::TrustOptions;

/// How an engine is loaded; what is not given comes from the project.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// The harness whose policies to load; else what the project says.
    pub harness: Option<Harness>,
    /// What an error means; else what the project says.
    pub mode: Option<Mode>,
    /// How large an event may be.
    pub event_limits: EventLimits,
    /// How long one decision may take.
    pub deadline: Duration,
    /// Who hears what policies print, what fails and what is decided; nobody, if none.
    pub debug: Option<Arc<DebugManager>>,
    /// The script languages in which policies may be written, besides Rego.
    pub languages: Vec<Arc<dyn PolicyLanguage>>,
    /// What runs Rego files; else what the project says.
    pub rego_evaluator: Option<RegoEvaluator>,
    /// The `opa` program that compiles for WebAssembly; else what the project says, `$OPA`, or the one of `PATH`.
    pub opa: Option<PathBuf>,
    /// The directory of compiled WebAssembly modules; else one in the cache of the user.
    pub cache: Option<PathBuf>,
    /// Whose signatures count.
    pub trust: TrustOptions,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            harness: None,
            mode: None,
            event_limits: EventLimits::default(),
            deadline: Duration::from_secs(1),
            debug: None,
            languages: Vec::new(),
            rego_evaluator: None,
            opa: None,
            cache: None,
            trust: TrustOptions::User,
        }
    }
}

/// A loaded project that decides about events, from many threads at once.
///
/// ```
/// use llmspell_engine::{EngineOptions, Event, EventLimits, PolicyEngine, Verdict};
///
/// # let project = tempfile::tempdir().unwrap();
/// # std::fs::create_dir_all(project.path().join(".cupcake/policies")).unwrap();
/// # std::fs::write(project.path().join(".cupcake/policies/broken.rego"), "package cupcake.policies.broken\n").unwrap();
/// // The only policy of this project has no routing.
/// let engine = PolicyEngine::load(project.path(), &EngineOptions::default())?;
/// let event = Event::parse(br#"{"hook_event_name": "Stop"}"#, &EventLimits::default())?;
/// let decision = engine.evaluate(&event);
/// assert_eq!(decision.decision, Verdict::Deny);
/// assert_eq!(decision.errors[0].kind.code(), "metadata");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct PolicyEngine {
    project: Project,
    options: EngineOptions,
    /// What decides now; a decision keeps the set that it began with.
    set: ArcSwap<PolicySet>,
    /// Held while the project is read anew, so that what was read earlier never replaces what was read later.
    reloading: Mutex<()>,
    messages: Messages,
}

impl PolicyEngine {
    /// Loads the project at a path, which may be its directory or its `.cupcake`.
    ///
    /// A policy that is broken does not stop the engine: every decision lists it in `errors`.
    ///
    /// # Errors
    ///
    /// When there is no project, or its rulebook or its settings are broken.
    pub fn load(path: &Path, options: &EngineOptions) -> Result<Self, EngineError> {
        let project = Project::at(path)?;
        Self::of(project, options, None)
    }

    /// Decides about one event of the project at a path, and prepares nothing that this event does not need.
    ///
    /// A policy for other events is read as far as its routing and no further: what is broken behind that is found by
    /// [`load`](Self::load) only.
    ///
    /// # Errors
    ///
    /// When there is no project, or its rulebook or its settings are broken.
    pub fn decide_once(
        path: &Path,
        event: &Event,
        options: &EngineOptions,
    ) -> Result<Decision, EngineError> {
        let wanted = Wanted {
            event: event.name(),
            tool: event.tool(),
        };
        Self::of(Project::at(path)?, options, Some(wanted)).map(|engine| engine.evaluate(event))
    }

    fn of(
        project: Project,
        options: &EngineOptions,
        wanted: Option<Wanted<'_>>,
    ) -> Result<Self, EngineError> {
        let set = PolicySet::load(&project, options, wanted)?;
        let messages = Messages(options.debug.clone());
        messages.failed(&set.standing_errors);
        Ok(Self {
            project,
            options: options.clone(),
            set: ArcSwap::from_pointee(set),
            reloading: Mutex::new(()),
            messages,
        })
    }

    /// Loads the project anew, and decides by what it has become from now on.
    ///
    /// A decision that has begun keeps the policies that it began with. What is worse than before is not taken over:
    /// where a project without errors has got some, the last good policies go on to decide.
    pub fn reload(&self) -> Reload {
        let reload = self.reloaded();
        self.messages.reloaded(&reload);
        reload
    }

    fn reloaded(&self) -> Reload {
        let _reloading = self.reloading.lock();
        let set = match PolicySet::load(&self.project, &self.options, None) {
            Ok(set) => set,
            Err(error) => return Reload::Kept(vec![project_error(&error)]),
        };
        let old = self.set.load();
        if set.digest == old.digest && set.standing_errors == old.standing_errors {
            return Reload::Unchanged;
        }
        if !set.standing_errors.is_empty() && old.standing_errors.is_empty() {
            return Reload::Kept(set.standing_errors);
        }
        let reload = Reload::Changed {
            from: Arc::clone(&old.digest),
            to: Arc::clone(&set.digest),
        };
        self.set.store(Arc::new(set));
        reload
    }

    /// Decides about one event; it never fails, because a failure is a decision too.
    #[must_use]
    pub fn evaluate(&self, event: &Event) -> Decision {
        self.decide(event, &[], Probe::none(), None)
    }

    /// The same with policies that a script registered, which are asked after the project's; and, if there is one, with
    /// somebody who hears of every step.
    #[must_use]
    pub fn evaluate_with(
        &self,
        event: &Event,
        hooks: &[Hook<'_>],
        probe: Option<&mut dyn EvaluationProbe>,
    ) -> Decision {
        let probe = probe.map_or_else(Probe::none, Probe::new);
        self.decide(event, hooks, probe, None)
    }

    /// The same with somebody who hears of every step while it is done, to measure it.
    #[must_use]
    pub fn evaluate_probed(&self, event: &Event, probe: &mut dyn EvaluationProbe) -> Decision {
        self.decide(event, &[], Probe::new(probe), None)
    }

    /// Decides about one event, and says what led to the decision.
    ///
    /// Each rule of the matched policies is evaluated once more, statement by statement, so that this takes many
    /// times as long as [`evaluate`](Self::evaluate).
    #[must_use]
    pub fn explain(&self, event: &Event) -> Explanation {
        self.explain_with(event, &[])
    }

    /// The same with policies that a script registered.
    #[must_use]
    pub fn explain_with(&self, event: &Event, hooks: &[Hook<'_>]) -> Explanation {
        let mut record = Record::default();
        let decision = self.decide(event, hooks, Probe::none(), Some(&mut record));
        record.finish(decision)
    }

    fn decide(
        &self,
        event: &Event,
        hooks: &[Hook<'_>],
        mut probe: Probe<'_>,
        mut record: Option<&mut Record>,
    ) -> Decision {
        let start = Instant::now();
        let set = self.set.load();
        let mut findings = Findings {
            errors: set.standing_errors.clone(),
            ..Findings::default()
        };
        let mut times = Timings::default();
        for layer in &set.layers {
            let begun = Instant::now();
            probe.enter(|| EvaluationStep::Route);
            let matched = layer.routes.find(event.name(), event.tool());
            probe.leave();
            let routed = Instant::now();
            times.route += microseconds(begun, routed);
            if let Some(record) = record.as_deref_mut() {
                record.routed(layer, &matched, event);
            }
            let policies = matched
                .iter()
                .filter_map(|index| layer.policies.get(*index))
                .filter_map(Policy::asked);
            let record = record.as_deref_mut();
            match &layer.aggregator {
                None => {
                    let found = &mut findings;
                    self.evaluate_policies(policies, event, start, found, &mut probe, record);
                }
                Some(aggregator) => {
                    let policies: Vec<_> = policies.collect();
                    let found = &mut findings;
                    self.aggregate(
                        aggregator, &policies, event, start, found, &mut probe, record,
                    );
                }
            }
            times.evaluate += microseconds(routed, Instant::now());
        }
        if !hooks.is_empty() {
            let begun = Instant::now();
            if let Some(record) = record.as_deref_mut() {
                record.routed_hooks(hooks, event);
            }
            let policies = hooks
                .iter()
                .filter(|hook| hook.policy.concerns(event))
                .map(|hook| (&hook.policy.speaker, hook.evaluator));
            self.evaluate_policies(policies, event, start, &mut findings, &mut probe, record);
            times.evaluate += microseconds(begun, Instant::now());
        }
        // The standing errors come first and were told when the project was loaded.
        self.tell(&findings, set.standing_errors.len());
        let evaluated = Instant::now();
        probe.enter(|| EvaluationStep::Synthesize);
        let outcome = synthesize(findings, event.value(), set.mode);
        probe.leave();
        let decision_id = uuid::Uuid::now_v7().to_string();
        let end = Instant::now();
        times.synthesize = microseconds(evaluated, end);
        times.total = microseconds(start, end);
        let decision = Decision {
            decision: outcome.verdict,
            reason: outcome.reason,
            rules: outcome.rules,
            context: outcome.context,
            updated_input: outcome.updated_input,
            agent_messages: outcome.agent_messages,
            errors: outcome.errors,
            event: Arc::clone(event.shared_name()),
            tool: event.shared_tool().cloned(),
            default: outcome.is_default,
            decision_id,
            policy_digest: digest_with(&set.digest, hooks),
            timings_us: times,
        };
        self.messages.decided(&decision);
        decision
    }

    fn tell(&self, findings: &Findings, told: usize) {
        for (policy, text) in &findings.prints {
            self.messages.printed(policy, text);
        }
        self.messages
            .failed(findings.errors.get(told..).unwrap_or_default());
    }

    /// Asks a customised aggregator about the Rego policies, and the others as ever.
    #[expect(
        clippy::too_many_arguments,
        reason = "the same as those of each policy, and who aggregates them"
    )]
    fn aggregate(
        &self,
        aggregator: &Aggregator,
        policies: &[(&Speaker, &dyn Evaluator)],
        event: &Event,
        start: Instant,
        findings: &mut Findings,
        probe: &mut Probe<'_>,
        mut record: Option<&mut Record>,
    ) {
        let (seen, others): (Vec<_>, Vec<_>) = policies
            .iter()
            .copied()
            .partition(|(speaker, _)| aggregator.sees(speaker));
        let speakers: Vec<&Speaker> = seen.iter().map(|(speaker, _)| *speaker).collect();
        if record.is_some() {
            // What each policy says by itself explains what the aggregator sees.
            let apart = &mut Findings::default();
            let record = record.as_deref_mut();
            self.evaluate_policies(seen.iter().copied(), event, start, apart, probe, record);
        }
        let speaker = aggregator.speaker();
        let moment = Moment {
            now: SystemTime::now(),
            left: self.options.deadline.saturating_sub(start.elapsed()),
        };
        probe.enter(|| EvaluationStep::Policy {
            id: &speaker.id,
            file: &speaker.file,
            line: speaker.line,
        });
        let outcome = aggregator.evaluate(&speakers, event.value(), moment, findings);
        probe.leave();
        if let Err(fault) = outcome {
            findings.errors.push(speaker.fault(fault, None));
            // The policies still speak, each by itself.
            self.evaluate_policies(seen.into_iter(), event, start, findings, probe, None);
        }
        self.evaluate_policies(others.into_iter(), event, start, findings, probe, record);
    }

    fn evaluate_policies<'set>(
        &self,
        policies: impl Iterator<Item = (&'set Speaker, &'set dyn Evaluator)>,
        event: &Event,
        start: Instant,
        findings: &mut Findings,
        probe: &mut Probe<'_>,
        mut record: Option<&mut Record>,
    ) {
        let now = SystemTime::now();
        for (speaker, evaluator) in policies {
            // What is explained must not take from the time in which the event is decided.
            let explaining = record
                .as_deref()
                .map_or(Duration::ZERO, |record| record.explaining);
            let explanation = record
                .as_deref_mut()
                .and_then(|record| record.begin(speaker));
            let begun = Instant::now();
            let gone = start.elapsed().saturating_sub(explaining);
            match self.options.deadline.checked_sub(gone) {
                Some(left) if !left.is_zero() => {
                    let moment = Moment { now, left };
                    let input = event.value();
                    policy::ask(
                        speaker,
                        evaluator,
                        (input, moment),
                        findings,
                        probe,
                        explanation,
                    );
                }
                _ => findings.errors.push(DecisionError {
                    kind: DecisionErrorKind::Timeout,
                    policy: Arc::clone(&speaker.id),
                    message: "the deadline had passed before the policy was evaluated".to_owned(),
                    file: Some(Arc::clone(&speaker.file)),
                    line: None,
                }),
            }
            if let Some(record) = record.as_deref_mut() {
                record.end(begun.elapsed());
            }
        }
    }

    /// Every policy of the project and every file that should be one, those that are broken included.
    #[must_use]
    pub fn policies(&self) -> Arc<[PolicySummary]> {
        Arc::clone(&self.set.load().summaries)
    }

    /// `sha256:` and the digest of the path and content of everything that was loaded.
    #[must_use]
    pub fn digest(&self) -> Arc<str> {
        Arc::clone(&self.set.load().digest)
    }

    /// The harness whose policies are loaded.
    #[must_use]
    pub fn harness(&self) -> Harness {
        self.set.load().harness
    }

    /// What an error of a policy means for the decision.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.set.load().mode
    }

    /// Where the project lies.
    #[must_use]
    pub const fn project(&self) -> &Project {
        &self.project
    }

    /// How large an event may be.
    #[must_use]
    pub const fn event_limits(&self) -> &EventLimits {
        &self.options.event_limits
    }
}

fn microseconds(from: Instant, to: Instant) -> f64 {
    // Nanoseconds in 53 bits are exact for a hundred days.
    to.duration_since(from).as_nanos() as f64 / 1_000.0
}
