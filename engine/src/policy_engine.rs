//! The engine: a loaded project that decides about events.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use llmspell_utils::debug::DebugManager;
use parking_lot::Mutex;

use crate::audit::AuditSettings;
use crate::decision::{Decision, DecisionError, DecisionErrorKind, Timings};
use crate::error::EngineError;
use crate::evaluation::{Evaluation, microseconds};
use crate::evaluation_probe::{EvaluationProbe, EvaluationStep, Probe};
use crate::evaluator::wasm::WasmProvider;
use crate::event::{Event, EventLimits};
use crate::explain::{Explanation, Record};
use crate::global_configuration::GlobalConfig;
use crate::harness::Harness;
use crate::hook_policy::{Hook, digest_with};
use crate::messages::Messages;
use crate::policy::PolicySummary;
use crate::policy_input::PolicyInput;
use crate::policy_language::PolicyLanguage;
use crate::policy_set::{Fingerprint, PolicySet, ProjectFiles};
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
    /// How long the policies of one decision may take; signals have deadlines of their own.
    pub deadline: Duration,
    /// How long all signals of one decision may take together, whatever their own deadlines say; as long as those say,
    /// if none.
    pub signal_deadline: Option<Duration>,
    /// Who hears what policies print, what fails and what is decided; nobody, if none.
    pub debug: Option<Arc<DebugManager>>,
    /// The script languages in which policies may be written, besides Rego.
    pub languages: Vec<Arc<dyn PolicyLanguage>>,
    /// What runs WebAssembly.
    pub wasm: WasmProvider,
    /// What runs Rego files; else what the project says.
    pub rego_evaluator: Option<RegoEvaluator>,
    /// The `opa` program that compiles for WebAssembly; else what the project says, `$OPA`, or the one of `PATH`.
    pub opa: Option<PathBuf>,
    /// The directory of compiled WebAssembly modules; else one in the cache of the user.
    pub cache: Option<PathBuf>,
    /// Whose signatures count.
    pub trust: TrustOptions,
    /// Which configuration of the machine speaks before the project's.
    pub global: GlobalConfig,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self::with(WasmProvider::in_process())
    }
}

impl EngineOptions {
    /// The usual ones, for an engine that runs WebAssembly with this.
    #[must_use]
    pub fn with(wasm: WasmProvider) -> Self {
        Self {
            harness: None,
            mode: None,
            event_limits: EventLimits::default(),
            deadline: Duration::from_secs(1),
            signal_deadline: None,
            debug: None,
            languages: Vec::new(),
            wasm,
            rego_evaluator: None,
            opa: None,
            cache: None,
            trust: TrustOptions::User,
            global: GlobalConfig::Discover,
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
    /// What was refused when the project was read last; held while it is read, so that what was read earlier never
    /// replaces what was read later.
    reloading: Mutex<Option<Refused>>,
    messages: Messages,
}

/// A state of the files that is worse than what decides.
#[derive(Debug, Clone)]
struct Refused {
    /// None, if the files cannot even be read.
    fingerprint: Option<Fingerprint>,
    errors: Vec<DecisionError>,
}

/// What the files have become.
enum Anew {
    Same,
    Refused(Refused),
    Other(Box<PolicySet>),
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

    /// Loads of the project at a path what one event needs, and prepares nothing else: the engine is for this event, and
    /// for others of the same name and tool.
    ///
    /// A policy for other events is read as far as its routing and no further: what is broken behind that is found by
    /// [`load`](Self::load) only, and [`policies`](Self::policies) does not list it.
    ///
    /// # Errors
    ///
    /// When there is no project, or its rulebook or its settings are broken.
    pub fn load_for(
        path: &Path,
        event: &Event,
        options: &EngineOptions,
    ) -> Result<Self, EngineError> {
        let wanted = Wanted {
            event: event.name(),
            tool: event.tool(),
        };
        Self::of(Project::at(path)?, options, Some(wanted))
    }

    /// Decides about one event of the project at a path, and prepares nothing that this event does not need.
    ///
    /// # Errors
    ///
    /// As of [`load_for`](Self::load_for).
    pub fn decide_once(
        path: &Path,
        event: &Event,
        options: &EngineOptions,
    ) -> Result<Decision, EngineError> {
        Self::load_for(path, event, options).map(|engine| engine.evaluate(event))
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
            reloading: Mutex::new(None),
            messages,
        })
    }

    /// Loads the project anew, and decides by what it has become from now on.
    ///
    /// A decision that has begun keeps the policies that it began with. What is worse than before is not taken over:
    /// where a project without errors has got some, the last good policies go on to decide.
    ///
    /// The files are read and compared first, and nothing is compiled if they say what they said before; a state of the
    /// files that was refused is not compiled again either, and is told to those who listen once.
    pub fn reload(&self) -> Reload {
        self.reload_with_news().0
    }

    /// The same, and whether there is something to tell that was not told before.
    pub(crate) fn reload_with_news(&self) -> (Reload, bool) {
        let mut last = self.reloading.lock();
        let (reload, refused) = match self.read_anew(last.as_ref()) {
            Ok(Anew::Same) => (Reload::Unchanged, None),
            Ok(Anew::Other(set)) => (self.exchange(set), None),
            Ok(Anew::Refused(refused)) => (Reload::Kept(refused.errors.clone()), Some(refused)),
            Err(error) => {
                let errors = vec![project_error(&error)];
                let refused = Refused {
                    fingerprint: None,
                    errors: errors.clone(),
                };
                (Reload::Kept(errors), Some(refused))
            }
        };
        let is_news = match (&reload, &*last) {
            (Reload::Unchanged, _) => false,
            (Reload::Kept(errors), Some(last)) => last.errors != *errors,
            (Reload::Kept(_), None) | (Reload::Changed { .. }, _) => true,
        };
        *last = refused;
        drop(last);
        if is_news {
            self.messages.reloaded(&reload);
        }
        (reload, is_news)
    }

    /// Reads the files, and compiles them unless what comes of them is known.
    fn read_anew(&self, last: Option<&Refused>) -> Result<Anew, EngineError> {
        let old = self.set.load();
        let global = self.options.global.find()?;
        let files = ProjectFiles::read(&self.project, global.as_ref(), &self.options)?;
        // Where the program that compiles was missing, it may be there now.
        let is_whole = !files.needs_a_compiler();
        let fingerprint = files.fingerprint().clone();
        if fingerprint == old.fingerprint && (is_whole || old.standing_errors.is_empty()) {
            return Ok(Anew::Same);
        }
        let is_known =
            |last: &&Refused| is_whole && last.fingerprint.as_ref() == Some(&fingerprint);
        if let Some(last) = last.filter(is_known) {
            return Ok(Anew::Refused(last.clone()));
        }
        let set = PolicySet::compile(&self.project, files, &self.options, None)?;
        if set.standing_errors.is_empty() || !old.standing_errors.is_empty() {
            return Ok(Anew::Other(Box::new(set)));
        }
        Ok(Anew::Refused(Refused {
            fingerprint: Some(fingerprint),
            errors: set.standing_errors,
        }))
    }

    /// Decides by another set from now on.
    fn exchange(&self, set: Box<PolicySet>) -> Reload {
        let old = self.set.load();
        let is_same = set.digest == old.digest
            && set.standing_errors == old.standing_errors
            && set.settings == old.settings;
        let reload = if is_same {
            Reload::Unchanged
        } else {
            Reload::Changed {
                from: Arc::clone(&old.digest),
                to: Arc::clone(&set.digest),
            }
        };
        self.set.store(Arc::from(set));
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
        probe: Probe<'_>,
        record: Option<&mut Record>,
    ) -> Decision {
        let start = Instant::now();
        let set = self.set.load();
        let input = PolicyInput::new(event, set.preprocess, self.project.root());
        let deadlines = (self.options.deadline, self.options.signal_deadline);
        let mut evaluation =
            Evaluation::new(&set, event, input, &self.messages, deadlines, probe, record);
        // INVARIANT: each policy is asked behind a guard of its own. Whatever breaks down beside them leaves what was
        // found before it, and one error more.
        if catch_unwind(AssertUnwindSafe(|| evaluation.run(hooks))).is_err() {
            evaluation.findings.errors.push(breakdown());
        }
        let Evaluation {
            findings,
            times,
            mut probe,
            explaining,
            ..
        } = evaluation;
        probe.leave_to(0);
        let evaluated = Instant::now();
        probe.enter(|| EvaluationStep::Synthesize);
        let outcome = synthesize(findings, event.value(), set.mode);
        probe.leave();
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
            decision_id: uuid::Uuid::now_v7().to_string(),
            policy_digest: digest_with(&set.digest, hooks),
            timings_us: Timings {
                synthesize: microseconds(evaluated.elapsed()),
                total: microseconds((start + explaining).elapsed()),
                ..times
            },
        };
        self.messages.decided(&decision);
        decision
    }

    /// Every policy that was loaded and every file that should be one, those that are broken included.
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

    /// How the project wants decisions written down.
    #[must_use]
    pub fn audit(&self) -> AuditSettings {
        self.set.load().audit.clone()
    }

    /// Where the project lies.
    #[must_use]
    pub const fn project(&self) -> &Project {
        &self.project
    }

    /// Where the machine's configuration lies, if there is one.
    pub(crate) fn global_folder(&self) -> Option<PathBuf> {
        let global = self.options.global.find().ok()??;
        Some(global.folder())
    }

    /// How large an event may be.
    #[must_use]
    pub const fn event_limits(&self) -> &EventLimits {
        &self.options.event_limits
    }
}

fn breakdown() -> DecisionError {
    DecisionError {
        kind: DecisionErrorKind::Crashed,
        policy: Arc::from("project"),
        message: "the engine broke down while it evaluated the event".to_owned(),
        file: None,
        line: None,
    }
}
