//! The `[policy]` table of `llmspell.toml`.

use std::path::Path;

use llmspell_utils::debug::{DebugError, Document};

use crate::error::{EngineError, EngineErrorKind, Place};
use crate::harness::Harness;
use crate::project::Project;
use crate::trust::TrustGate;

const FILE: &str = "llmspell.toml";

const KEYS: [&str; 3] = ["mode", "harness", "evaluator"];

/// What an error of a policy means for the decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// The decision is at least a deny.
    #[default]
    Enforce,
    /// The error is listed and changes nothing.
    Monitor,
}

/// What the project says about its policies.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    pub(crate) mode: Mode,
    pub(crate) harness: Option<Harness>,
}

impl Settings {
    /// Reads the settings that stand beside `.cupcake/`, if any.
    pub(crate) fn read(project: &Project, gate: &mut TrustGate) -> Result<Self, EngineError> {
        let text = project.read_optional(FILE, EngineErrorKind::Settings)?;
        let Some(text) = text.filter(|text| gate.admits(FILE, text.as_bytes())) else {
            return Ok(Self::default());
        };
        Self::parse(&text).map_err(|error| EngineError {
            kind: EngineErrorKind::Settings,
            message: error.message().to_owned(),
            place: Some(Place {
                file: FILE.to_owned(),
                line: error.place().map(|place| place.line),
                column: error.place().and_then(|place| place.column),
            }),
            help: error.help().unwrap_or("correct the file").to_owned(),
        })
    }

    /// Reads the table; the other tables of the file belong to others.
    fn parse(text: &str) -> Result<Self, DebugError> {
        let document = Document::parse(text, Path::new(FILE))?;
        let mut settings = Self::default();
        let Some(table) = document.table("policy", &KEYS)? else {
            return Ok(settings);
        };
        if let Some(mode) = table.setting("mode") {
            settings.mode =
                mode.one_of(&[("enforce", Mode::Enforce), ("monitor", Mode::Monitor)])?;
        }
        if let Some(harness) = table.setting("harness") {
            let harnesses = Harness::ALL.map(|harness| (harness.name(), harness));
            settings.harness = Some(harness.one_of(&harnesses)?);
        }
        if let Some(evaluator) = table.setting("evaluator") {
            // Read so that a project may name it; there is no other to choose.
            evaluator.one_of(&[("rego", ())])?;
        }
        Ok(settings)
    }
}
