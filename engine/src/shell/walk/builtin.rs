//! Commands of the shell itself, which change what it knows.

use std::rc::Rc;

use super::{Input, Walker};
use crate::shell::Unknown;
use crate::shell::effect::{self, Call};
use crate::shell::scope::Function;
use crate::shell::word::{Open, Word};
use crate::shell::{parser, wrapper};

impl Walker<'_> {
    /// Runs a builtin; none if there is no such builtin, or a program does the same.
    pub(super) fn builtin(&mut self, name: &str, words: &[Word], input: &Input) -> Option<Word> {
        let arguments = words.get(1..).unwrap_or_default();
        match name {
            "cd" | "pushd" => self.change_directory(arguments),
            "popd" => self.scope.change_directory(&Word::text("-"), false),
            "export" | "declare" | "local" | "readonly" | "typeset" | "let" => {
                self.declare(arguments);
            }
            "read" | "mapfile" | "readarray" | "getopts" => self.reads(arguments, input),
            "printf" if arguments.first().is_some_and(|first| first.plain() == "-v") => {
                let name = arguments
                    .get(1)
                    .map(Word::plain)
                    .unwrap_or_default()
                    .to_owned();
                self.scope.assign(&name, vec![Word::open(Open::Computed)]);
            }
            "set" => self.set(arguments),
            "shift" => {
                if let Some(arguments) = &mut self.scope.arguments
                    && !arguments.is_empty()
                {
                    arguments.remove(0);
                }
            }
            "shopt" => {
                self.scope.finds_hidden_files |= arguments
                    .iter()
                    .any(|word| matches!(word.plain(), "dotglob" | "extglob"));
            }
            "alias" => self.alias(arguments),
            "trap" => {
                if let Some(action) = arguments.iter().find(|word| !word.is_option()) {
                    self.apart(|walker| {
                        walker.evaluate(
                            std::slice::from_ref(action),
                            "a trap that is made while it runs",
                        )
                    });
                }
            }
            "eval" => {
                return Some(
                    self.evaluate(arguments, "`eval` of a text that is made while it runs"),
                );
            }
            "source" | "." => {
                if let Some(file) = arguments.first() {
                    wrapper::script(self, file, arguments.get(1..).unwrap_or_default());
                }
                return Some(Word::open(Open::Computed));
            }
            "unset" | "umask" | "ulimit" | "return" | "exit" | "break" | "continue" | "wait"
            | "jobs" | "bg" | "fg" | "disown" | "history" | "hash" | "bind" | "complete"
            | "unalias" | "enable" => {}
            _ => return None,
        }
        Some(Word::default())
    }

    fn change_directory(&mut self, arguments: &[Word]) {
        let target = arguments.iter().find(|word| !word.is_option());
        let target = target.cloned().unwrap_or_else(|| self.scope.home());
        // A directory that this text makes is there by then.
        let placed = self.placed(&target);
        let is_made = self
            .activity
            .effects
            .iter()
            .any(|effect| effect.program == "mkdir" && effect.path == placed);
        self.scope.change_directory(&target, !is_made);
    }

    fn declare(&mut self, arguments: &[Word]) {
        // What a reference stands for is not followed.
        let is_reference = arguments.iter().any(|word| {
            let text = word.start();
            text.starts_with('-') && !text.starts_with("--") && text.contains('n')
        });
        for word in arguments.iter().filter(|word| !word.is_option()) {
            let Some((name, value)) = word.split_at('=') else {
                continue;
            };
            let name = name.plain().trim_end_matches('+').to_owned();
            let appends = word.shown().contains("+=");
            let value = if appends || is_reference {
                Word::open(Open::Computed)
            } else {
                value
            };
            self.runs_variable(&name, std::slice::from_ref(&value));
            self.scope.assign(&name, vec![value]);
        }
    }

    /// What is read from the input may be anything that the input may be.
    fn reads(&mut self, arguments: &[Word], input: &Input) {
        let value = match input {
            Input::Outside => Word::open(Open::Computed),
            Input::Text(text) => listed(text).unwrap_or_else(|| Word::open(Open::Computed)),
        };
        let names = arguments
            .iter()
            .filter(|word| !word.is_option())
            .map(|word| word.plain().to_owned());
        let names: Vec<String> = names
            .chain(["REPLY".to_owned(), "MAPFILE".to_owned()])
            .collect();
        // With several names each gets a part of a line.
        let is_whole = names.len() == 3;
        for name in names {
            let value = match value.known() {
                Some(_) if !is_whole => Word::open(Open::Computed),
                _ => value.clone(),
            };
            self.scope.assign(&name, vec![value]);
        }
    }

    fn set(&mut self, arguments: &[Word]) {
        let mut rest = arguments.iter();
        for word in rest.by_ref() {
            let option = word.plain();
            match option {
                "--" => break,
                _ if option.starts_with('-') || option.starts_with('+') => {
                    self.scope.stops_at_errors |= option.starts_with('-') && option.contains('e');
                }
                "errexit" | "pipefail" | "nounset" | "xtrace" | "posix" | "noglob" => {
                    self.scope.stops_at_errors |= option == "errexit";
                }
                _ => {
                    self.scope.arguments = Some(arguments.to_vec());
                    return;
                }
            }
        }
        let given: Vec<Word> = rest.cloned().collect();
        if !given.is_empty() {
            self.scope.arguments = Some(given);
        }
    }

    fn alias(&mut self, arguments: &[Word]) {
        for word in arguments {
            let Some((name, value)) = word.split_at('=') else {
                continue;
            };
            let Some(text) = value.known() else {
                self.hidden(&value, "an alias that is made while it runs");
                continue;
            };
            // The arguments follow the text of the alias.
            match parser::parse(&format!("{text} \"$@\"")) {
                Ok(program) => {
                    let body = crate::shell::syntax::Node::Group {
                        body: program.body,
                        is_subshell: false,
                        redirects: Vec::new(),
                    };
                    let function = Function {
                        body: Rc::new(body),
                        documents: Rc::new(program.documents),
                    };
                    self.scope
                        .functions
                        .insert(name.plain().to_owned(), function);
                }
                Err(unknown) => self.fail(unknown),
            }
            let call = Call::new("", std::slice::from_ref(&value));
            effect::of_unknown(self, &call);
        }
    }

    /// A text is run that nobody can read before: harmless only if nobody in this command made it.
    pub(in crate::shell) fn hidden(&mut self, text: &Word, what: &'static str) {
        if text.is_computed() || text.is_pattern() || text.pieces().len() > 1 {
            self.fail(Unknown::HiddenProgram(what));
        }
    }
}

/// A list of paths, one a line, as one word that stands for each of them.
pub(in crate::shell) fn listed(text: &Word) -> Option<Word> {
    let mut lines = Word::default();
    lines.append(text);
    let first = match lines.split_at('\n') {
        Some((first, rest)) if rest.pieces().is_empty() => first,
        Some(_) => return None,
        None => lines,
    };
    Some(first)
}
