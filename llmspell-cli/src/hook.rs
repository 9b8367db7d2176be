//! `llmspell hook`: one event in, one reply on the wire of the agent that asks.
//!
//! The refusal is made before anything else is done, and whatever goes wrong ends in it. An allow is written only when
//! everything has succeeded.

mod answer;
mod budget;
mod deciding;
mod event;
mod last_resort;
mod place;
mod recording;

use std::ffi::OsString;
use std::io::{IsTerminal as _, stdin};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use clap::{Args, Parser};
use llmspell_engine::Harness;

use crate::project_options::{MachineArguments, harness};
use answer::Answer;
pub(crate) use budget::Budget;

/// What `llmspell hook` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    /// The agent that asks: claude, cursor, factory or opencode
    #[arg(long, value_name = "H", value_parser = harness)]
    harness: Harness,
    /// The directory with `.cupcake` [default: the agent's own project directory, else here or the nearest one above]
    #[arg(long, value_name = "DIR")]
    project: Option<PathBuf>,
    #[command(flatten)]
    machine: MachineArguments,
}

const EXAMPLE: &str = "\
The event comes on standard input, the reply goes to standard output. Whatever goes wrong is a refusal.

Example:
  echo '{\"hook_event_name\":\"PreToolUse\",\"tool_name\":\"Bash\",\"tool_input\":{\"command\":\"ls\"}}' |
    llmspell hook --harness claude --project examples/policy_gate";

/// The command by itself: the whole program's command line takes longer to set up than to decide.
#[derive(Debug, Parser)]
#[command(name = "llmspell hook")]
struct Program {
    #[command(flatten)]
    arguments: Arguments,
}

/// Whether the command line asks for this command.
pub(crate) fn is_meant(words: &[OsString]) -> bool {
    words.get(1).is_some_and(|word| word == "hook")
}

/// Runs the command, and ends the process with its answer.
pub(crate) fn main(words: &[OsString]) -> ! {
    // The wire is known before the command line is understood, if it says so at all.
    let mut answer = Answer::prepare(named_harness(words));
    // A panic is answered below, and told there.
    std::panic::set_hook(Box::new(|_| {}));
    let parsed = Program::try_parse_from(words.iter().skip(1));
    let arguments = match parsed {
        Ok(program) => program.arguments,
        Err(help) if !help.use_stderr() && stdin().is_terminal() => help.exit(),
        Err(error) => answer.refuse(&command_line_fault(&error)),
    };
    let decided = catch_unwind(AssertUnwindSafe(|| {
        deciding::reply(&arguments, &mut answer)
    }));
    match decided {
        Ok(Ok(reply)) => Answer::give(&reply),
        Ok(Err(reason)) => answer.refuse(&reason),
        Err(_) => answer.refuse("llmspell broke down while it decided: this is a bug"),
    }
}

/// The harness that the words name, wherever it stands; none, if they name none that is known.
fn named_harness(words: &[OsString]) -> Option<Harness> {
    let mut words = words.iter().filter_map(|word| word.to_str());
    let mut named = None;
    while let Some(word) = words.next() {
        if word == "--harness" {
            named = words.next();
        } else if let Some(name) = word.strip_prefix("--harness=") {
            named = Some(name);
        }
    }
    named.and_then(Harness::from_name)
}

/// The first line of what is wrong with the command line, and what to do.
fn command_line_fault(error: &clap::Error) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    let fault = line
        .strip_prefix("error: ")
        .unwrap_or("this is no event's hook");
    format!(
        "{fault}; correct the hook's command in the agent's settings, or run `llmspell init --harness H` again"
    )
}
