//! `llmspell repl`: a prompt for both languages, with the project's policies and the debug infrastructure.

mod command;
mod doing;
mod editor;
mod highlight;
mod history;
mod inputs;
mod session;
mod shown;

use std::cell::RefCell;
use std::io::{BufRead as _, IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use llmspell_bridge::{Language, parse_duration, parse_size};
use llmspell_engine::Project;
use rustyline::error::ReadlineError;

use self::doing::{Done, language, obey};
use self::editor::{Prompt, editor};
use self::session::Session;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::project_options::MachineArguments;
use crate::settings::{Settings, find_project};
use crate::stop_switch::StopSwitch;

/// How long a line of standard input may be, in bytes: no script is longer.
const LONGEST_LINE: u64 = 1 << 20;

/// What `llmspell repl` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    /// The language at the beginning: lua or js
    #[arg(long, value_name = "LANG", value_parser = language, default_value = "lua")]
    lang: Language,
    /// The directory with `.cupcake` [default: here or the nearest one above]
    #[arg(long, value_name = "DIR")]
    project: Option<PathBuf>,
    #[command(flatten)]
    machine: MachineArguments,
    /// Which debug messages are shown, such as `debug` or `info,policy.*=trace`
    #[arg(long, value_name = "SPEC")]
    debug: Option<String>,
    /// How long one input may run, such as `250ms` or `2s` [default: until Ctrl-C]
    #[arg(long, value_name = "D", value_parser = parse_duration)]
    timeout: Option<Duration>,
    /// How much memory the scripts of a language may use, such as `64MiB`
    #[arg(long, value_name = "N", value_parser = parse_size)]
    memory: Option<usize>,
}

const EXAMPLE: &str = "\
Example:
  llmspell repl --lang js --project examples/policy_gate
  echo 'Cupcake.version()' | llmspell repl

Ctrl-C stops what runs, Ctrl-D ends the program. Inputs are kept in the file that LLMSPELL_HISTORY
names, an empty name keeps none; what begins with a blank is not kept. From a pipe, the first error
ends the program with 1.";

/// Runs the command.
pub(crate) fn repl(arguments: &Arguments) -> Result<Exit, Failure> {
    let here = Path::new(".");
    arguments.machine.check()?;
    let project = find_project(arguments.project.as_deref(), here)?;
    let settings = Settings::load(project.as_ref().map_or(here, Project::root))?;
    settings.configure_debug(arguments.debug.as_deref())?;
    let mut limits = settings.script.limits;
    // Somebody who waits can press Ctrl-C, and somebody who reads a value must not be hurried.
    limits.timeout = arguments.timeout;
    limits.memory = arguments.memory.unwrap_or(limits.memory);
    let stop = Arc::new(StopSwitch::default());
    let session = Session::new(
        project,
        arguments.machine.clone(),
        arguments.lang,
        limits,
        Arc::clone(&stop),
    );
    let session = Rc::new(RefCell::new(session));
    let is_terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let exit = if is_terminal {
        stop.listen()?;
        talk(&session)
    } else {
        follow(&session)
    };
    let flushed = borrowed(&session, |session| session.flush());
    let exit = exit?;
    flushed.map(|()| exit)
}

fn borrowed<T>(
    session: &RefCell<Session>,
    body: impl FnOnce(&mut Session) -> Result<T, Failure>,
) -> Result<T, Failure> {
    match session.try_borrow_mut() {
        Ok(mut session) => body(&mut session),
        Err(error) => Err(Failure::internal(error)),
    }
}

/// Reads inputs from a person until they have had enough.
fn talk(session: &Rc<RefCell<Session>>) -> Result<Exit, Failure> {
    let mut editor = editor(session)?;
    let history = history::file();
    if let Some(file) = &history {
        // There is none the first time.
        let _ = editor.load_history(file);
    }
    let version = env!("CARGO_PKG_VERSION");
    say(&format!(
        "llmspell {version}: .help lists the commands, Ctrl-D ends\n"
    ))?;
    loop {
        let prompt = borrowed(session, |session| Ok(prompt(session.language())))?;
        match editor.readline(prompt) {
            Ok(input) => {
                remember(&mut editor, history.as_deref(), &input);
                match answer(session, &input) {
                    Ok(Done::Answer(shown)) => say(&shown)?,
                    Ok(Done::Quit) => return Ok(Exit::Done),
                    Err(failure) => {
                        failure.report();
                    }
                }
            }
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => return Ok(Exit::Done),
            Err(error) => {
                return Err(Failure::internal(format_args!(
                    "the terminal cannot be read: {error}"
                )));
            }
        }
    }
}

const fn prompt(language: Language) -> &'static str {
    match language {
        Language::Lua => "lua> ",
        Language::JavaScript => "js> ",
    }
}

/// Keeps an input for later sessions, unless it holds a secret. That it cannot be kept is no reason to hold anybody up.
fn remember(editor: &mut Prompt, file: Option<&Path>, input: &str) {
    let redactor = llmspell_utils::debug::global().redactor();
    let is_kept = input.len() <= history::LONGEST_INPUT && !input.trim().is_empty();
    if !is_kept || redactor.text(input) != input {
        return;
    }
    let added = editor.add_history_entry(input);
    if let (Ok(true), Some(file)) = (added, file) {
        let _ = editor.append_history(file);
    }
}

/// What an input or a command gives.
fn answer(session: &RefCell<Session>, input: &str) -> Result<Done, Failure> {
    if input.trim().is_empty() {
        return Ok(Done::Answer(String::new()));
    }
    borrowed(session, |session| {
        if let Some(news) = session.follow_project() {
            tell(&news)?;
        }
        match command::parse(input) {
            Some(command) => obey(session, command?),
            None => session.enter(input).map(Done::Answer),
        }
    })
}

/// Reads inputs from a pipe or a file. The first one that fails ends it.
fn follow(session: &RefCell<Session>) -> Result<Exit, Failure> {
    let mut lines = std::io::stdin().lock();
    let mut input = String::new();
    loop {
        let mut line = String::new();
        let read = lines.by_ref().take(LONGEST_LINE).read_line(&mut line);
        let length = read.map_err(|error| {
            Failure::fault(
                format_args!("standard input cannot be read: {error}"),
                "write text in UTF-8",
            )
        })?;
        if length as u64 >= LONGEST_LINE && !line.ends_with('\n') {
            // What comes next is the rest of this line, and no input of its own.
            return Err(Failure::fault(
                format_args!("a line of standard input is longer than {LONGEST_LINE} bytes"),
                "write shorter lines, or a script for `llmspell run`",
            ));
        }
        let is_end = length == 0;
        input.push_str(&line);
        let waits = !is_end
            && command::parse(&input).is_none()
            && borrowed(session, |session| Ok(session.is_incomplete(&input)))?;
        if waits {
            continue;
        }
        match answer(session, input.trim_end_matches(['\n', '\r']))? {
            Done::Answer(shown) => say(&shown)?,
            Done::Quit => return Ok(Exit::Done),
        }
        if is_end {
            return Ok(Exit::Done);
        }
        input.clear();
    }
}

/// Tells on standard error what is no answer.
fn tell(news: &str) -> Result<(), Failure> {
    writeln!(std::io::stderr(), "{news}")
        .map_err(|error| Failure::internal(format_args!("nothing can be told: {error}")))
}

/// Writes to standard output at once, so that it stands before what comes next on standard error.
fn say(text: &str) -> Result<(), Failure> {
    let mut output = std::io::stdout().lock();
    let written = output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush());
    written
        .map_err(|error| Failure::internal(format_args!("the answer cannot be written: {error}")))
}
