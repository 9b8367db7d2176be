//! The `llmspell-host` program: runs policy scripts, evaluates events, and does whatever else `llmspell` is asked for.

use std::process::ExitCode;

fn main() -> ExitCode {
    llmspell_cli::host()
}
