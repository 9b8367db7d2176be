//! The `llmspell` program: starts quickly and answers hooks.

use std::process::ExitCode;

fn main() -> ExitCode {
    llmspell_cli::front()
}
