//! The engine: a loaded project that decides about events.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use llmspell_utils::debug::DebugManager;
use sha2::{Digest, Sha256};

use crate::decision::{Decision, DecisionError, DecisionErrorKind, Timings};
use crate::error::EngineError;
use crate::evaluation_probe::{EvaluationProbe, EvaluationStep, Probe};
use crate::evaluator::{Evaluator, Findings, Moment};
use crate::event::{Event, EventLimits};
use crate::harness::Harness;
use crate::messages::Messages;
use crate::policy::{self, PolicySummary};
use crate::project::{POLICIES, Project, SourceFile};
use crate::route::Routes;
use crate::rulebook::{self, Rulebook};
use crate::settings::{Mode, Settings};
use crate::synthesis::synthesize;

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
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            harness: None,
            mode: None,
            event_limits: EventLimits::default(),
            deadline: Duration::from_secs(1),
            debug: None,
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
    harness: Harness,
    mode: Mode,
    event_limits: EventLimits,
    deadline: Duration,
    summaries: Vec<PolicySummary>,
    /// What evaluates each policy of `summaries`, by its place there; none for what is broken.
    evaluators: Vec<Option<Box<dyn Evaluator>>>,
    routes: Routes,
    /// What is wrong with the project and its policies, and so with every decision.
    standing_errors: Vec<DecisionError>,
    digest: Arc<str>,
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
        let settings = Settings::read(&project)?;
        let rulebook = Rulebook::read(&project)?;
        let harness = options
            .harness
            .or(settings.harness)
            .or_else(|| project.only_harness())
            .unwrap_or_default();
        let sources = project.sources(harness)?;
        let policies = policy::load(&sources);

        let broken = policies
            .iter()
            .filter_map(|policy| policy.summary.error.clone());
        let standing_errors: Vec<DecisionError> = rulebook
            .errors
            .iter()
            .cloned()
            .chain(broken)
            .chain(policies.is_empty().then(|| no_policies(harness)))
            .collect();
        let messages = Messages(options.debug.clone());
        messages.failed(&standing_errors);
        let routes = Routes::of(&policies);
        let (summaries, evaluators) = policies
            .into_iter()
            .map(|policy| (policy.summary, policy.evaluator))
            .unzip();
        Ok(Self {
            digest: digest(&rulebook, &sources),
            project,
            harness,
            mode: options.mode.unwrap_or(settings.mode),
            event_limits: options.event_limits,
            deadline: options.deadline,
            summaries,
            evaluators,
            routes,
            standing_errors,
            messages,
        })
    }

    /// Decides about one event; it never fails, because a failure is a decision too.
    #[must_use]
    pub fn evaluate(&self, event: &Event) -> Decision {
        self.decide(event, Probe::none())
    }

    /// The same with somebody who hears of every step while it is done, to measure it.
    #[must_use]
    pub fn evaluate_probed(&self, event: &Event, probe: &mut dyn EvaluationProbe) -> Decision {
        self.decide(event, Probe::new(probe))
    }

    fn decide(&self, event: &Event, mut probe: Probe<'_>) -> Decision {
        let start = Instant::now();
        probe.enter(|| EvaluationStep::Route);
        let matched = self.routes.find(event.name(), event.tool());
        probe.leave();
        let routed = Instant::now();
        let mut findings = Findings {
            errors: self.standing_errors.clone(),
            ..Findings::default()
        };
        self.evaluate_policies(&matched, event, routed, &mut findings, &mut probe);
        self.tell(&findings);
        let evaluated = Instant::now();
        probe.enter(|| EvaluationStep::Synthesize);
        let outcome = synthesize(findings, event.value(), self.mode);
        probe.leave();
        let decision_id = uuid::Uuid::now_v7().to_string();
        let end = Instant::now();
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
            policy_digest: Arc::clone(&self.digest),
            timings_us: Timings {
                route: microseconds(start, routed),
                // There are no signals to gather, and no time goes into it.
                signals: 0.0,
                evaluate: microseconds(routed, evaluated),
                synthesize: microseconds(evaluated, end),
                total: microseconds(start, end),
            },
        };
        self.messages.decided(&decision);
        decision
    }

    fn tell(&self, findings: &Findings) {
        for (policy, text) in &findings.prints {
            self.messages.printed(policy, text);
        }
        // The standing errors come first and were told when the project was loaded.
        self.messages.failed(
            findings
                .errors
                .get(self.standing_errors.len()..)
                .unwrap_or_default(),
        );
    }

    fn evaluate_policies(
        &self,
        matched: &[usize],
        event: &Event,
        start: Instant,
        findings: &mut Findings,
        probe: &mut Probe<'_>,
    ) {
        let now = SystemTime::now();
        for index in matched {
            let (Some(summary), Some(Some(evaluator))) =
                (self.summaries.get(*index), self.evaluators.get(*index))
            else {
                continue;
            };
            match self.deadline.checked_sub(start.elapsed()) {
                Some(left) if !left.is_zero() => {
                    evaluator.evaluate(event.value(), Moment { now, left }, findings, probe);
                }
                _ => findings.errors.push(DecisionError {
                    kind: DecisionErrorKind::Timeout,
                    policy: Arc::clone(&summary.id),
                    message: "the deadline had passed before the policy was evaluated".to_owned(),
                    file: Some(Arc::clone(&summary.file)),
                    line: None,
                }),
            }
        }
    }

    /// Every policy of the project and every file that should be one, those that are broken included.
    #[must_use]
    pub fn policies(&self) -> &[PolicySummary] {
        &self.summaries
    }

    /// `sha256:` and the digest of the path and content of everything that was loaded.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The harness whose policies are loaded.
    #[must_use]
    pub const fn harness(&self) -> Harness {
        self.harness
    }

    /// What an error of a policy means for the decision.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// Where the project lies.
    #[must_use]
    pub const fn project(&self) -> &Project {
        &self.project
    }

    /// How large an event may be.
    #[must_use]
    pub const fn event_limits(&self) -> &EventLimits {
        &self.event_limits
    }
}

/// A project without policies would allow everything, which is hardly what it was made for.
fn no_policies(harness: Harness) -> DecisionError {
    DecisionError {
        kind: DecisionErrorKind::Load,
        policy: Arc::from("project"),
        message: format!("there are no policies for `{harness}` in `{POLICIES}`"),
        file: Some(Arc::from(POLICIES)),
        line: None,
    }
}

fn microseconds(from: Instant, to: Instant) -> f64 {
    // Nanoseconds in 53 bits are exact for a hundred days.
    to.duration_since(from).as_nanos() as f64 / 1_000.0
}

/// The digest over path and content of everything that decides, each with its length in front.
fn digest(rulebook: &Rulebook, sources: &[SourceFile]) -> Arc<str> {
    let rulebook = rulebook.text.as_deref().map(|text| (rulebook::FILE, text));
    let sources = sources.iter().map(|source| {
        (
            source.path.as_str(),
            source.text.as_deref().unwrap_or_default(),
        )
    });
    let mut files: Vec<(&str, &str)> = rulebook.into_iter().chain(sources).collect();
    files.sort_unstable();
    let mut hasher = Sha256::new();
    for part in files.iter().flat_map(|(path, text)| [path, text]) {
        hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    let hex: String = hasher
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Arc::from(format!("sha256:{hex}"))
}
