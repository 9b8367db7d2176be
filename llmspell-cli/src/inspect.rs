//! `llmspell inspect`: what a project holds.

mod dot;
mod text;

use clap::Args;
use llmspell_engine::inspect_project;

use crate::answer::{answer, json_document};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::project_options::ProjectArguments;

/// What `llmspell inspect` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    #[command(flatten)]
    project: ProjectArguments,
    /// Prints everything as one JSON document
    #[arg(long, conflicts_with = "dot")]
    json: bool,
    /// Prints the routes as a graph for Graphviz
    #[arg(long)]
    dot: bool,
}

const EXAMPLE: &str = "\
Example:
  llmspell inspect --project examples/policy_gate
  llmspell inspect --dot | dot -Tsvg > routes.svg";

/// Runs the command.
pub(crate) fn inspect(arguments: &Arguments) -> Result<Exit, Failure> {
    let project = arguments.project.project()?;
    let inspection = inspect_project(project.root(), &arguments.project.options())?;
    let text = if arguments.json {
        json_document(&inspection)?
    } else if arguments.dot {
        dot::as_dot(&inspection)
    } else {
        text::as_text(&inspection)
    };
    answer(&text)?;
    Ok(Exit::Done)
}
