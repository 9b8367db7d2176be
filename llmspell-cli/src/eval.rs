//! `llmspell eval`: one event in, one decision out.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use llmspell_bridge::evaluate_watching_time;
use llmspell_engine::{EngineOptions, Harness, PolicyEngine, Project};
use llmspell_utils::debug;

use crate::answer::json_document;
use crate::decision_text::{as_json, as_text};
use crate::eval_explanation;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input::{must_be_there, read_event};
use crate::project_options::{MachineArguments, harness};
use crate::record;
use crate::settings::{Settings, find_project};

/// What `llmspell eval` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    /// The file that holds the event, or `-` for standard input
    #[arg(default_value = "-", value_name = "EVENT")]
    event: PathBuf,
    /// The directory with `.cupcake` [default: here or the nearest one above]
    #[arg(long, value_name = "DIR")]
    project: Option<PathBuf>,
    /// The agent whose policies decide: claude, cursor, factory or opencode
    #[arg(long, value_name = "H", value_parser = harness)]
    harness: Option<Harness>,
    #[command(flatten)]
    machine: MachineArguments,
    /// Says what each policy did, and why others were not asked
    #[arg(long)]
    explain: bool,
    /// Prints the decision, or its explanation, as one JSON document
    #[arg(long)]
    json: bool,
}

const EXAMPLE: &str = "\
Example:
  echo '{\"hook_event_name\":\"PreToolUse\",\"tool_name\":\"Bash\",\"tool_input\":{\"command\":\"ls\"}}' |
    llmspell eval --project examples/policy_gate --json";

/// Runs the command.
pub(crate) fn eval(arguments: &Arguments) -> Result<Exit, Failure> {
    must_be_there(&arguments.event)?;
    // Not found: the engine's own error says what to do.
    let here = PathBuf::from(".");
    let project = find_project(arguments.project.as_deref(), &here)?;
    let root = project.as_ref().map_or(here.as_path(), Project::root);
    Settings::load(root)?.configure_debug(None)?;
    let options = EngineOptions {
        harness: arguments.harness,
        debug: Some(Arc::clone(debug::global())),
        ..arguments.machine.options()
    };
    let engine = PolicyEngine::load(root, &options)?;
    let event = read_event(&arguments.event, engine.event_limits())?.event;
    let explanation = arguments.explain.then(|| engine.explain(&event));
    let decision = match &explanation {
        Some(explanation) => explanation.decision.clone(),
        None => evaluate_watching_time(&engine, &event, debug::global()),
    };
    if let Some(observer) = record::observer() {
        observer.decided(event.value(), &decision.to_value());
    }
    let text = match (&explanation, arguments.json) {
        (Some(explanation), true) => json_document(explanation)?,
        (Some(explanation), false) => eval_explanation::as_text(explanation),
        (None, true) => as_json(&decision)?,
        (None, false) => as_text(&decision),
    };
    answer(&text)?;
    Ok(Exit::of(&decision))
}

/// Writes the answer. Who asked and did not get it must not take the exit code for an answer.
fn answer(text: &str) -> Result<(), Failure> {
    let mut output = std::io::stdout().lock();
    let written = output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush());
    written
        .map_err(|error| Failure::internal(format_args!("the decision cannot be written: {error}")))
}
