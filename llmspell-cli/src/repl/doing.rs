//! What the commands of the prompt do.

use std::path::{Path, PathBuf};

use llmspell_bridge::{Language, evaluate_watching_time};
use llmspell_engine::Event;
use llmspell_utils::debug::{self, DebugLevel, EntryFormat, TextFormat, escaped};

use super::command::{self, Command};
use super::session::Session;
use super::shown;
use crate::decision_text::{as_json, as_text};
use crate::failure::Failure;
use crate::input::{parse_event, read_event};
use crate::measure::{
    EventSubject, Input, Measured, SavedProfile, compare, comparison_text, measure,
    measurement_text, most_runs, profile_options,
};
use crate::stop_switch::StopSwitch;

/// How many entries `.entries` shows.
const ENTRIES: usize = 20;

/// How often something is measured.
const RUNS: usize = 100;

/// How many runs one profile has.
const PROFILED_RUNS: usize = 20;

/// What becomes of a command.
pub(super) enum Done {
    /// This is shown.
    Answer(String),
    /// The session ends.
    Quit,
}

/// Does what a command says.
pub(super) fn obey(session: &mut Session, command: Command<'_>) -> Result<Done, Failure> {
    let arguments = command.arguments;
    let answer = match command.name {
        "quit" => return Ok(Done::Quit),
        "help" => command::help(arguments),
        "load" => load(session, required(command)?),
        "reload" => reload(session),
        "project" => project(session, arguments),
        "eval" | "event" => eval(session, required(command)?),
        "explain" => explain(session, required(command)?),
        "time" => time(session, required(command)?),
        "profile" => profile(session, required(command)?),
        "compare" => compare_two(session, required(command)?),
        "level" => level(arguments),
        "filter" => filter(arguments),
        "entries" => entries(arguments),
        "lang" => lang(session, arguments),
        name => Err(Failure::internal(format_args!("nobody does `.{name}`"))),
    };
    answer.map(Done::Answer)
}

fn required(command: Command<'_>) -> Result<&str, Failure> {
    match command.arguments {
        "" => Err(Failure::fault(
            format_args!("`.{}` needs to be told more", command.name),
            command::usage(command.name),
        )),
        arguments => Ok(arguments),
    }
}

fn load(session: &mut Session, file: &str) -> Result<String, Failure> {
    let before = session.language();
    let shown = session.load(Path::new(file))?;
    if session.language() == before {
        return Ok(shown);
    }
    Ok(format!(
        "{shown}the language is {} now\n",
        session.language()
    ))
}

fn reload(session: &mut Session) -> Result<String, Failure> {
    let shown = session.reload()?;
    let mut read = Vec::new();
    if let Some(project) = session.project() {
        read.push(project.root().display().to_string());
    }
    if let Some(script) = session.loaded() {
        read.push(script.display().to_string());
    }
    match read.is_empty() {
        true => Ok("there is nothing to read again; the variables are gone\n".to_owned()),
        false => Ok(format!(
            "{shown}read again: {}\n",
            escaped(&read.join(", "))
        )),
    }
}

fn project(session: &mut Session, path: &str) -> Result<String, Failure> {
    if !path.is_empty() {
        session.change_project(Path::new(path))?;
    }
    let Some(project) = session.project() else {
        return Ok("there is no project; `.project DIR` names one\n".to_owned());
    };
    let root = project.root().display().to_string();
    let count = session.policies()?.policies().len();
    let policies = if count == 1 { "policy" } else { "policies" };
    Ok(format!("{}: {count} {policies}\n", escaped(&root)))
}

/// An event that was named or written out.
fn event(session: &mut Session, source: &str) -> Result<(String, Event), Failure> {
    let limits = *session.policies()?.event_limits();
    if source.starts_with('{') {
        let event = parse_event("event", source.as_bytes(), &limits)?;
        return Ok(("event".to_owned(), event));
    }
    let source = source.strip_prefix('@').unwrap_or(source);
    if source == "-" {
        return Err(Failure::fault(
            "standard input is where the prompt reads its inputs",
            "name a file, or write the event as JSON",
        ));
    }
    let named = read_event(Path::new(source), &limits)?;
    Ok((named.name, named.event))
}

fn eval(session: &mut Session, arguments: &str) -> Result<String, Failure> {
    let (source, is_json) = match arguments.strip_suffix("--json") {
        Some(source) => (source.trim_end(), true),
        None => (arguments, false),
    };
    let (_, event) = event(session, source)?;
    let policies = session.policies()?;
    let decision = evaluate_watching_time(&policies, &event, debug::global());
    match is_json {
        true => as_json(&decision),
        false => Ok(as_text(&decision)),
    }
}

fn explain(session: &mut Session, source: &str) -> Result<String, Failure> {
    let (name, event) = event(session, source)?;
    let policies = session.policies()?;
    let decision = policies.evaluate(&event);
    let mut subject = EventSubject::new(&name, policies.clone(), event.clone(), false);
    let measured = measure(&mut subject, 1, &mut |_| true)?;
    let text = as_text(&decision);
    let list = policies.policies();
    Ok(shown::explanation(
        &text, &decision, &event, &list, &measured,
    ))
}

/// A number of runs at the front of arguments, if more follows it.
fn runs(arguments: &str, usual: usize) -> Result<(usize, &str), Failure> {
    let Some((first, rest)) = arguments.split_once(char::is_whitespace) else {
        // A number by itself is an expression that nobody measures, and what one types who forgot it.
        return match arguments.parse::<usize>() {
            Ok(runs) => Err(Failure::fault(
                format_args!("there is nothing to measure {runs} times"),
                "write an expression, or `@` and the file of an event, behind the number",
            )),
            Err(_) => Ok((usual, arguments)),
        };
    };
    let Ok(runs) = first.parse::<usize>() else {
        return Ok((usual, arguments));
    };
    // `2 + 2` is an expression, and `2 x` is not.
    let rest = rest.trim_start();
    if rest.starts_with(|c: char| "+-*/%^<>=~.,&|?:".contains(c)) {
        return Ok((usual, arguments));
    }
    if runs == 0 || runs > most_runs() {
        return Err(Failure::fault(
            format_args!("{runs} runs cannot be measured"),
            format_args!("measure 1 to {} runs", most_runs()),
        ));
    }
    Ok((runs, rest))
}

/// An event that is named with `@`, or an input.
fn subject(
    session: &mut Session,
    text: &str,
    is_profiled: bool,
) -> Result<Box<dyn Measured>, Failure> {
    if let Some(file) = text.strip_prefix('@') {
        let (name, event) = event(session, file)?;
        let policies = session.policies()?;
        return Ok(Box::new(EventSubject::new(
            &name,
            policies,
            event,
            is_profiled,
        )));
    }
    let host = session.host()?;
    let options = is_profiled.then(|| profile_options(text, false));
    Ok(Box::new(Input::new(session.input(text), host, options)))
}

fn goes_on(stop: &StopSwitch) -> impl FnMut(usize) -> bool {
    |_| !stop.is_pressed()
}

fn time(session: &mut Session, arguments: &str) -> Result<String, Failure> {
    let (runs, text) = runs(arguments, RUNS)?;
    let mut subject = subject(session, text, false)?;
    let measured = session.measured(|stop| measure(&mut *subject, runs, &mut goes_on(stop)))?;
    Ok(measurement_text(&measured))
}

fn profile(session: &mut Session, arguments: &str) -> Result<String, Failure> {
    let (runs, text) = runs(arguments, PROFILED_RUNS)?;
    let (text, saved) = saved(text);
    let mut subject = subject(session, text, true)?;
    let measured = session.measured(|stop| measure(&mut *subject, runs, &mut goes_on(stop)))?;
    let mut shown = measurement_text(&measured);
    if let (Some(saved), Some(profile)) = (saved, &measured.profile) {
        saved.write(profile)?;
        shown.push_str(&format!("saved to {}\n", escaped(&saved.shown())));
    }
    Ok(shown)
}

/// `FORMAT:FILE` at the end of arguments.
fn saved(arguments: &str) -> (&str, Option<SavedProfile>) {
    let Some((text, last)) = arguments.rsplit_once(char::is_whitespace) else {
        return (arguments, None);
    };
    match last.parse() {
        // A call such as `json:encode(x)` of Lua is no file.
        Ok(saved) if !last.contains(['(', ')']) => (text.trim_end(), Some(saved)),
        _ => (arguments, None),
    }
}

fn compare_two(session: &mut Session, arguments: &str) -> Result<String, Failure> {
    let (runs, text) = runs(arguments, RUNS)?;
    // Two dashes begin a comment of Lua, and with a blank after them they part the two.
    let Some((first, second)) = text.split_once(" -- ") else {
        return Err(Failure::fault(
            "`.compare` needs two things to compare",
            command::usage("compare"),
        ));
    };
    let mut first = subject(session, first.trim(), false)?;
    let mut second = subject(session, second.trim(), false)?;
    let pair =
        session.measured(|stop| compare([&mut *first, &mut *second], runs, &mut goes_on(stop)))?;
    Ok(comparison_text(&pair))
}

fn level(name: &str) -> Result<String, Failure> {
    let manager = debug::global();
    if !name.is_empty() {
        let level: DebugLevel = name.parse().map_err(|error| {
            Failure::fault(
                error,
                "levels are `off`, `error`, `warn`, `info`, `debug` and `trace`",
            )
        })?;
        manager.set_level(level);
    }
    Ok(format!("the level is {}\n", manager.level()))
}

fn filter(directive: &str) -> Result<String, Failure> {
    let manager = debug::global();
    match directive {
        "" => {}
        "clear" => manager.clear_filters(),
        directive => manager.set_directive(directive).map_err(|error| {
            Failure::fault(
                error,
                "write levels and modules such as `debug` or `info,policy.*=trace`",
            )
        })?,
    }
    let summary = manager.filter_summary();
    let others = if summary.default_enabled {
        "may speak"
    } else {
        "are silent"
    };
    let which = if summary.rules.is_empty() {
        "all"
    } else {
        "all other"
    };
    let mut text = format!(
        "the level is {}; {which} modules {others}\n",
        manager.level()
    );
    for rule in &summary.rules {
        text.push_str(&format!("  {}={}\n", escaped(&rule.pattern), rule.action));
    }
    Ok(text)
}

fn entries(limit: &str) -> Result<String, Failure> {
    let limit = match limit {
        "" => ENTRIES,
        limit => limit.parse().map_err(|_| {
            Failure::fault(
                format_args!("`{}` is no number of entries", escaped(limit)),
                command::usage("entries"),
            )
        })?,
    };
    let entries = debug::global().captured_shared(Some(limit));
    if entries.is_empty() {
        return Ok("no entry was captured\n".to_owned());
    }
    let format = TextFormat::new();
    let lines = entries.iter().map(|entry| format.line(entry) + "\n");
    Ok(lines.collect())
}

fn lang(session: &mut Session, name: &str) -> Result<String, Failure> {
    match language(name) {
        _ if name.is_empty() => {}
        Ok(language) => session.speak(language),
        Err(why) => return Err(Failure::fault(why, command::usage("lang"))),
    }
    Ok(format!("the language is {}\n", session.language()))
}

/// The language of a name or of a file's ending.
pub(super) fn language(name: &str) -> Result<Language, String> {
    match name.to_ascii_lowercase().as_str() {
        "javascript" => Ok(Language::JavaScript),
        name => Language::of_path(&PathBuf::from(format!("script.{name}")))
            .ok_or_else(|| "expected lua or js".to_owned()),
    }
}
