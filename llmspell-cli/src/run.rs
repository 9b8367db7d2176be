//! `llmspell run`: one script, with its project, its events and its limits.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use llmspell_bridge::{DebugBridge, Language, ScriptHost, ScriptOutput, StandardStreams};
use llmspell_engine::Project;
use llmspell_utils::debug;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::input::{NamedEvent, events_of};
use crate::measure::{SavedProfile, profile_options};
use crate::project_options::MachineArguments;
use crate::record;
use crate::script_arguments::ScriptArguments;
use crate::settings::{Settings, find_project};
use crate::stop_switch::StopSwitch;

/// What `llmspell run` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    /// The script: `.lua`, `.luau`, `.js` or `.mjs`
    #[arg(value_name = "SCRIPT")]
    script: PathBuf,
    /// The directory with `.cupcake` [default: beside the script or the nearest one above it]
    #[arg(long, value_name = "DIR")]
    project: Option<PathBuf>,
    #[command(flatten)]
    machine: MachineArguments,
    /// Events for `Cupcake.events()`: a file, a folder of `*.json`, or `-`; may be repeated
    #[arg(long, value_name = "FILE")]
    event: Vec<PathBuf>,
    /// Which debug messages are shown, such as `debug` or `info,policy.*=trace`
    #[arg(long, value_name = "SPEC")]
    debug: Option<String>,
    /// Writes a profile of the script, even if it fails or Ctrl-C stops it; the ending of FILE chooses the format: .folded, .svg,
    /// .speedscope.json, .trace.json, .json or .txt
    #[arg(long, value_name = "FILE", value_parser = saved_profile)]
    profile: Option<SavedProfile>,
    /// Notes every call for the profile instead of reading the stack now and then; the script runs several times
    /// slower
    #[arg(long, requires = "profile")]
    profile_exact: bool,
    #[command(flatten)]
    told: ScriptArguments,
}

const EXAMPLE: &str = "\
Example:
  llmspell run examples/policy_gate/policy_gate.lua --debug info --timeout 5s
  llmspell run examples/policy_gate/policy_gate.lua --profile gate.svg";

fn saved_profile(file: &str) -> Result<SavedProfile, String> {
    SavedProfile::of_file(Path::new(file))
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let Some(language) = Language::of_path(&arguments.script) else {
        return Err(Failure::fault(
            format_args!(
                "{}: this is no script that llmspell knows",
                arguments.script.display()
            ),
            "a script's name ends in `.lua`, `.luau`, `.js` or `.mjs`",
        ));
    };
    let beside = arguments
        .script
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let beside = beside.unwrap_or_else(|| Path::new("."));
    // A script that asks for no decision must not hide that the machine's policies are missing.
    arguments.machine.check()?;
    let project = find_project(arguments.project.as_deref(), beside)?;
    let settings = Settings::load(project.as_ref().map_or(beside, Project::root))?;
    if let Some(profile) = &arguments.profile {
        profile.check()?;
    }
    settings.configure_debug(arguments.debug.as_deref())?;
    let streams = Arc::new(StandardStreams::default());
    let mut builder = ScriptHost::builder(language)
        .limits(arguments.told.limits(&settings.script.limits))
        .debug(DebugBridge::owning(Arc::clone(debug::global())))
        .output(record::overheard(
            Arc::clone(&streams) as Arc<dyn ScriptOutput>
        ))
        .projects_below(beside)
        .arguments(arguments.told.arguments.iter().cloned());
    builder = builder.engine_options(arguments.machine.of_host());
    if let Some(project) = project {
        builder = builder.project(project.root(), arguments.machine.of_host());
    }
    if let Some(observer) = record::observer() {
        builder = builder.observer(observer);
    }
    for NamedEvent { name, event } in events_of(&arguments.event, &settings.script)? {
        builder = builder.event(name, event.value().clone());
    }
    let mut host = builder.build()?;
    let stop = Arc::new(StopSwitch::default());
    if arguments.profile.is_some() || record::is_on() {
        // There is something to write when the script ends, so Ctrl-C must not end the program first.
        stop.listen_once()?;
    }
    if arguments.profile.is_some() {
        let title = arguments.script.display().to_string();
        host.profiles()
            .start(profile_options(&title, arguments.profile_exact))?;
    }
    let watched = stop.watch(host.stop_handle());
    let ran = host.run_file(&arguments.script);
    drop(watched);
    let saved = save_profile(arguments.profile.as_ref(), &host);
    let finished = streams.finish();
    if let (Err(_), Err(failure)) = (&ran, &saved) {
        // The exit code is the script's, and this is still worth telling.
        failure.report();
    }
    ran?;
    saved?;
    finished.map_err(|error| {
        Failure::internal(format_args!(
            "what the script printed cannot be written: {error}"
        ))
    })?;
    Ok(Exit::Done)
}

/// Writes what the profile of the script came to, whatever the script came to.
fn save_profile(saved: Option<&SavedProfile>, host: &ScriptHost) -> Result<(), Failure> {
    let Some(saved) = saved else { return Ok(()) };
    let Some(profile) = host.profiles().stop() else {
        return Err(Failure::fault(
            format_args!("{}: there is no profile to write", saved.shown()),
            "the script stopped it by itself: leave out `Debug.stopProfile()` or `--profile`",
        ));
    };
    record::profiled(&profile);
    saved.write(&profile)
}
