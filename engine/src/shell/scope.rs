//! What a shell knows at one point of a script: variables, arguments, functions and the directory.

use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;

use super::syntax::{Node, RawWord};
use super::word::{Open, Word};
use super::{Surroundings, fold};

/// Values that one variable may have; more of them stand for anything.
const MAX_VALUES: usize = 16;
/// Directories in which a command may run.
const MAX_DIRECTORIES: usize = 4;

/// Variables in which agents and shells tell directories.
const PROJECT_VARIABLES: [&str; 3] = [
    "CLAUDE_PROJECT_DIR",
    "FACTORY_PROJECT_DIR",
    "CUPCAKE_PROJECT_DIR",
];
/// Variables that hold a number or a name.
const NAME_VARIABLES: [&str; 14] = [
    "?", "$", "#", "!", "-", "RANDOM", "SECONDS", "UID", "EUID", "PPID", "LINENO", "HOSTNAME",
    "OSTYPE", "BASHPID",
];

/// A function or an alias, with the here-documents of the text that it stands in.
#[derive(Debug, Clone)]
pub(super) struct Function {
    pub(super) body: Rc<Node>,
    pub(super) documents: Rc<Vec<RawWord>>,
}

#[derive(Debug, Clone)]
pub(super) struct Scope {
    /// The values that a variable may have, one or more.
    variables: HashMap<String, Vec<Word>>,
    /// The arguments, unless they come from outside.
    pub(super) arguments: Option<Vec<Word>>,
    pub(super) functions: HashMap<String, Function>,
    pub(super) directories: Vec<Word>,
    /// Whether `cd -` has a meaning yet.
    previous: Vec<Word>,
    /// How many branches and loops are open, in which nothing is certain to happen.
    pub(super) uncertain: usize,
    /// `set -e`: a command that fails ends the script.
    pub(super) stops_at_errors: bool,
    pub(super) finds_hidden_files: bool,
    home: String,
    project: String,
}

impl Scope {
    pub(super) fn new(surroundings: &Surroundings) -> Self {
        let directory = if surroundings.directory.is_empty() {
            Word::open(Open::Outside)
        } else {
            Word::text(surroundings.directory.as_str())
        };
        Self {
            variables: HashMap::new(),
            arguments: None,
            functions: HashMap::new(),
            directories: vec![directory],
            previous: Vec::new(),
            uncertain: 0,
            stops_at_errors: false,
            finds_hidden_files: false,
            home: surroundings.home.clone(),
            project: surroundings.project.clone(),
        }
    }

    /// The values that a variable may have.
    pub(super) fn values(&self, name: &str) -> Vec<Word> {
        if let Some(values) = self.variables.get(name) {
            return values.clone();
        }
        let value = match name {
            "PWD" => return self.directories.clone(),
            "OLDPWD" if !self.previous.is_empty() => return self.previous.clone(),
            "HOME" => self.home(),
            "IFS" => Word::text(" \t\n"),
            "TMPDIR" => Word::open(Open::Outside),
            // The last argument of the command before, which nobody keeps.
            "_" | "BASH_COMMAND" | "REPLY" => Word::open(Open::Computed),
            name if PROJECT_VARIABLES.contains(&name) && !self.project.is_empty() => {
                Word::text(self.project.as_str())
            }
            name if NAME_VARIABLES.contains(&name) => Word::open(Open::Name),
            "@" | "*" => {
                return self
                    .arguments
                    .clone()
                    .unwrap_or_else(|| vec![Word::open(Open::Outside)]);
            }
            name => match (name.parse::<usize>(), &self.arguments) {
                (Ok(number), Some(arguments)) if number > 0 => {
                    arguments.get(number - 1).cloned().unwrap_or_default()
                }
                _ => Word::open(Open::Outside),
            },
        };
        vec![value]
    }

    pub(super) fn is_set(&self, name: &str) -> bool {
        self.variables.contains_key(name)
    }

    pub(super) fn home(&self) -> Word {
        if self.home.is_empty() {
            Word::open(Open::Outside)
        } else {
            Word::text(self.home.as_str())
        }
    }

    /// Gives a variable these values, besides those that it had if it is not certain that this happens.
    pub(super) fn assign(&mut self, name: &str, mut values: Vec<Word>) {
        if self.uncertain > 0
            && let Some(before) = self.variables.get(name)
        {
            values.extend(before.iter().cloned());
        }
        values.dedup();
        if values.len() > MAX_VALUES {
            values = vec![Word::open(Open::Computed)];
        }
        self.variables.insert(name.to_owned(), values);
    }

    /// Every variable that the command set, with its values.
    pub(super) fn assigned(&self) -> impl Iterator<Item = (&String, &Vec<Word>)> {
        self.variables.iter()
    }

    /// Takes over what another scope may have instead.
    pub(super) fn join(&mut self, other: Self) {
        for (name, values) in other.variables {
            let mine = self.variables.entry(name).or_default();
            for value in values {
                if !mine.contains(&value) {
                    mine.push(value);
                }
            }
            if mine.len() > MAX_VALUES {
                *mine = vec![Word::open(Open::Computed)];
            }
        }
        for directory in other.directories {
            self.may_be_in(directory);
        }
    }

    /// Goes to a directory; where that may fail, the one before stays possible.
    pub(super) fn change_directory(&mut self, target: &Word, may_fail: bool) {
        let before = std::mem::take(&mut self.directories);
        let goes_back = target.plain() == "-";
        let mut targets: Vec<Word> = if goes_back {
            self.previous.clone()
        } else {
            before
                .iter()
                .map(|directory| target.beneath(directory))
                .collect()
        };
        if goes_back && targets.is_empty() {
            targets.push(Word::open(Open::Outside));
        }
        let fails = self.uncertain > 0
            || (may_fail && !self.stops_at_errors && !targets.iter().all(is_directory));
        for directory in targets {
            self.may_be_in(directory);
        }
        if fails {
            before
                .iter()
                .for_each(|directory| self.may_be_in(directory.clone()));
        }
        self.previous = before;
    }

    fn may_be_in(&mut self, directory: Word) {
        if self.directories.contains(&directory) {
            return;
        }
        if self.directories.len() >= MAX_DIRECTORIES {
            self.directories = vec![Word::open(Open::Computed)];
        } else {
            self.directories.push(directory);
        }
    }

    /// The signs between which text that is not quoted is split, if they are known.
    pub(super) fn separators(&self) -> Option<String> {
        match self.values("IFS").as_slice() {
            [only] => only.known().map(str::to_owned),
            _ => None,
        }
    }
}

fn is_directory(word: &Word) -> bool {
    word.known().is_some_and(|path| Path::new(path).is_dir())
}

/// The name of a program, without its folder and in lower case.
pub(super) fn program_name(word: &Word) -> Option<String> {
    let text = word.known()?;
    let name = text.rsplit(['/', '\\']).next().unwrap_or(text);
    let name = fold(name);
    Some(name.strip_suffix(".exe").map(str::to_owned).unwrap_or(name))
}
