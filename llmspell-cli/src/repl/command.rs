//! The commands of the prompt: a dot, a word, and what belongs to it.

use llmspell_utils::nearest;

use crate::failure::Failure;

/// What a command is called, what it takes, and what it does.
pub(super) struct Description {
    pub(super) name: &'static str,
    arguments: &'static str,
    text: &'static str,
}

impl Description {
    fn shown(&self) -> String {
        format!(".{}", self.name)
    }
}

/// A command that was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Command<'a> {
    pub(super) name: &'static str,
    pub(super) arguments: &'a str,
}

macro_rules! descriptions {
    ($(($name:literal, $arguments:literal, $text:literal)),* $(,)?) => {
        &[$(Description { name: $name, arguments: $arguments, text: $text }),*]
    };
}

/// All commands, in the order of the help.
pub(super) const COMMANDS: &[Description] = descriptions![
    ("help", "[COMMAND]", "shows this, or what one command does"),
    ("load", "FILE", "runs a script, whose variables stay"),
    (
        "reload",
        "",
        "reads the project and the loaded script again, and starts afresh"
    ),
    (
        "project",
        "[DIR]",
        "shows the project, or changes to another one and starts afresh"
    ),
    ("eval", "FILE|JSON [--json]", "decides about an event"),
    ("event", "FILE|JSON [--json]", "the same as .eval"),
    (
        "explain",
        "FILE|JSON",
        "shows which policies an event reaches, and why not the others"
    ),
    (
        "time",
        "[N] EXPR|@EVENT",
        "measures N runs of an expression or an event"
    ),
    (
        "profile",
        "[N] EXPR|@EVENT [FORMAT:FILE]",
        "measures N runs, and shows where the time goes"
    ),
    (
        "compare",
        "[N] A -- B",
        "measures two expressions or events in turn"
    ),
    (
        "level",
        "[LEVEL]",
        "shows or sets the level of debug messages"
    ),
    (
        "filter",
        "[SPEC|clear]",
        "shows, sets or clears the filter of debug messages"
    ),
    ("entries", "[N]", "shows the latest debug messages"),
    (
        "lang",
        "[lua|js]",
        "shows or changes the language; each keeps its variables"
    ),
    ("quit", "", "ends the program, as Ctrl-D does"),
];

/// The command that a line is, if it is one: in both languages no input begins with a dot and a letter.
pub(super) fn parse(line: &str) -> Option<Result<Command<'_>, Failure>> {
    let rest = line.trim().strip_prefix('.')?;
    if !rest.starts_with(|c: char| c.is_alphabetic()) {
        return None;
    }
    let (name, arguments) = rest
        .split_once(char::is_whitespace)
        .map_or((rest, ""), |(name, arguments)| (name, arguments.trim()));
    Some(named(name).map(|name| Command { name, arguments }))
}

fn named(name: &str) -> Result<&'static str, Failure> {
    let name = match name {
        "exit" => "quit",
        name => name,
    };
    let known = COMMANDS.iter().find(|known| known.name == name);
    known.map(|known| known.name).ok_or_else(|| {
        let name = llmspell_utils::debug::escaped(name);
        let names: Vec<String> = COMMANDS.iter().map(Description::shown).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let name = format!(".{name}");
        Failure::fault(
            format_args!("there is no command `{name}`"),
            format_args!("{}; `.help` lists them", nearest(&name, &names)),
        )
    })
}

/// What all commands do, or one.
pub(super) fn help(name: &str) -> Result<String, Failure> {
    let name = name.strip_prefix('.').unwrap_or(name);
    let one = match name {
        "" => None,
        name => Some(named(name)?),
    };
    let wanted = COMMANDS
        .iter()
        .filter(|known| one.is_none_or(|name| known.name == name));
    let mut text: String = wanted.map(line).collect();
    if one.is_none() {
        text.push_str(HELP_END);
    }
    Ok(text)
}

const HELP_END: &str = "
An EVENT is a file with one JSON object. Formats are folded, speedscope, trace, svg, json and text.
Tab completes names, Ctrl-C stops what runs, an arrow up brings earlier inputs back.
";

fn line(command: &Description) -> String {
    let usage = format!(".{} {}", command.name, command.arguments);
    format!("  {usage:<39}{}\n", command.text)
}

/// The help about wrong arguments of a command.
pub(super) fn usage(name: &str) -> String {
    let known = COMMANDS.iter().find(|known| known.name == name);
    known.map_or_else(String::new, |known| {
        format!("write `.{} {}`", known.name, known.arguments)
    })
}
