//! Why an engine could not be made at all.

use std::fmt;

/// What kind of fault stopped the engine from loading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EngineErrorKind {
    /// There is no project at or above the path.
    MissingProject,
    /// `rulebook.yml` is broken.
    Rulebook,
    /// The `[policy]` table of `llmspell.toml` is broken.
    Settings,
    /// A file of the project cannot be read.
    Read,
    /// Keys or signatures cannot be used.
    Trust,
    /// The `opa` program cannot be used.
    Opa,
    /// The project wants an evaluator that the program does not have.
    NoEvaluator,
}

impl EngineErrorKind {
    /// The stable code of this kind.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::MissingProject => "missing_project",
            Self::Rulebook => "rulebook",
            Self::Settings => "settings",
            Self::Read => "read",
            Self::Trust => "trust",
            Self::Opa => "opa",
            Self::NoEvaluator => "no_evaluator",
        }
    }
}

/// Where in a file something is wrong; lines and columns start at 1.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Place {
    /// The file, relative to the project where it lies inside one.
    pub file: String,
    /// The line, if known.
    pub line: Option<u32>,
    /// The column in characters, if known.
    pub column: Option<u32>,
}

impl Place {
    /// A place that is a whole file.
    #[must_use]
    pub fn file(file: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            line: None,
            column: None,
        }
    }

    /// The place at this line of a file.
    #[must_use]
    pub fn line(file: impl Into<String>, line: u32) -> Self {
        Self {
            file: file.into(),
            line: Some(line),
            column: None,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(formatter, ":{line}")?;
            if let Some(column) = self.column {
                write!(formatter, ":{column}")?;
            }
        }
        Ok(())
    }
}

/// Why an engine could not be loaded.
///
/// `Display` prints the message alone; the place and the help stand beside it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EngineError {
    /// What kind of fault it is.
    pub kind: EngineErrorKind,
    /// One sentence without a full stop.
    pub message: String,
    /// Where the fault lies.
    pub place: Option<Place>,
    /// What to do next.
    pub help: String,
}

impl EngineError {
    /// Something is to be evaluated by what this program does not have.
    pub(crate) fn no_evaluator(name: &str) -> Self {
        Self {
            kind: EngineErrorKind::NoEvaluator,
            message: format!("the project has policies for {name}, which this program cannot run"),
            place: None,
            help: "load it in a program that can".to_owned(),
        }
    }
}
