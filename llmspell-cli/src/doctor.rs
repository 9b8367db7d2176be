//! `llmspell doctor`: proves that a denial reaches each agent, and says what is in its way.

mod canary;
mod command;
mod finding;
mod judgement;
mod layers;
mod places;
mod project;
mod running;
mod settings;

use std::path::{Path, PathBuf};

use clap::Args;
use llmspell_engine::{EngineOptions, Harness, Project};
use serde_json::json;

use crate::answer::{answer, json_document};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::project_options::{MachineArguments, harness};
use crate::settings::find_project;
use finding::{Findings, Level};
use layers::Layers;

/// What `llmspell doctor` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    /// The agents to look at [default: those that call llmspell, or have a folder here]
    #[arg(long, value_name = "H", value_parser = harness, value_delimiter = ',')]
    harness: Vec<Harness>,
    /// The directory with `.cupcake` [default: here or the nearest one above]
    #[arg(long, value_name = "DIR")]
    project: Option<PathBuf>,
    #[command(flatten)]
    machine: MachineArguments,
    /// Prints what was found as one JSON document
    #[arg(long)]
    json: bool,
}

const EXAMPLE: &str = "\
Example:
  llmspell doctor --harness claude";

/// Runs the command.
pub(crate) fn doctor(arguments: &Arguments) -> Result<Exit, Failure> {
    let mut findings = Findings::default();
    let here = PathBuf::from(".");
    let project = find_project(arguments.project.as_deref(), &here)?;
    let root = project.as_ref().map_or(here.as_path(), Project::root);
    let root = std::path::absolute(root).unwrap_or_else(|_| root.to_owned());
    let harnesses = harnesses(arguments, &root);
    if harnesses.is_empty() {
        findings.add(
            Level::Error,
            "agents",
            "no agent calls llmspell here",
            "run `llmspell init --harness claude`, or name another agent",
        );
    }
    project::look(
        &mut findings,
        project.as_ref(),
        &arguments.machine.options(),
    );
    for harness in harnesses {
        let options = EngineOptions {
            harness: Some(harness),
            ..arguments.machine.options()
        };
        look_at(&mut findings, harness, &root, project.as_ref(), &options);
    }
    let text = if arguments.json {
        json_document(&json!({ "ok": findings.is_well(), "findings": findings.list() }))?
    } else {
        findings.as_text()
    };
    answer(&text)?;
    Ok(if findings.is_well() {
        Exit::Done
    } else {
        Exit::Fault
    })
}

/// The agents that are named, else those that call us or have been used here.
fn harnesses(arguments: &Arguments, root: &Path) -> Vec<Harness> {
    if !arguments.harness.is_empty() {
        return arguments.harness.clone();
    }
    let is_connected = |harness: &Harness| {
        let folder = root.join(crate::agent_settings::agent_folder(*harness));
        folder.is_dir() || Layers::read(*harness, root).calls_us()
    };
    Harness::ALL.into_iter().filter(is_connected).collect()
}

fn look_at(
    findings: &mut Findings,
    harness: Harness,
    root: &Path,
    project: Option<&Project>,
    options: &EngineOptions,
) {
    let routed = project.map(|project| project::routed_events(project, options));
    let layers = Layers::read(harness, root);
    let hooks = settings::look(findings, &layers, &routed.unwrap_or_default());
    for hook in &hooks {
        command::look(findings, harness, hook);
        canary::look(findings, harness, hook, project, options);
    }
}
