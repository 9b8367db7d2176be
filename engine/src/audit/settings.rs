//! The `[audit]` table of `llmspell.toml`.

use std::path::{Path, PathBuf};

use llmspell_utils::debug::{DebugConfig, DebugError, Document, RedactConfig, Table};

use crate::error::EngineError;
use crate::project::Project;
use crate::settings;

const TABLE: &str = "audit";
const KEYS: [&str; 5] = ["file", "required", "max_size", "keep", "input"];
const MIB: u64 = 1024 * 1024;
const LEAST_SIZE: u64 = 4 * 1024;
const MOST_SIZE: u64 = 1024 * MIB;
const MOST_KEPT: u32 = 999;

/// How decisions are written down: the `[audit]` table of `llmspell.toml`. Without a file nothing is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditSettings {
    /// The log, relative to the project and inside it; none by default.
    pub file: Option<PathBuf>,
    /// Whether the answer must be a deny where the log cannot be written; false by default.
    pub required: bool,
    /// The most bytes of one file; a record that would go beyond begins the next one. 16 MiB by default.
    pub max_size: u64,
    /// How many files are kept beside the current one; 10 by default.
    pub keep: u32,
    /// What is written of an event.
    pub input: AuditInput,
    /// Which secrets are redacted beside those of the built-in rules, which always are.
    pub redact: RedactConfig,
}

/// What is written of an event. Secrets are redacted in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AuditInput {
    /// The event, with what is long cut.
    #[default]
    Redacted,
    /// The event, up to 1 MiB.
    Full,
    /// Its digest only.
    Hash,
    /// Nothing.
    None,
}

impl Default for AuditSettings {
    fn default() -> Self {
        Self {
            file: None,
            required: false,
            max_size: 16 * MIB,
            keep: 10,
            input: AuditInput::default(),
            redact: RedactConfig::default(),
        }
    }
}

impl AuditSettings {
    /// What a project says, read by itself: for answers where there is no engine.
    ///
    /// # Errors
    ///
    /// When `llmspell.toml` cannot be read, or its table is broken.
    pub fn of_project(project: &Project) -> Result<Self, EngineError> {
        settings::audit(project)
    }

    /// Reads the table of a document, and what `[debug.redact]` adds.
    pub(crate) fn parse(document: &Document<'_>, text: &str) -> Result<Self, DebugError> {
        let mut settings = Self::default();
        let Some(table) = document.table(TABLE, &KEYS)? else {
            return Ok(settings);
        };
        settings.read(&table)?;
        // Reading everything about messages takes longer than the rest.
        if settings.file.is_some() && text.contains("redact") {
            settings.redact = DebugConfig::from_toml(text, Path::new(settings::FILE))?.redact;
        }
        Ok(settings)
    }

    fn read(&mut self, table: &Table<'_>) -> Result<(), DebugError> {
        let is_used = KEYS.iter().any(|key| table.setting(key).is_some());
        if !is_used {
            return Ok(());
        }
        // A log that is required and lies nowhere would be off without anybody noticing.
        let file: String = table.required("file")?.read("the path of a file")?;
        self.file = Some(PathBuf::from(file));
        if let Some(setting) = table.setting("required") {
            self.required = setting.boolean()?;
        }
        if let Some(setting) = table.setting("max_size") {
            self.max_size = setting.size()?;
            if !(LEAST_SIZE..=MOST_SIZE).contains(&self.max_size) {
                return Err(setting.not_allowed("a size from `4KiB` to `1GiB`"));
            }
        }
        if let Some(setting) = table.setting("keep") {
            let allowed = format!("a whole number from 0 to {MOST_KEPT}");
            self.keep = setting.read(&allowed)?;
            if self.keep > MOST_KEPT {
                return Err(setting.not_allowed(allowed));
            }
        }
        if let Some(setting) = table.setting("input") {
            self.input = setting.one_of(&[
                ("redacted", AuditInput::Redacted),
                ("full", AuditInput::Full),
                ("hash", AuditInput::Hash),
                ("none", AuditInput::None),
            ])?;
        }
        Ok(())
    }
}
