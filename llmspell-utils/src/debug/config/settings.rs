//! The settings themselves, and their defaults.

use std::path::Path;
use std::sync::Arc;

use super::super::error::DebugError;
use super::super::filter::{Directive, FilterError, FilterRule};
use super::super::format::FormatKind;
use super::super::level::DebugLevel;
use super::super::output::{BufferLimits, DebugOutput, FanOut, Rotation};
use super::super::redact::RedactConfig;
use super::super::slow::SlowThresholds;
use super::target::OutputTarget;
use super::{environment, file};

/// All settings of a manager.
///
/// The order is defaults, file, environment, command line; each `apply` changes what its source names, or, if it
/// fails, nothing.
///
/// ```
/// use std::path::Path;
/// use llmspell_utils::debug::{DebugConfig, DebugLevel, DebugManager};
///
/// let mut config = DebugConfig::default();
/// config.apply_toml("[debug]\nlevel = \"warn\"\noutput = \"null\"\n", Path::new("llmspell.toml"))?;
/// config.apply_env_with(|name| (name == "LLMSPELL_DEBUG_LEVEL").then(|| "debug".to_owned()))?;
/// let manager = DebugManager::from_config(&config)?;
/// assert_eq!(manager.level(), DebugLevel::Debug);
/// # Ok::<(), llmspell_utils::debug::DebugError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DebugConfig {
    /// The level for messages without a module and for modules without a level of their own; info.
    pub level: DebugLevel,
    /// Whether anybody may speak; true.
    pub enabled: bool,
    /// The most entries that are captured, 0 for none; 10,000. Their bytes are bounded too.
    pub capture_limit: usize,
    /// Where entries go; empty leaves it to the host.
    pub output: Vec<OutputTarget>,
    /// How entries look; nothing said is text, and JSON for files that end in `.json`, `.jsonl` or `.ndjson`.
    pub format: Option<FormatKind>,
    /// When the files are put aside; nothing said is never.
    pub rotate: Option<Rotation>,
    /// The rules, the oldest first.
    pub filters: Vec<FilterRule>,
    /// How long operations may take before they leave a warning; as long as they like.
    pub slow: SlowThresholds,
    /// What is redacted beside the built-in rules.
    pub redact: RedactConfig,
}

impl Default for DebugConfig {
    fn default() -> Self {
        Self {
            level: DebugLevel::default(),
            enabled: true,
            capture_limit: BufferLimits::default().entries,
            output: Vec::new(),
            format: None,
            rotate: None,
            filters: Vec::new(),
            slow: SlowThresholds::default(),
            redact: RedactConfig::default(),
        }
    }
}

impl DebugConfig {
    /// The defaults, changed by the `[debug]` table of a TOML text.
    ///
    /// # Errors
    ///
    /// As [`apply_toml`](Self::apply_toml).
    pub fn from_toml(text: &str, file: &Path) -> Result<Self, DebugError> {
        let mut config = Self::default();
        config.apply_toml(text, file)?;
        Ok(config)
    }

    /// The defaults, changed by the `[debug]` table of a TOML file.
    ///
    /// # Errors
    ///
    /// As [`apply_file`](Self::apply_file).
    pub fn from_file(file: &Path) -> Result<Self, DebugError> {
        let mut config = Self::default();
        config.apply_file(file)?;
        Ok(config)
    }

    /// The defaults, changed by variables that `lookup` finds.
    ///
    /// # Errors
    ///
    /// As [`apply_env_with`](Self::apply_env_with).
    pub fn from_env_with(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, DebugError> {
        let mut config = Self::default();
        config.apply_env_with(lookup)?;
        Ok(config)
    }

    /// Changes what the `[debug]` table of a TOML text names; other tables belong to others.
    ///
    /// `file` is where the text comes from, for errors and for relative paths in it.
    ///
    /// # Errors
    ///
    /// A text that is not TOML, an unknown key, a value that its key does not allow, a refused filter: each with its
    /// line and column.
    pub fn apply_toml(&mut self, text: &str, file: &Path) -> Result<(), DebugError> {
        *self = file::applied(self, text, file)?;
        Ok(())
    }

    /// Changes what the `[debug]` table of a TOML file names.
    ///
    /// # Errors
    ///
    /// A file that cannot be read or is longer than 1 MiB, and as [`apply_toml`](Self::apply_toml).
    pub fn apply_file(&mut self, file: &Path) -> Result<(), DebugError> {
        let text = file::read(file)?;
        self.apply_toml(&text, file)
    }

    /// Changes what the process's environment names, see [`apply_env_with`](Self::apply_env_with).
    ///
    /// # Errors
    ///
    /// A value that its variable does not allow.
    pub fn apply_env(&mut self) -> Result<(), DebugError> {
        self.apply_env_with(|name| {
            std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
        })
    }

    /// Changes what variables name: `LLMSPELL_DEBUG` is a directive, over it `LLMSPELL_DEBUG_LEVEL` is a level and
    /// `LLMSPELL_DEBUG_ENABLED` is true or false. An empty variable says nothing.
    ///
    /// # Errors
    ///
    /// A value that its variable does not allow.
    pub fn apply_env_with(
        &mut self,
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<(), DebugError> {
        *self = environment::applied(self, lookup)?;
        Ok(())
    }

    /// Replaces all filters by those of a directive, and the level if it names one.
    ///
    /// # Errors
    ///
    /// Whatever of the text is not understood.
    pub fn apply_directive(&mut self, directive: &str) -> Result<(), FilterError> {
        let directive = Directive::parse(directive)?;
        self.level = directive.level().unwrap_or(self.level);
        self.filters = directive.rules().to_vec();
        Ok(())
    }

    /// Opens the outputs; nothing if none is named.
    pub(in crate::debug) fn open_output(&self) -> Result<Option<Arc<dyn DebugOutput>>, DebugError> {
        let mut outputs = self
            .output
            .iter()
            .map(|target| target.open(self.format, self.rotate.as_ref()))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(match outputs.len() {
            0 | 1 => outputs.pop(),
            _ => Some(Arc::new(FanOut::new(outputs))),
        })
    }

    pub(in crate::debug) fn capture_limits(&self) -> BufferLimits {
        BufferLimits {
            entries: self.capture_limit,
            ..BufferLimits::default()
        }
    }
}
