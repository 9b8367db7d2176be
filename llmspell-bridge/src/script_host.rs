//! The host: one language, the policies and the debug infrastructure, joined by a builder.

mod prompt;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use llmspell_engine::{EngineOptions, PolicyEngine, Value};
use llmspell_utils::debug::{DebugManager, MemoryUse, SlowOperation};
use llmspell_utils::read_text;
use serde_json::json;

use crate::arguments::DataLimits;
use crate::debug_bridge::DebugBridge;
use crate::decision_observer::DecisionObserver;
use crate::globals::{Console, Cupcake, Debug, EvaluationTime, PolicySource, ScriptHooks};
use crate::host_object::HostObject;
use crate::interactive::SeenNames;
use crate::language::Language;
use crate::policy_language::policy_languages_within;
use crate::sandbox::{SandboxLimits, StopHandle, alarm};
use crate::script_engine::{Script, ScriptEngine};
use crate::script_error::{Place, ScriptError, ScriptErrorKind};
use crate::script_output::{DebugEntries, ScriptOutput};
use crate::script_profile::ScriptProfiles;
use crate::{javascript, lua};

/// How long the text of a script may be. Compiling cannot be interrupted, so this bounds its time.
const LONGEST_SOURCE: usize = 1 << 20;

/// Runs scripts of one language under limits, with `Cupcake` and `Debug` as their globals.
///
/// A host belongs to one thread at a time and may be moved to another; make one for each worker.
/// Scripts of one host run one after the other in the same state and see each other's globals. After a
/// script that was stopped or ran out of memory the host goes on; JavaScript then starts afresh, because
/// its engine may have been interrupted anywhere.
///
/// ```
/// use llmspell_bridge::{Language, Script, ScriptHost};
///
/// let mut host = ScriptHost::builder(Language::Lua).build()?;
/// let answer = host.run(&Script::new("sum.lua", "return 1 + 1"))?;
/// assert_eq!(answer.as_i64()?, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct ScriptHost {
    engine: Box<dyn ScriptEngine>,
    profiles: ScriptProfiles,
    limits: SandboxLimits,
    data_limits: DataLimits,
    debug: DebugBridge,
    evaluated: Arc<EvaluationTime>,
    hooks: Arc<ScriptHooks>,
    seen: SeenNames,
}

impl ScriptHost {
    /// Starts to describe a host of a language.
    #[must_use]
    pub fn builder(language: Language) -> ScriptHostBuilder {
        ScriptHostBuilder {
            language,
            limits: SandboxLimits::default(),
            data_limits: DataLimits::default(),
            bridge: None,
            observer: None,
            policies: None,
            output: None,
            events: Vec::new(),
            arguments: Vec::new(),
            objects: Vec::new(),
            profiles_below: None,
        }
    }

    /// The language of this host.
    #[must_use]
    pub fn language(&self) -> Language {
        self.engine.language()
    }

    /// Runs a script to its end: what a Lua script returns, or the last value of a JavaScript one.
    /// `nil`, `undefined` and `null` are all [`Value::Null`].
    ///
    /// # Errors
    /// Whatever stops the script: it does not parse, it raises, it passes a limit, it is stopped, or
    /// its value is no data. The error knows the place, the stack and the source text.
    pub fn run(&mut self, script: &Script) -> Result<Value, ScriptError> {
        let limits = self.data_limits;
        self.watched(script, |engine| engine.run(script, &limits))
    }

    /// Lets the engine run a script that is worth it, watched by the deadline.
    fn watched<T>(
        &mut self,
        script: &Script,
        run: impl FnOnce(&mut dyn ScriptEngine) -> Result<T, ScriptError>,
    ) -> Result<T, ScriptError> {
        check(script)?;
        if self.engine.is_afresh() {
            self.hooks.state_is_gone();
        }
        self.hooks.running(script);
        let stopper = self.engine.stopper();
        stopper.clear();
        let alarm = self
            .limits
            .timeout
            .map(|timeout| alarm(timeout, Arc::clone(&stopper)))
            .transpose()?;
        let result = self.timed(&script.name, run);
        drop(alarm);
        stopper.clear();
        result.map_err(|error| with_excerpt(error.redacted(&self.debug.redactor()), script))
    }

    /// Runs something of a script, and leaves a warning if it took longer than it may.
    fn timed<T>(
        &mut self,
        name: &str,
        run: impl FnOnce(&mut dyn ScriptEngine) -> Result<T, ScriptError>,
    ) -> Result<T, ScriptError> {
        let host = Arc::clone(self.debug.host());
        if host.slow_threshold(SlowOperation::Script).is_none() {
            return run(&mut *self.engine);
        }
        let (count_before, evaluated_before) = self.evaluated.so_far();
        let started = host.clock().now();
        let result = run(&mut *self.engine);
        let took = host.clock().now().saturating_sub(started);
        let phases = self.engine.phases();
        host.report_slow(SlowOperation::Script, name, took, || {
            let (count, evaluated) = self.evaluated.so_far();
            let evaluated = evaluated.saturating_sub(evaluated_before);
            json!({
                "load_ms": phases.load.map(milliseconds),
                "run_ms": phases.run.map(milliseconds),
                "convert_ms": phases.convert.map(milliseconds),
                "script_ms": milliseconds(took.saturating_sub(evaluated)),
                "evaluations": count - count_before,
                "evaluations_ms": milliseconds(evaluated),
                "ended": result.as_ref().err().map_or("done", |error| error.kind().code()),
            })
        });
        result
    }

    /// Reads a file and runs it under its path as the name.
    ///
    /// # Errors
    /// When the file cannot be read, and as [`run`](Self::run).
    pub fn run_file(&mut self, path: &Path) -> Result<Value, ScriptError> {
        self.run(&Script::read(path)?)
    }

    /// A handle that stops the running script from another thread.
    #[must_use]
    pub fn stop_handle(&self) -> StopHandle {
        StopHandle {
            stopper: self.engine.stopper(),
        }
    }

    /// Where profiles of the scripts are started and stopped.
    #[must_use]
    pub const fn profiles(&self) -> &ScriptProfiles {
        &self.profiles
    }

    /// What the scripts' heap holds now, and what the process takes.
    #[must_use]
    pub fn memory(&self) -> MemoryUse {
        MemoryUse {
            resident: MemoryUse::of_process().resident,
            virtual_: MemoryUse::of_process().virtual_,
            ..self.engine.memory()
        }
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// Refuses a text that is no script or too long for one.
fn check(script: &Script) -> Result<(), ScriptError> {
    if script.source.len() > LONGEST_SOURCE {
        return Err(ScriptError::new(
            ScriptErrorKind::Read,
            format!(
                "`{}` has {} bytes, and a script may have {LONGEST_SOURCE}",
                script.name,
                script.source.len()
            ),
        )
        .with_help("data belongs into an event or a global, not into the text of a script"));
    }
    let Some(at) = script.source.find('\0') else {
        return Ok(());
    };
    let before = script.source.get(..at).unwrap_or_default();
    let line = u32::try_from(before.matches('\n').count() + 1).unwrap_or(u32::MAX);
    let place = Place {
        file: script.name.clone(),
        line,
        column: None,
    };
    Err(
        ScriptError::new(ScriptErrorKind::Syntax, "the script holds a NUL character")
            .at(Some(place))
            .with_help("an engine may take it for the end of the script; write it as an escape"),
    )
}

/// An error in a script with that script's text.
fn with_excerpt(error: ScriptError, script: &Script) -> ScriptError {
    match error.place() {
        Some(place) if place.file == script.name => error.with_source_text(script.source.as_str()),
        _ => error,
    }
}

impl Script {
    /// Reads a script under its path as the name.
    ///
    /// # Errors
    /// When the file cannot be read, is longer than 1 MiB, or holds no text.
    pub fn read(path: &Path) -> Result<Self, ScriptError> {
        let name = path.display().to_string();
        match read_text(path, LONGEST_SOURCE) {
            Ok(source) => Ok(Self { name, source }),
            Err(why) => Err(
                ScriptError::new(ScriptErrorKind::Read, format!("`{name}` {why}"))
                    .with_help("name a source text of a script; compiled scripts are not accepted"),
            ),
        }
    }
}

/// Describes a [`ScriptHost`]; what is not said keeps a safe default.
#[derive(Debug)]
pub struct ScriptHostBuilder {
    language: Language,
    limits: SandboxLimits,
    data_limits: DataLimits,
    bridge: Option<DebugBridge>,
    observer: Option<Arc<dyn DecisionObserver>>,
    policies: Option<PolicySource>,
    output: Option<Arc<dyn ScriptOutput>>,
    events: Vec<(String, Value)>,
    arguments: Vec<String>,
    objects: Vec<(String, Arc<dyn HostObject>)>,
    profiles_below: Option<PathBuf>,
}

impl std::fmt::Debug for dyn ScriptOutput {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("ScriptOutput")
    }
}

impl ScriptHostBuilder {
    /// Memory, stack and time for scripts.
    #[must_use]
    pub fn limits(mut self, limits: SandboxLimits) -> Self {
        self.limits = limits;
        self
    }

    /// How large the values may be that cross from scripts to the host.
    #[must_use]
    pub fn data_limits(mut self, limits: DataLimits) -> Self {
        self.data_limits = limits;
        self
    }

    /// The debug infrastructure that scripts use; else one that no other host shares.
    #[must_use]
    pub fn debug(mut self, bridge: DebugBridge) -> Self {
        self.bridge = Some(bridge);
        self
    }

    /// Who is told of the events that scripts ask about and of what was decided.
    #[must_use]
    pub fn observer(mut self, observer: Arc<dyn DecisionObserver>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// The project whose policies scripts ask. It is loaded when a script first asks.
    #[must_use]
    pub fn project(mut self, path: impl Into<PathBuf>, options: EngineOptions) -> Self {
        let source = self.policies.get_or_insert_default();
        source.project = Some(path.into());
        source.options = options;
        source.clear();
        self
    }

    /// How projects are loaded that scripts choose themselves, where no [`project`](Self::project) says it.
    #[must_use]
    pub fn engine_options(mut self, options: EngineOptions) -> Self {
        self.policies.get_or_insert_default().options = options;
        self
    }

    /// Policies that are loaded already and may be shared with other hosts.
    #[must_use]
    pub fn policies(mut self, engine: Arc<PolicyEngine>) -> Self {
        let source = self.policies.get_or_insert_default();
        source.project = None;
        source.set(engine);
        self
    }

    /// Lets scripts load projects below a directory with `Cupcake.init(path)`.
    #[must_use]
    pub fn projects_below(mut self, directory: impl Into<PathBuf>) -> Self {
        self.policies.get_or_insert_default().projects_below = Some(directory.into());
        self
    }

    /// Lets scripts save profiles below a directory, as new files with an ending that is known.
    #[must_use]
    pub fn profiles_below(mut self, directory: impl Into<PathBuf>) -> Self {
        self.profiles_below = Some(directory.into());
        self
    }

    /// Where the lines go that scripts print; else they become debug entries.
    #[must_use]
    pub fn output(mut self, output: Arc<dyn ScriptOutput>) -> Self {
        self.output = Some(output);
        self
    }

    /// An event that scripts get from `Cupcake.events()`, under a name.
    #[must_use]
    pub fn event(mut self, name: impl Into<String>, event: Value) -> Self {
        self.events.push((name.into(), event));
        self
    }

    /// The arguments that scripts find in `arg` (Lua) or `args` (JavaScript).
    #[must_use]
    pub fn arguments(mut self, arguments: impl IntoIterator<Item = String>) -> Self {
        self.arguments.extend(arguments);
        self
    }

    /// An object of the embedding program, as a global that scripts cannot change.
    #[must_use]
    pub fn global(mut self, name: impl Into<String>, object: Arc<dyn HostObject>) -> Self {
        self.objects.push((name.into(), object));
        self
    }

    /// Makes the host.
    ///
    /// # Errors
    /// When the memory limit is too small for the language itself.
    pub fn build(self) -> Result<ScriptHost, ScriptError> {
        let mut engine = match self.language {
            Language::Lua => lua::open(&self.limits)?,
            Language::JavaScript => javascript::open(&self.limits)?,
        };
        let bridge = self
            .bridge
            .unwrap_or_else(|| DebugBridge::owning(Arc::new(DebugManager::new())));
        engine.redact_with(bridge.host());
        let output = self
            .output
            .unwrap_or_else(|| Arc::new(DebugEntries(bridge.clone())));
        let console: Arc<dyn HostObject> = Arc::new(Console::new(output));
        engine.install_function("print", &console, "print")?;
        if self.language == Language::JavaScript {
            engine.install("console", &console)?;
        }
        let profiles = ScriptProfiles::new(engine.profile_source(), Arc::clone(bridge.host()));
        let mut source = self.policies.unwrap_or_default();
        // Not the scripts' own scope: what they silence is their own messages, not the policies'.
        let manager = || Arc::clone(bridge.host());
        source.options.debug.get_or_insert_with(manager);
        if source.options.languages.is_empty() {
            source.options.languages = policy_languages_within(&self.limits);
        }
        let evaluated = Arc::new(EvaluationTime::default());
        let hooks = Arc::new(ScriptHooks::default());
        let cupcake: Arc<dyn HostObject> = Arc::new(Cupcake {
            source,
            bridge: bridge.clone(),
            observer: self.observer,
            limits: self.data_limits,
            events: self.events,
            profiles: profiles.clone(),
            evaluated: Arc::clone(&evaluated),
            hooks: Arc::clone(&hooks),
        });
        engine.install("Cupcake", &cupcake)?;
        let debug: Arc<dyn HostObject> = Arc::new(Debug::new(
            bridge.clone(),
            profiles.clone(),
            self.profiles_below,
        ));
        engine.install("Debug", &debug)?;
        let arguments: Vec<Value> = self.arguments.into_iter().map(Value::from).collect();
        engine.install_data(argument_name(self.language), &Value::from(arguments))?;
        for (name, object) in &self.objects {
            engine.install(name, object)?;
        }
        Ok(ScriptHost {
            engine,
            profiles,
            limits: self.limits,
            data_limits: self.data_limits,
            debug: bridge,
            evaluated,
            hooks,
            seen: SeenNames::default(),
        })
    }
}

const fn argument_name(language: Language) -> &'static str {
    match language {
        Language::Lua => "arg",
        Language::JavaScript => "args",
    }
}
