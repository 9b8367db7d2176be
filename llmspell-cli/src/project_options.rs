//! What commands that work on a project are told about it.

use std::path::{Path, PathBuf};

use clap::Args;
use llmspell_engine::{EngineOptions, GlobalConfig, Harness, Project};

use crate::failure::Failure;

/// Which configuration of the machine speaks before the project's.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct MachineArguments {
    /// The configuration of the machine, whose policies come before the project's [default: that in your
    /// configuration, as `init --global` makes it]
    #[arg(long, value_name = "DIR")]
    global_config: Option<PathBuf>,
}

impl MachineArguments {
    /// The configuration of this directory, if one is named.
    pub(crate) const fn of(global_config: Option<PathBuf>) -> Self {
        Self { global_config }
    }

    /// How a host of scripts loads its engine, to which it gives its own languages.
    pub(crate) fn of_host(&self) -> EngineOptions {
        EngineOptions {
            global: self.global(),
            ..EngineOptions::default()
        }
    }

    /// How an engine is loaded, as far as nothing else is said.
    pub(crate) fn options(&self) -> EngineOptions {
        EngineOptions {
            languages: llmspell_bridge::policy_languages(),
            ..self.of_host()
        }
    }

    /// Looks at a configuration that is named, which not every command reads.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        match self.global() {
            GlobalConfig::Discover => Ok(()),
            named => Ok(named.check()?),
        }
    }

    /// The directory that is named, if one is.
    pub(crate) fn global_config(&self) -> Option<&Path> {
        self.global_config.as_deref()
    }

    /// Which configuration that is.
    pub(crate) fn global(&self) -> GlobalConfig {
        match &self.global_config {
            Some(directory) => GlobalConfig::At(directory.clone()),
            None => GlobalConfig::Discover,
        }
    }
}

/// Which project is meant, and for which agent.
#[derive(Debug, Args)]
pub(crate) struct ProjectArguments {
    /// The directory with `.cupcake` [default: here or the nearest one above]
    #[arg(long, value_name = "DIR")]
    project: Option<PathBuf>,
    /// The agent whose policies are meant: claude, cursor, factory or opencode
    #[arg(long, value_name = "H", value_parser = harness)]
    pub(crate) harness: Option<Harness>,
    #[command(flatten)]
    machine: MachineArguments,
}

impl ProjectArguments {
    /// The project that is meant.
    pub(crate) fn project(&self) -> Result<Project, Failure> {
        self.machine.check()?;
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
            ..self.machine.options()
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
