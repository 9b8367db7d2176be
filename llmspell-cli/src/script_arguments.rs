//! What a script may use and what it is told: the same for `run` and `profile`.

use std::time::Duration;

use clap::Args;
use llmspell_bridge::{SandboxLimits, parse_duration, parse_size};

/// The limits of one script, and its arguments.
#[derive(Debug, Args)]
pub(crate) struct ScriptArguments {
    /// How long one run may take, such as `250ms` or `2s`
    #[arg(long, value_name = "D", value_parser = parse_duration)]
    timeout: Option<Duration>,
    /// How much memory the script may use, such as `64MiB`
    #[arg(long, value_name = "N", value_parser = parse_size)]
    memory: Option<usize>,
    /// Arguments of the script: `arg` in Lua, `args` in JavaScript
    #[arg(last = true, value_name = "ARGS")]
    pub(crate) arguments: Vec<String>,
}

impl ScriptArguments {
    /// The limits of the settings, changed by what the command line says.
    pub(crate) fn limits(&self, settings: &SandboxLimits) -> SandboxLimits {
        SandboxLimits {
            timeout: self.timeout.or(settings.timeout),
            memory: self.memory.unwrap_or(settings.memory),
            stack: settings.stack,
        }
    }
}
