//! `llmspell profile`: a script or an event, many times, and where the time goes.

use std::io::{IsTerminal as _, Write as _, stderr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use llmspell_bridge::{
    DebugBridge, KeptLines, Language, SandboxLimits, Script, ScriptHost, ScriptOutput,
};
use llmspell_engine::{EngineOptions, PolicyEngine, Project};
use llmspell_utils::debug;
use llmspell_utils::debug::report::{ReportFormat, render};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::input::{NamedEvent, events_of, must_be_there, read_event};
use crate::measure::{
    EventSubject, Fresh, Measured, Measurement, SavedProfile, as_json, measure, measurement_text,
    most_runs, profile_options,
};
use crate::project_options::MachineArguments;
use crate::script_arguments::ScriptArguments;
use crate::settings::{Settings, find_project};
use crate::stop_switch::StopSwitch;

/// How often a script or an event is run.
const RUNS: &str = "100";

/// What `llmspell profile` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    /// A script, or the file of an event; `-` for an event on standard input
    #[arg(value_name = "SCRIPT|EVENT")]
    subject: PathBuf,
    /// How often it is run
    #[arg(long, value_name = "N", default_value = RUNS, value_parser = runs)]
    runs: usize,
    /// Saves the profile as folded, speedscope, trace, svg, json or text, or FILE with an ending that says the format; may be
    /// repeated
    #[arg(long, value_name = "FORMAT:FILE")]
    open: Vec<SavedProfile>,
    /// The directory with `.cupcake` [default: beside the script, or here for an event, or the
    /// nearest one above]
    #[arg(long, value_name = "DIR")]
    project: Option<PathBuf>,
    #[command(flatten)]
    machine: MachineArguments,
    /// Events for `Cupcake.events()` of a script: a file, a folder of `*.json`, or `-`; may be repeated
    #[arg(long, value_name = "FILE")]
    event: Vec<PathBuf>,
    /// Notes every call of a script instead of reading its stack now and then; it runs several times slower
    #[arg(long)]
    exact: bool,
    /// Prints the times and the profile as one JSON document
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    told: ScriptArguments,
}

const EXAMPLE: &str = "\
Example:
  llmspell profile examples/policy_gate/policy_gate.lua --runs 50 --open svg:gate.svg
  llmspell profile examples/policy_gate/events/17-force-push-main.json --project examples/policy_gate

Each run of a script has a host of its own; what it prints is not shown. Ctrl-C ends the measurement
and shows what there is so far.";

fn runs(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(runs) if (1..=most_runs()).contains(&runs) => Ok(runs),
        _ => Err(format!("expected a number from 1 to {}", most_runs())),
    }
}

/// Runs the command.
pub(crate) fn profile(arguments: &Arguments) -> Result<Exit, Failure> {
    let language = Language::of_path(&arguments.subject);
    must_be_there(&arguments.subject)?;
    arguments.open.iter().try_for_each(SavedProfile::check)?;
    let beside = match language {
        Some(_) => arguments.subject.parent(),
        None => None,
    };
    let beside = beside
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or_else(|| Path::new("."));
    arguments.machine.check()?;
    let project = find_project(arguments.project.as_deref(), beside)?;
    let root = project.as_ref().map_or(beside, Project::root);
    let settings = Settings::load(root)?;
    settings.configure_debug(None)?;
    let stop = Arc::new(StopSwitch::default());
    let measured = match language {
        Some(language) => {
            let limits = arguments.told.limits(&settings.script.limits);
            let events = events_of(&arguments.event, &settings.script)?;
            of_script(
                arguments,
                language,
                project.as_ref(),
                beside,
                &limits,
                &events,
                &stop,
            )?
        }
        None => of_event(arguments, root, &stop)?,
    };
    if measured.runs.whole().is_none() {
        return Err(Failure::fault(
            "it was stopped before the first run was over: nothing was measured",
            "wait for the progress bar to move, or set a deadline with `--timeout`",
        ));
    }
    let text = match arguments.json {
        true => json_text(&measured)?,
        false => measurement_text(&measured),
    };
    std::io::stdout()
        .lock()
        .write_all(text.as_bytes())
        .map_err(|error| {
            Failure::internal(format_args!("the answer cannot be written: {error}"))
        })?;
    if let Some(profile) = &measured.profile {
        arguments
            .open
            .iter()
            .try_for_each(|saved| saved.write(profile))?;
    }
    Ok(Exit::Done)
}

fn engine(root: &Path, machine: &MachineArguments) -> Result<Arc<PolicyEngine>, Failure> {
    let options = EngineOptions {
        debug: Some(Arc::clone(debug::global())),
        ..machine.options()
    };
    Ok(Arc::new(PolicyEngine::load(root, &options)?))
}

fn of_event(
    arguments: &Arguments,
    root: &Path,
    stop: &Arc<StopSwitch>,
) -> Result<Measurement, Failure> {
    let engine = engine(root, &arguments.machine)?;
    let named = read_event(&arguments.subject, engine.event_limits())?;
    let mut subject = EventSubject::new(&named.name, engine, named.event, true);
    watched(&mut subject, arguments.runs, stop)
}

fn of_script(
    arguments: &Arguments,
    language: Language,
    project: Option<&Project>,
    beside: &Path,
    limits: &SandboxLimits,
    events: &[NamedEvent],
    stop: &Arc<StopSwitch>,
) -> Result<Measurement, Failure> {
    let script = Script::read(&arguments.subject)?;
    // The policies are read once: that is not the script's time.
    let policies = project
        .map(|project| engine(project.root(), &arguments.machine))
        .transpose()?;
    let open = || {
        let mut builder = ScriptHost::builder(language)
            .limits(limits.clone())
            .debug(DebugBridge::owning(Arc::clone(debug::global())))
            .output(Arc::new(KeptLines::new(0)) as Arc<dyn ScriptOutput>)
            .projects_below(beside)
            .arguments(arguments.told.arguments.iter().cloned());
        if let Some(policies) = &policies {
            builder = builder.policies(Arc::clone(policies));
        }
        for NamedEvent { name, event } in events {
            builder = builder.event(name, event.value().clone());
        }
        Ok(builder.build()?)
    };
    let options = profile_options(&script.name, arguments.exact);
    let mut subject = Fresh::new(script, open, stop, Some(options));
    watched(&mut subject, arguments.runs, stop)
}

/// Measures until Ctrl-C, with a progress bar if somebody sees it.
fn watched(
    subject: &mut dyn Measured,
    runs: usize,
    stop: &Arc<StopSwitch>,
) -> Result<Measurement, Failure> {
    // Not before: while an event is read from a terminal, Ctrl-C means the program.
    stop.listen_once()?;
    if !stderr().is_terminal() {
        return measure(subject, runs, &mut |_| !stop.is_pressed());
    }
    let bar = ProgressBar::new(runs as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} runs, {eta} left") {
        bar.set_style(style);
    }
    let measured = measure(subject, runs, &mut |done| {
        bar.set_position(done as u64);
        !stop.is_pressed()
    });
    bar.finish_and_clear();
    measured
}

fn json_text(measured: &Measurement) -> Result<String, Failure> {
    let mut json = as_json(measured);
    if let (Some(profile), Some(document)) = (&measured.profile, json.as_object_mut()) {
        let text = render(profile, ReportFormat::Json).map_err(Failure::internal)?;
        let profile = serde_json::from_str(&text).map_err(Failure::internal)?;
        document.insert("profile".to_owned(), profile);
    }
    let mut text = serde_json::to_string_pretty(&json).map_err(Failure::internal)?;
    text.push('\n');
    Ok(text)
}
