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
#[cfg(unix)]
mod server;
#[cfg(not(unix))]
#[path = "hook/no_server.rs"]
mod server;

use std::ffi::OsString;
use std::io::{IsTerminal as _, stdin};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use clap::{Args, Parser};
use llmspell_engine::{Harness, Reply};

use crate::project_options::{MachineArguments, harness};
use answer::Answer;
pub(crate) use budget::Budget;
pub(crate) use deciding::{Call, reason, settle};

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

/// What is said of a panic.
const BROKEN_DOWN: &str =
    "llmspell broke down while it decided: run `llmspell doctor`, and report the bug";

/// The command by itself: the whole program's command line takes longer to set up than to decide.
#[derive(Debug, Parser)]
#[command(
    name = "llmspell hook",
    bin_name = "llmspell hook",
    about = "Answers an agent's hook on the agent's own wire"
)]
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
    // A panic is answered below, and told there.
    std::panic::set_hook(Box::new(|_| {}));
    // The wire is known before the command line is understood, if it says so at all.
    let prepared = catch_unwind(|| Answer::prepare(named_harness(words)));
    let Ok(mut answer) = prepared else {
        last_resort::end(answer::BLOCKED)
    };
    let decided = catch_unwind(AssertUnwindSafe(|| decide(words, &mut answer)));
    match decided {
        Ok(Ok(reply)) => Answer::give(&reply),
        Ok(Err(reason)) => answer.refuse(&reason),
        Err(_) => answer.refuse(BROKEN_DOWN),
    }
}

/// The reply to the event, or why there is none.
fn decide(words: &[OsString], answer: &mut Answer) -> Result<Reply, String> {
    match Program::try_parse_from(words.iter().skip(1)) {
        Ok(program) => deciding::reply(&program.arguments, answer),
        Err(help) if !help.use_stderr() && stdin().is_terminal() => show(&help),
        Err(error) => Err(command_line_fault(&error)),
    }
}

/// Shows the help to whoever asks for it; an agent never does.
fn show(help: &clap::Error) -> ! {
    last_resort::begin();
    last_resort::write_output(help.to_string().as_bytes());
    last_resort::end(0)
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
