//! What well-known tools do to the paths that they are given.

mod archive;
mod files;
mod git;
mod readers;

use super::walk::{Input, Walker};
use super::word::{Piece, Word};
use super::wrapper;

pub(crate) use git::command_at as git_command_at;

/// What is done to one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Effect {
    pub(crate) kind: EffectKind,
    /// The path, beneath the directory in which the command runs.
    pub(crate) path: Word,
    /// The path as it was written.
    pub(crate) written: Word,
    /// Whether everything beneath the path is concerned.
    pub(crate) is_recursive: bool,
    /// Whether names beneath the path are made that nobody names here.
    pub(crate) brings_names: bool,
    /// Whether only paths are concerned that are there already.
    pub(crate) is_existing: bool,
    /// The tool, or `>`.
    pub(crate) program: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EffectKind {
    Read,
    Write,
    Delete,
    /// A second way to the path is made.
    Link,
    Execute,
    /// A tool that is not known gets the path, and may write it.
    Touch,
}

impl EffectKind {
    /// Whether the path may be another one afterwards.
    pub(crate) const fn changes(self) -> bool {
        matches!(self, Self::Write | Self::Delete | Self::Link | Self::Touch)
    }
}

impl Effect {
    pub(super) fn new(kind: EffectKind, path: Word, program: &str) -> Self {
        Self {
            kind,
            written: path.clone(),
            path,
            is_recursive: false,
            brings_names: false,
            is_existing: false,
            program: program.to_owned(),
        }
    }
}

impl Effect {
    /// Whether a path is changed for certain that is only known when the command runs.
    pub(crate) fn hides_change(&self) -> bool {
        self.path.is_computed() && self.kind.changes() && self.kind != EffectKind::Touch
    }

    /// What a tool of an agent does to a path.
    pub(crate) fn of_tool(kind: EffectKind, path: Word, tool: &str) -> Self {
        Self::new(kind, path, tool)
    }
}

/// One call of a program.
#[derive(Debug)]
pub(super) struct Call<'w> {
    pub(super) program: &'w str,
    pub(super) words: &'w [Word],
}

impl<'w> Call<'w> {
    pub(super) const fn new(program: &'w str, words: &'w [Word]) -> Self {
        Self { program, words }
    }

    pub(super) fn arguments(&self) -> &'w [Word] {
        self.words.get(1..).unwrap_or_default()
    }

    /// The arguments that are no options; all of them behind `--`.
    pub(super) fn operands(&self) -> Vec<&'w Word> {
        self.operands_without(&[])
    }

    /// The operands where these options take the next argument.
    pub(super) fn operands_without(&self, valued: &[&str]) -> Vec<&'w Word> {
        let mut operands = Vec::new();
        let mut arguments = self.arguments().iter();
        let mut all = false;
        while let Some(word) = arguments.next() {
            if all || !word.is_option() {
                operands.push(word);
            } else if word.plain() == "--" {
                all = true;
            } else if valued.contains(&word.plain()) {
                arguments.next();
            }
        }
        operands
    }

    /// Whether one of these letters stands in a group of short options, or one of these long options is there, which
    /// may be cut short.
    pub(super) fn has(&self, letters: &str, long: &[&str]) -> bool {
        self.arguments()
            .iter()
            .take_while(|word| word.plain() != "--")
            .any(|word| {
                let text = word.start();
                match text.strip_prefix("--") {
                    Some(name) => {
                        let name = name.split('=').next().unwrap_or_default();
                        name.len() > 2 && long.iter().any(|long| long.starts_with(name))
                    }
                    None => {
                        text.starts_with('-')
                            && text.chars().skip(1).any(|letter| letters.contains(letter))
                    }
                }
            })
    }

    /// The value of an option: `-o x`, `-ox`, `--long x` or `--long=x`.
    pub(super) fn value(&self, short: &str, long: &str) -> Option<Word> {
        let mut arguments = self.arguments().iter();
        while let Some(word) = arguments.next() {
            if (!short.is_empty() && word.plain() == short)
                || (!long.is_empty() && word.plain() == long)
            {
                return arguments.next().cloned();
            }
            if !long.is_empty()
                && let Some(value) = word.without_start(&format!("{long}="))
            {
                return Some(value);
            }
            // The letter may stand behind others, and its value right behind it.
            let group = word.start();
            if let Some(letter) = short.chars().nth(1).filter(|_| short.len() == 2)
                && group.starts_with('-')
                && !group.starts_with("--")
                && let Some((_, value)) = word.split_at(letter)
            {
                return if value.pieces().is_empty() {
                    arguments.next().cloned()
                } else {
                    Some(value)
                };
            }
        }
        None
    }
}

/// Notes what a call does, by the tool that it calls.
pub(super) fn of(walker: &mut Walker<'_>, call: &Call<'_>, input: &Input) {
    let is_known = files::note(walker, call)
        || git::note(walker, call, input)
        || archive::note(walker, call, input)
        || readers::note(walker, call);
    if !is_known {
        of_unknown(walker, call);
    }
    if TEXTS.contains(&call.program) {
        let texts = call.arguments().iter();
        let texts = texts.filter(|word| word.start().contains(TEXT_SIGNS));
        walker.activity.code.extend(texts.cloned());
        if let Input::Text(text) = input {
            walker.activity.code.push(text.clone());
        }
    }
}

/// Tools that take commands of their own languages, which can write files.
const TEXTS: [&str; 18] = [
    "sqlite3",
    "sqlite",
    "duckdb",
    "psql",
    "mysql",
    "mariadb",
    "mongosh",
    "redis-cli",
    "gdb",
    "lldb",
    "vi",
    "vim",
    "nvim",
    "ex",
    "ed",
    "emacs",
    "julia",
    "octave",
];
/// What such a command has and a name of a file hardly.
const TEXT_SIGNS: [char; 5] = [' ', '\\', '(', '!', '+'];

/// A tool that nobody knows may write whatever it gets.
pub(super) fn of_unknown(walker: &mut Walker<'_>, call: &Call<'_>) {
    if call.program.is_empty() {
        wrapper::check_hidden(walker, call.words);
    }
    for word in call.arguments() {
        for path in paths_in(word) {
            // Lists of files are given to tools that check them far more often than to those that write.
            if path
                .pieces()
                .iter()
                .any(|piece| matches!(piece, Piece::Beneath | Piece::Visible))
            {
                continue;
            }
            walker.effect(Effect::new(EffectKind::Touch, path, call.program));
        }
    }
}

/// What could be a path in an argument: all of it, what follows `=`, and what follows a letter of an option.
fn paths_in(word: &Word) -> Vec<Word> {
    let text = word.start();
    if text.contains(char::is_whitespace) {
        return Vec::new();
    }
    let mut paths = Vec::new();
    let rest = match word.split_at('=') {
        Some((_, value)) => value,
        None => word.clone(),
    };
    // Lists such as `a:b` and `a,b`.
    let mut rest = rest;
    for _ in 0..16 {
        let Some((first, after)) = rest.split_at(',').or_else(|| rest.split_at(':')) else {
            break;
        };
        paths.push(first);
        rest = after;
    }
    paths.push(rest);
    if text.starts_with('-') && !text.starts_with("--") {
        let letters: String = text.chars().take(2).collect();
        paths.extend(word.without_start(&letters));
    }
    paths.retain(|path| !path.pieces().is_empty() && !path.is_option());
    paths
}
