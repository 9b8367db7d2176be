//! `llmspell hook`: one event in, one reply on the wire of the agent that asks.
//!
//! The refusal is made before anything else is done, and whatever goes wrong ends in it. An allow is written only when
//! everything has succeeded.
//!
//! The same runs in two programs: one starts quickly and does what most hooks need, and hands the others over.

mod answer;
mod budget;
mod command_line;
mod deciding;
mod event;
#[cfg(target_os = "linux")]
mod handing_over;
mod last_resort;
mod place;
mod program;
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

use clap::Args;
use llmspell_engine::{Harness, Reply};

use crate::project_options::{MachineArguments, harness};
use answer::Answer;
pub(crate) use budget::Budget;
use command_line::{Unread, named_harness, no_event};
pub(crate) use deciding::{Call, reason, settle};
pub(crate) use program::Program;

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

/// Whether the command line asks for this command.
pub(crate) fn is_meant(words: &[OsString]) -> bool {
    words.get(1).is_some_and(|word| word == "hook")
}

/// Runs the command, and ends the process with its answer.
pub(crate) fn main(words: &[OsString], program: &Program) -> ! {
    // A panic is answered below, and told there.
    std::panic::set_hook(Box::new(|_| {}));
    // The wire is known before the command line is understood, if it says so at all.
    let prepared = catch_unwind(|| Answer::prepare(named_harness(words)));
    let Ok(mut answer) = prepared else {
        last_resort::end(answer::BLOCKED)
    };
    let decided = catch_unwind(AssertUnwindSafe(|| decide(words, program, &mut answer)));
    match decided {
        Ok(Ok(reply)) => Answer::give(&reply),
        Ok(Err(reason)) => answer.refuse(&reason),
        Err(_) => answer.refuse(BROKEN_DOWN),
    }
}

/// The reply to the event, or why there is none.
fn decide(words: &[OsString], program: &Program, answer: &mut Answer) -> Result<Reply, String> {
    match ((program.read)(words), program.hand_over) {
        (Ok(arguments), _) => deciding::reply(&arguments, program, answer),
        (Err(Unread::Elsewhere), Some(hand_over)) => Err(hand_over(None)),
        (Err(Unread::Help(help)), _) if stdin().is_terminal() => show(&help),
        (Err(Unread::Fault(fault)), _) => Err(fault),
        (Err(Unread::Help(_) | Unread::Elsewhere), _) => Err(no_event()),
    }
}

/// Shows the help to whoever asks for it; an agent never does.
fn show(help: &str) -> ! {
    last_resort::begin();
    last_resort::write_output(help.as_bytes());
    last_resort::end(0)
}
