//! The `[policy]` table of `llmspell.toml`.

use std::path::Path;

use llmspell_utils::debug::{DebugError, Document, Table};

use crate::audit::AuditSettings;
use crate::error::{EngineError, EngineErrorKind, Place};
use crate::evaluator::rego::Rvm;
use crate::harness::Harness;
use crate::preprocess::PreprocessSettings;
use crate::project::Project;
use crate::trust::TrustGate;

pub(crate) const FILE: &str = "llmspell.toml";

const KEYS: [&str; 9] = [
    "mode",
    "harness",
    "evaluator",
    "rvm",
    "opa",
    "opa_any_version",
    "bundle_key",
    "bundle_key_algorithm",
    "preprocess",
];
const PREPROCESS_KEYS: [&str; 4] = [
    "script_inspection",
    "max_script_bytes",
    "symlinks",
    "whitespace",
];

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
    pub(crate) preprocess: PreprocessSettings,
    /// The text of the file.
    pub(crate) text: Option<String>,
    /// Whether Rego policies may run on the virtual machine.
    pub(crate) rvm: Rvm,
    pub(crate) evaluator: Option<RegoEvaluator>,
    /// The `opa` program that compiles for `wasm`, relative to the project.
    pub(crate) opa: Option<String>,
    /// Whether another release of it than the pinned one will do.
    pub(crate) opa_any_version: bool,
    /// The file of the key with which bundles have to be signed, relative to the project.
    pub(crate) bundle_key: Option<String>,
    pub(crate) bundle_key_algorithm: Option<String>,
    /// How decisions are written down.
    pub(crate) audit: AuditSettings,
}

/// What runs the Rego files of a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RegoEvaluator {
    /// The interpreter, for which no outside program is needed.
    #[default]
    Interpreter,
    /// A module of WebAssembly, which an `opa` program makes of them.
    Wasm,
}

impl Settings {
    /// What of the settings leads to other decisions, for the digest; none if nothing does. How policies are evaluated
    /// does not, because every evaluator decides alike.
    pub(crate) fn decisive(&self) -> Option<String> {
        let plain = Self::default();
        let is_plain = self.mode == plain.mode && self.preprocess == plain.preprocess;
        (!is_plain).then(|| format!("{:?} {:?}", self.mode, self.preprocess))
    }

    /// Reads the settings that stand beside `.cupcake/`, if any.
    pub(crate) fn read(project: &Project, gate: &mut TrustGate) -> Result<Self, EngineError> {
        let text = project.read_optional(FILE, EngineErrorKind::Settings)?;
        let Some(text) = text else {
            return Ok(Self::default());
        };
        if !gate.admits(FILE, text.as_bytes()) {
            // Every decision is a refusal then, and is written down all the same.
            let audit = audit_of(&text).unwrap_or_default();
            return Ok(Self {
                audit,
                ..Self::default()
            });
        }
        let settings = Self::parse(&text).map_err(|error| broken(&error))?;
        Ok(Self {
            text: Some(text),
            ..settings
        })
    }

    /// Reads the table; the other tables of the file belong to others.
    fn parse(text: &str) -> Result<Self, DebugError> {
        let document = Document::parse(text, Path::new(FILE))?;
        let mut settings = Self {
            audit: AuditSettings::parse(&document, text)?,
            ..Self::default()
        };
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
            settings.evaluator = Some(evaluator.one_of(&[
                ("rego", RegoEvaluator::Interpreter),
                ("wasm", RegoEvaluator::Wasm),
            ])?);
        }
        if let Some(preprocess) = table.setting("preprocess") {
            settings.preprocess = preprocess_of(&preprocess.table(&PREPROCESS_KEYS)?)?;
        }
        if let Some(rvm) = table.setting("rvm") {
            settings.rvm = rvm.one_of(&[("on", Rvm::On), ("off", Rvm::Off)])?;
        }
        settings.read_wasm(&table)?;
        Ok(settings)
    }

    /// Reads what concerns modules.
    fn read_wasm(&mut self, table: &Table<'_>) -> Result<(), DebugError> {
        let text = |key: &str, allowed: &str| {
            let setting = table.setting(key);
            setting.map(|setting| setting.read(allowed)).transpose()
        };
        self.opa = text("opa", "the path of an `opa` program")?;
        self.bundle_key = text("bundle_key", "the path of a file with a key")?;
        self.bundle_key_algorithm =
            text("bundle_key_algorithm", "an algorithm, such as \"RS256\"")?;
        if let Some(any) = table.setting("opa_any_version") {
            self.opa_any_version = any.boolean()?;
        }
        Ok(())
    }
}

/// What a project says about its audit log.
pub(crate) fn audit(project: &Project) -> Result<AuditSettings, EngineError> {
    let Some(text) = project.read_optional(FILE, EngineErrorKind::Settings)? else {
        return Ok(AuditSettings::default());
    };
    audit_of(&text).map_err(|error| broken(&error))
}

fn audit_of(text: &str) -> Result<AuditSettings, DebugError> {
    AuditSettings::parse(&Document::parse(text, Path::new(FILE))?, text)
}

fn broken(error: &DebugError) -> EngineError {
    EngineError {
        kind: EngineErrorKind::Settings,
        message: error.message().to_owned(),
        place: Some(Place {
            file: FILE.to_owned(),
            line: error.place().map(|place| place.line),
            column: error.place().and_then(|place| place.column),
        }),
        help: error.help().unwrap_or("correct the file").to_owned(),
    }
}

fn preprocess_of(table: &Table<'_>) -> Result<PreprocessSettings, DebugError> {
    const MAX_SCRIPT_BYTES: usize = 16 * 1024 * 1024;
    let mut settings = PreprocessSettings::default();
    let switches = [
        ("script_inspection", &mut settings.script_inspection),
        ("symlinks", &mut settings.symlinks),
        ("whitespace", &mut settings.whitespace),
    ];
    for (key, switch) in switches {
        if let Some(setting) = table.setting(key) {
            *switch = setting.boolean()?;
        }
    }
    if let Some(setting) = table.setting("max_script_bytes") {
        let allowed = format!("a number of bytes up to {MAX_SCRIPT_BYTES}");
        let bytes: usize = setting.read(&allowed)?;
        if bytes > MAX_SCRIPT_BYTES {
            return Err(setting.not_allowed(allowed));
        }
        settings.max_script_bytes = bytes;
    }
    Ok(settings)
}
