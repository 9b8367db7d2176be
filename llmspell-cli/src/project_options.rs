//! What commands that work on a project are told about it.

use std::path::PathBuf;

use clap::Args;
use llmspell_engine::{EngineOptions, Harness, Project};

use crate::failure::Failure;

/// Which project is meant, and for which agent.
#[derive(Debug, Args)]
pub(crate) struct ProjectArguments {
    /// The directory with `.cupcake` [default: here or the nearest one above]
    #[arg(long, value_name = "DIR")]
    project: Option<PathBuf>,
    /// The agent whose policies are meant: claude, cursor, factory or opencode
    #[arg(long, value_name = "H", value_parser = harness)]
    pub(crate) harness: Option<Harness>,
}

impl ProjectArguments {
    /// The project that is meant.
    pub(crate) fn project(&self) -> Result<Project, Failure> {
        let project = match &self.project {
            Some(path) => Project::at(path),
            None => Project::find(&PathBuf::from(".")),
        };
        Ok(project?)
    }

    /// How its engine is loaded.
    pub(crate) fn options(&self) -> EngineOptions {
        EngineOptions {
            harness: self.harness,
            languages: llmspell_bridge::policy_languages(),
            ..EngineOptions::default()
        }
    }
}

/// Reads the name of a harness; a wrong one is answered with the nearest.
pub(crate) fn harness(name: &str) -> Result<Harness, String> {
    let names = Harness::ALL.map(Harness::name);
    Harness::from_name(name).ok_or_else(|| {
        let near = llmspell_utils::nearest(name, &names);
        if near.starts_with("did") {
            near
        } else {
            format!("expected {}", names.join(", "))
        }
    })
}
