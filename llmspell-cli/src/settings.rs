//! Where a project is and what its `llmspell.toml`, the environment and the command line say.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use llmspell_bridge::ScriptConfig;
use llmspell_engine::Project;
use llmspell_utils::debug::{self, ConsoleOutput, DebugConfig, DebugError, Document, FilterError};
use llmspell_utils::read_text;

use crate::failure::Failure;
use crate::hook::Budget;
use crate::record;

/// How long `llmspell.toml` may be, in bytes.
const LONGEST: usize = 1 << 20;

/// The tables of `llmspell.toml`.
const TABLES: [&str; 5] = ["audit", "debug", "hook", "policy", "script"];

/// What a project says about everything but its policies, which the engine reads itself.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    debug: DebugConfig,
    pub(crate) script: ScriptConfig,
}

/// What a project says to a hook.
#[derive(Debug)]
pub(crate) struct HookSettings {
    /// How long it may take.
    pub(crate) deadline: Option<Duration>,
    /// Whether a server may decide.
    pub(crate) server: bool,
    /// Who listens, if anybody does.
    pub(crate) debug: Option<DebugConfig>,
}

impl Settings {
    /// Reads `llmspell.toml` in a directory, if there is one.
    pub(crate) fn load(directory: &Path) -> Result<Self, Failure> {
        let file = directory.join("llmspell.toml");
        if !file.exists() {
            return Ok(Self::default());
        }
        let text = read_file(&file)?;
        Ok(Self::read(&text, &file)?)
    }

    /// What is wrong with `llmspell.toml` in a directory, if anything.
    pub(crate) fn fault(directory: &Path) -> Result<Option<DebugError>, Failure> {
        let file = directory.join("llmspell.toml");
        if !file.exists() {
            return Ok(None);
        }
        let text = read_file(&file)?;
        Ok(Self::read(&text, Path::new("llmspell.toml")).err())
    }

    /// What the settings in a directory, and the environment, say to a hook.
    pub(crate) fn for_hook(directory: &Path) -> Result<HookSettings, Failure> {
        let file = directory.join("llmspell.toml");
        let text = if file.exists() {
            read_file(&file)?
        } else {
            String::new()
        };
        let document = Document::parse(&text, &file)?;
        document.check_tables(&TABLES)?;
        let mut debug = DebugConfig::from_toml(&text, &file)?;
        debug.apply_env()?;
        let (deadline, server) = hook_table(&document)?;
        Ok(HookSettings {
            deadline,
            server,
            debug: (debug != DebugConfig::default()).then_some(debug),
        })
    }

    fn read(text: &str, file: &Path) -> Result<Self, DebugError> {
        let document = Document::parse(text, file)?;
        document.check_tables(&TABLES)?;
        hook_table(&document)?;
        Ok(Self {
            debug: DebugConfig::from_toml(text, file)?,
            script: ScriptConfig::from_toml(text, file)?,
        })
    }

    /// Sets up the manager of the process: the file, then the environment, then the command line.
    pub(crate) fn configure_debug(&self, directive: Option<&str>) -> Result<(), Failure> {
        let mut config = self.debug.clone();
        config.apply_env()?;
        if let Some(directive) = directive {
            config
                .apply_directive(directive)
                .map_err(|error| refused(directive, &error))?;
        }
        attach(&config)
    }
}

/// Has the manager of the process do what a configuration says; what has no output goes to the console.
pub(crate) fn attach(config: &DebugConfig) -> Result<(), Failure> {
    let manager = debug::global();
    manager.configure(config)?;
    if config.output.is_empty() {
        manager.set_output(Arc::new(ConsoleOutput::default()));
    }
    record::attach(manager)
}

/// What `[hook]` says: how long a hook may take, and whether a server may decide.
fn hook_table(document: &Document<'_>) -> Result<(Option<Duration>, bool), DebugError> {
    let Some(table) = document.table("hook", &["deadline", "server"])? else {
        return Ok((None, false));
    };
    let deadline = table.setting("deadline");
    let server = table.setting("server");
    Ok((
        deadline.map(|setting| Budget::read(&setting)).transpose()?,
        server.map_or(Ok(false), |setting| setting.boolean())?,
    ))
}

fn read_file(file: &Path) -> Result<String, Failure> {
    read_text(file, LONGEST).map_err(|why| {
        let message = format!("{}: the settings file {why}", file.display());
        Failure::fault(
            message,
            "make it a text file that you may read, or remove it",
        )
    })
}

/// Writes out what outputs still hold, and warns on standard error of what is lost: an output that fails changes
/// neither what a command answers nor its exit code.
pub(crate) fn flush_debug() {
    let manager = debug::global();
    let warning = match (manager.flush(), manager.dropped()) {
        (Err(error), _) => format!("warning: debug entries cannot be written: {error}\n"),
        (Ok(()), 0) => return,
        (Ok(()), lost) => {
            let output = manager.output();
            format!(
                "warning: {lost} debug entries did not arrive at `{}`\n",
                output.name()
            )
        }
    };
    // Nobody is left to tell if standard error is gone.
    let _ = std::io::stderr().lock().write_all(warning.as_bytes());
}

fn refused(directive: &str, error: &FilterError) -> Failure {
    Failure::fault(
        format_args!("--debug {directive}: {error}"),
        "write levels and modules such as `debug` or `info,policy.*=trace`",
    )
}

impl From<DebugError> for Failure {
    fn from(error: DebugError) -> Self {
        let place = error
            .place()
            .map(|place| format!("{place}: "))
            .unwrap_or_default();
        let help = error.help().unwrap_or("see `docs/configuration.md`");
        Self::fault(format_args!("{place}{}", error.message()), help)
    }
}

/// The project that the command line names, or else the nearest one at or above a directory.
pub(crate) fn find_project(named: Option<&Path>, near: &Path) -> Result<Option<Project>, Failure> {
    match named {
        Some(path) => Ok(Some(Project::at(path)?)),
        None => Ok(Project::find(near).ok()),
    }
}
