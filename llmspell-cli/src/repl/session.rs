//! What a prompt works on: a project, one host for each language, and the inputs so far.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use llmspell_bridge::{
    Completion, DebugBridge, Language, SandboxLimits, Script, ScriptError, ScriptErrorKind,
    ScriptHost, ScriptOutput, StandardStreams,
};
use llmspell_engine::{DecisionError, EngineOptions, PolicyEngine, Project, Reload};
use llmspell_utils::debug::{self, DebugLevel, escaped};

use super::inputs::Inputs;
use super::shown;
use crate::answer::counted;
use crate::failure::Failure;
use crate::project_options::MachineArguments;
use crate::settings::find_project;
use crate::stop_switch::StopSwitch;

/// What a prompt works on.
pub(super) struct Session {
    /// Where projects and scripts are looked for.
    here: PathBuf,
    project: Option<Project>,
    machine: MachineArguments,
    limits: SandboxLimits,
    language: Language,
    hosts: Vec<Rc<RefCell<ScriptHost>>>,
    /// The policies, once somebody has asked for them.
    policies: Option<Arc<PolicyEngine>>,
    /// What was told of a project that has become worse, and is not taken over.
    worse: Option<Vec<DecisionError>>,
    inputs: Inputs,
    /// The script that was loaded last.
    loaded: Option<PathBuf>,
    printed: Arc<Printed>,
    pub(super) stop: Arc<StopSwitch>,
}

/// What scripts print, unless they are being measured.
#[derive(Default)]
struct Printed {
    streams: StandardStreams,
    is_silent: AtomicBool,
}

impl ScriptOutput for Printed {
    fn line(&self, level: DebugLevel, text: &str) {
        // Relaxed: set and read on the thread of the prompt.
        if !self.is_silent.load(Ordering::Relaxed) {
            self.streams.line(level, text);
        }
    }
}

impl Session {
    pub(super) fn new(
        project: Option<Project>,
        machine: MachineArguments,
        language: Language,
        limits: SandboxLimits,
        stop: Arc<StopSwitch>,
    ) -> Self {
        Self {
            here: PathBuf::from("."),
            project,
            machine,
            limits,
            language,
            hosts: Vec::new(),
            policies: None,
            worse: None,
            inputs: Inputs::default(),
            loaded: None,
            printed: Arc::default(),
            stop,
        }
    }

    pub(super) fn language(&self) -> Language {
        self.language
    }

    /// Changes the language. The other one keeps its variables.
    pub(super) fn speak(&mut self, language: Language) {
        self.language = language;
    }

    pub(super) fn project(&self) -> Option<&Project> {
        self.project.as_ref()
    }

    /// The host of the language.
    pub(super) fn host(&mut self) -> Result<Rc<RefCell<ScriptHost>>, Failure> {
        let language = self.language;
        let speaks = |host: &&Rc<RefCell<ScriptHost>>| {
            host.try_borrow()
                .is_ok_and(|host| host.language() == language)
        };
        if let Some(host) = self.hosts.iter().find(speaks) {
            return Ok(Rc::clone(host));
        }
        let mut builder = ScriptHost::builder(self.language)
            .limits(self.limits.clone())
            .debug(DebugBridge::owning(Arc::clone(debug::global())))
            .output(Arc::clone(&self.printed) as Arc<dyn ScriptOutput>)
            .projects_below(&self.here)
            .engine_options(self.machine.of_host());
        // A project that cannot be loaded is an error of whoever asks it, and no reason for no prompt.
        builder = match (self.policies(), &self.project) {
            (Ok(policies), _) => builder.policies(policies),
            (Err(_), Some(project)) => builder.project(project.root(), self.machine.of_host()),
            (Err(_), None) => builder,
        };
        let host = Rc::new(RefCell::new(builder.build()?));
        self.hosts.push(Rc::clone(&host));
        Ok(host)
    }

    /// The policies of the project, read once.
    pub(super) fn policies(&mut self) -> Result<Arc<PolicyEngine>, Failure> {
        if let Some(policies) = &self.policies {
            return Ok(Arc::clone(policies));
        }
        let root = self
            .project
            .as_ref()
            .map_or(self.here.as_path(), Project::root);
        let options = EngineOptions {
            debug: Some(Arc::clone(debug::global())),
            ..self.machine.options()
        };
        let policies = Arc::new(PolicyEngine::load(root, &options)?);
        self.policies = Some(Arc::clone(&policies));
        Ok(policies)
    }

    /// Decides by what the project has become on disk; what is to be told of that, if anything.
    pub(super) fn follow_project(&mut self) -> Option<String> {
        let policies = self.policies.as_ref()?;
        match policies.reload() {
            Reload::Unchanged => {
                self.worse.take()?;
                Some("the project is again as it was loaded".to_owned())
            }
            Reload::Changed { .. } => {
                self.worse = None;
                let count = policies.policies().len();
                Some(format!("reloaded: {}", counted(count, "policy")))
            }
            Reload::Kept(errors) if self.worse.as_ref() == Some(&errors) => None,
            Reload::Kept(errors) => {
                let told = kept_text(&errors);
                self.worse = Some(errors);
                Some(told)
            }
        }
    }

    /// Runs an input, and gives its values as they are shown; nothing where there are none.
    pub(super) fn enter(&mut self, source: &str) -> Result<String, Failure> {
        let input = self.inputs.add(source);
        self.run(&input)
    }

    /// The next input, which is to be measured.
    pub(super) fn input(&mut self, source: &str) -> Script {
        self.inputs.add(source)
    }

    /// Runs a script of a file, whose variables stay.
    pub(super) fn load(&mut self, path: &Path) -> Result<String, Failure> {
        let Some(language) = Language::of_path(path) else {
            return Err(Failure::fault(
                format_args!("{}: this is no script that llmspell knows", path.display()),
                "a script's name ends in `.lua`, `.luau`, `.js` or `.mjs`",
            ));
        };
        let script = Script::read(path)?;
        self.language = language;
        self.loaded = Some(path.to_owned());
        self.inputs.remember(script.clone());
        self.run(&script)
    }

    fn run(&mut self, input: &Script) -> Result<String, Failure> {
        let host = self.host()?;
        let mut host = host.try_borrow_mut().map_err(Failure::internal)?;
        self.stop.reset();
        let watched = self.stop.watch(host.stop_handle());
        let ran = host.run_input(input, &shown::limits());
        drop(watched);
        match ran {
            Ok(values) if values.is_empty() => Ok(String::new()),
            Ok(values) => Ok(shown::values(&values) + "\n"),
            Err(error) => Err(self.explained(error, host.is_afresh()).into()),
        }
    }

    /// An error as the prompt shows it: with the text that it happened in, and with what became of the variables.
    fn explained(&self, error: ScriptError, is_afresh: bool) -> ScriptError {
        let error = self.inputs.explain(error);
        match error.kind() {
            _ if is_afresh => error.with_help(
                "JavaScript starts afresh, because it could not go on: the variables are gone",
            ),
            ScriptErrorKind::Stopped => error.with_help("the variables are as the input left them"),
            _ => error,
        }
    }

    /// Whether an input only ends too early.
    pub(super) fn is_incomplete(&mut self, input: &str) -> bool {
        let Ok(host) = self.host() else { return false };
        let checked = match host.try_borrow_mut() {
            Ok(mut host) => host.check_input(&Script::new("input", input)),
            Err(_) => return false,
        };
        checked.is_err_and(|error| error.is_incomplete())
    }

    /// The names that may stand at the end of a text.
    pub(super) fn complete(&mut self, text: &str) -> Completion {
        let nothing = Completion {
            start: text.len(),
            candidates: Vec::new(),
        };
        let Ok(host) = self.host() else {
            return nothing;
        };
        match host.try_borrow_mut() {
            Ok(mut host) => host.complete(text),
            Err(_) => nothing,
        }
    }

    /// Lets something be measured, during which scripts print nothing and Ctrl-C stops them.
    pub(super) fn measured<T>(
        &mut self,
        measure: impl FnOnce(&StopSwitch) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let host = self.host()?;
        let handle = host.try_borrow().map_err(Failure::internal)?.stop_handle();
        self.stop.reset();
        let watched = self.stop.watch(handle);
        self.printed.is_silent.store(true, Ordering::Relaxed);
        let result = measure(&self.stop);
        self.printed.is_silent.store(false, Ordering::Relaxed);
        drop(watched);
        result
    }

    /// Reads the project again, and the script that was loaded last; everything else is gone.
    pub(super) fn reload(&mut self) -> Result<String, Failure> {
        self.policies = None;
        self.worse = None;
        self.hosts.clear();
        if self.project.is_some() {
            self.policies()?;
        }
        match self.loaded.clone() {
            Some(script) => self.load(&script),
            None => Ok(String::new()),
        }
    }

    /// Changes to the project at a path; the variables of all scripts are gone.
    pub(super) fn change_project(&mut self, path: &Path) -> Result<(), Failure> {
        let before = self.project.take();
        self.project = find_project(Some(path), path)?;
        let old = self.policies.take();
        if let Err(failure) = self.policies() {
            self.project = before;
            self.policies = old;
            return Err(failure);
        }
        self.worse = None;
        self.hosts.clear();
        self.loaded = None;
        Ok(())
    }

    /// The script that was loaded last.
    pub(super) fn loaded(&self) -> Option<&Path> {
        self.loaded.as_deref()
    }

    /// Writes out what scripts printed.
    pub(super) fn flush(&self) -> Result<(), Failure> {
        self.printed.streams.finish().map_err(|error| {
            Failure::internal(format_args!(
                "what the script printed cannot be written: {error}"
            ))
        })
    }
}

/// Why a project that has changed is not taken over.
fn kept_text(errors: &[DecisionError]) -> String {
    let first = errors.first().map_or_else(String::new, |error| {
        let line = error.line.map(|line| format!(":{line}"));
        let file = error.file.as_deref().unwrap_or(&error.policy);
        format!(": {file}{}: {}", line.unwrap_or_default(), error.message)
    });
    let more = match errors.len() {
        0 | 1 => String::new(),
        count => format!(" (and {} more)", counted(count - 1, "error")),
    };
    escaped(&format!("kept the last good policies{first}{more}"))
}
