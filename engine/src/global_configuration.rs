//! The configuration of the machine, which speaks before that of a project.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::error::{EngineError, EngineErrorKind, Place};
use crate::project::Project;
use crate::user_directories;

const FOLDER: &str = "cupcake";
/// What such a configuration is made of; a directory with none of them is none.
const PARTS: [&str; 3] = ["rulebook.yml", "policies", "signals"];

/// Which configuration of the machine speaks before the project's.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum GlobalConfig {
    /// The user's, if there is one: `~/.config/cupcake` on Linux, `~/Library/Application Support/cupcake` on macOS,
    /// `%APPDATA%\cupcake` on Windows.
    #[default]
    Discover,
    /// None.
    Off,
    /// That in this directory, which must be there.
    At(PathBuf),
}

impl GlobalConfig {
    /// Whether that configuration can be looked at; what is in it is read with the project.
    ///
    /// # Errors
    ///
    /// When the directory is not there, cannot be read, or holds nothing of a configuration.
    pub fn check(&self) -> Result<(), EngineError> {
        self.find().map(drop)
    }

    /// Where the configuration lies, if there is one.
    pub(crate) fn find(&self) -> Result<Option<Project>, EngineError> {
        match self {
            Self::Off => Ok(None),
            Self::Discover => discover(),
            Self::At(directory) => at(directory).map(Some),
        }
    }
}

fn discover() -> Result<Option<Project>, EngineError> {
    let Some(directory) = user_directories::shared_configuration() else {
        return Ok(None);
    };
    let directory = directory.join(FOLDER);
    match directory.symlink_metadata() {
        Ok(_) => {}
        Err(error) if is_missing(error.kind()) => return Ok(None),
        Err(error) => {
            return Err(unreadable(
                &directory,
                &format!("cannot be looked at: {}", error.kind()),
            ));
        }
    }
    check(&directory)?;
    let is_used = PARTS
        .iter()
        .any(|part| directory.join(part).symlink_metadata().is_ok());
    Ok(is_used.then(|| Project::global(directory)))
}

fn at(directory: &Path) -> Result<Project, EngineError> {
    let directory = std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned());
    check(&directory)?;
    if PARTS.iter().any(|part| directory.join(part).exists()) {
        return Ok(Project::global(directory));
    }
    let message = "holds neither `rulebook.yml` nor `policies` nor `signals`";
    Err(unreadable(&directory, message))
}

/// Refuses what cannot be listed: what lies in it would be passed over.
fn check(directory: &Path) -> Result<(), EngineError> {
    std::fs::read_dir(directory).map(drop).map_err(|error| {
        let why = match error.kind() {
            ErrorKind::NotFound => "is not there".to_owned(),
            ErrorKind::NotADirectory => "is no directory".to_owned(),
            kind => format!("cannot be read: {kind}"),
        };
        unreadable(directory, &why)
    })
}

/// Whether nothing is there; a file in place of a folder above it means the same.
const fn is_missing(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn unreadable(directory: &Path, why: &str) -> EngineError {
    EngineError {
        kind: EngineErrorKind::Read,
        message: format!("the global configuration {why}"),
        place: Some(Place::file(directory.display().to_string())),
        help: "make it a folder that you may read, or name that which holds its `rulebook.yml` and `policies`; `llmspell init --global` makes one"
            .to_owned(),
    }
}
