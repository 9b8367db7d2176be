//! The `[policy]` table of `llmspell.toml`.

use serde::Deserialize;

use crate::document;
use crate::error::{EngineError, EngineErrorKind};
use crate::harness::Harness;
use crate::project::Project;

const FILE: &str = "llmspell.toml";

/// What an error of a policy means for the decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// The decision is at least a deny.
    #[default]
    Enforce,
    /// The error is listed and changes nothing.
    Monitor,
}

/// What the project says about its policies.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(crate) struct Settings {
    #[serde(default)]
    pub(crate) mode: Mode,
    pub(crate) harness: Option<Harness>,
    /// Read so that a project may name it; there is no other evaluator to choose.
    #[serde(default, rename = "evaluator")]
    _evaluator: EvaluatorName,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum EvaluatorName {
    #[default]
    Rego,
}

/// The file; its other tables belong to others.
#[derive(Debug, Default, Deserialize)]
#[serde(expecting = "a table")]
struct File {
    #[serde(default)]
    policy: Settings,
}

impl Settings {
    /// Reads the settings that stand beside `.cupcake/`, if any.
    pub(crate) fn read(project: &Project) -> Result<Self, EngineError> {
        let Some(text) = project.read_optional(FILE, EngineErrorKind::Settings)? else {
            return Ok(Self::default());
        };
        let file: File = document::from_toml(&text).map_err(|fault| EngineError {
            kind: EngineErrorKind::Settings,
            message: fault.message.clone(),
            place: Some(fault.place(FILE)),
            help: fault.help,
        })?;
        Ok(file.policy)
    }
}
