//! The command line of everything that the program does.

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::exit::Exit;
use crate::failure::Failure;
#[cfg(unix)]
use crate::serve;
use crate::{
    audit, check, doctor, eval, hook, init, inspect, opa, profile, record, recording, repl, run,
    settings, test_command, trust,
};

/// Runs policy scripts in Lua and JavaScript, and evaluates agent events against Cupcake policies.
#[derive(Debug, Parser)]
#[command(name = "llmspell", version, propagate_version = true, after_help = EXIT_CODES)]
struct Program {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  done; for `eval`: allow, ask or modify
  1  the input or the project is at fault
  2  denied: halt, deny or block
  3  an internal fault";

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs a Lua or JavaScript script
    Run(run::Arguments),
    /// Decides about one event
    Eval(eval::Arguments),
    /// Answers an agent's hook on the agent's own wire
    Hook(hook::Arguments),
    /// Keeps projects warm for the hooks of many agents
    #[cfg(unix)]
    Serve(serve::Arguments),
    /// Makes a project that works as it is
    Init(init::Arguments),
    /// Says what is wrong with a project
    Check(check::Arguments),
    /// Proves that a denial reaches the agents, and says what is in its way
    Doctor(doctor::Arguments),
    /// Shows what a project holds
    Inspect(inspect::Arguments),
    /// Runs the tests of policies
    Test(test_command::Arguments),
    /// Opens a prompt
    Repl(repl::Arguments),
    /// Measures a script or the decisions about an event
    Profile(profile::Arguments),
    /// Runs a command and records what happens
    Record(record::Arguments),
    /// Shows what a recording holds
    Recording(recording::Arguments),
    /// Brings the program that compiles Rego to WebAssembly
    Opa(opa::Arguments),
    /// Signs a project, and says what of it is signed
    Trust(trust::Arguments),
    /// Shows the audit log, and says whether it is as it was written
    Audit(audit::Arguments),
}

/// The `main` of the program that does everything.
#[must_use]
pub fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    if hook::is_meant(&words) {
        hook::main(&words, &hook::Program::host());
    }
    let program = match Program::try_parse_from(&words) {
        Ok(program) => program,
        Err(error) => return usage(&error).into(),
    };
    // A panic is a bug, and must neither look like an answer nor like a denial.
    let result = std::panic::catch_unwind(|| match program.command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Eval(arguments) => eval::eval(&arguments),
        #[cfg(unix)]
        Command::Serve(arguments) => serve::serve(&arguments),
        // A hook has a way of its own, above: it never comes here.
        Command::Hook(_) => Err(Failure::internal("`hook` stands first on its command line")),
        Command::Init(arguments) => init::init(&arguments),
        Command::Check(arguments) => check::check(&arguments),
        Command::Doctor(arguments) => doctor::doctor(&arguments),
        Command::Inspect(arguments) => inspect::inspect(&arguments),
        Command::Test(arguments) => test_command::test(&arguments),
        Command::Repl(arguments) => repl::repl(&arguments),
        Command::Profile(arguments) => profile::profile(&arguments),
        Command::Record(arguments) => record::record(arguments, recorded),
        Command::Recording(arguments) => recording::recording(&arguments),
        Command::Opa(arguments) => opa::opa(&arguments),
        Command::Trust(arguments) => trust::trust(&arguments),
        Command::Audit(arguments) => audit::audit(&arguments),
    });
    settings::flush_debug();
    let exit = match result {
        Ok(Ok(exit)) => exit,
        Ok(Err(failure)) => failure.report(),
        Err(_) => {
            Failure::internal("this is a bug in llmspell; the panic message is above").report()
        }
    };
    exit.into()
}

/// Runs the command that `record` was told.
fn recorded(command: Vec<OsString>) -> Result<Exit, Failure> {
    let words = std::iter::once(OsString::from("llmspell")).chain(command);
    match Program::try_parse_from(words).map(|program| program.command) {
        Ok(Command::Run(arguments)) => run::run(&arguments),
        Ok(Command::Eval(arguments)) => eval::eval(&arguments),
        Ok(_) => Err(Failure::fault(
            "only `run` and `eval` can be recorded",
            "write `llmspell record -- run SCRIPT`",
        )),
        Err(error) => Ok(usage(&error)),
    }
}

/// Shows help, the version or what is wrong with the command line. The parser's own exit code for a
/// wrong command line is 2, which here means a denial.
fn usage(error: &clap::Error) -> Exit {
    let shown = error.print().and_then(|()| std::io::stdout().flush());
    match (error.use_stderr(), shown) {
        (false, Ok(())) => Exit::Done,
        _ => Exit::Fault,
    }
}
