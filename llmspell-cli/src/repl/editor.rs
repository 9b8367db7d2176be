//! The line editor: completion, colours, and inputs over several lines.

use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;

use llmspell_bridge::CandidateKind;
use rustyline::completion::{Completer, FilenameCompleter, Pair};
use rustyline::config::Config;
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{ColorMode, CompletionType, Context, Editor};

use super::command::{self, COMMANDS};
use super::highlight::highlighted;
use super::history;
use super::session::Session;
use crate::failure::Failure;

/// The line editor with its session.
pub(super) type Prompt = Editor<Helper, FileHistory>;

/// Commands whose argument is a file.
const OF_FILES: [&str; 5] = ["load", "project", "eval", "event", "explain"];

/// A line editor on a terminal.
pub(super) fn editor(session: &Rc<RefCell<Session>>) -> Result<Prompt, Failure> {
    let cannot = |error: ReadlineError| {
        Failure::internal(format_args!("the terminal cannot be used: {error}"))
    };
    let colours = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let config = Config::builder()
        .completion_type(CompletionType::List)
        .color_mode(if colours {
            ColorMode::Enabled
        } else {
            ColorMode::Disabled
        })
        .history_ignore_space(true)
        .max_history_size(history::MOST_INPUTS)
        .map_err(cannot)?
        .build();
    let mut editor = Editor::with_config(config).map_err(cannot)?;
    editor.set_helper(Some(Helper {
        session: Rc::clone(session),
        files: FilenameCompleter::new(),
        colours,
    }));
    Ok(editor)
}

/// What the line editor asks the session.
pub(super) struct Helper {
    session: Rc<RefCell<Session>>,
    files: FilenameCompleter,
    colours: bool,
}

impl rustyline::Helper for Helper {}

impl Hinter for Helper {
    type Hint = String;
}

impl Completer for Helper {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        at: usize,
        context: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let typed = line.get(..at).unwrap_or(line);
        if let Some(rest) = typed.trim_start().strip_prefix('.') {
            match rest.split_once(' ') {
                None => return Ok((at - rest.len(), commands(rest))),
                Some((name, rest)) if OF_FILES.contains(&name) || rest.starts_with('@') => {
                    return self.files.complete(line, at, context);
                }
                Some(_) => {}
            }
        }
        let Ok(mut session) = self.session.try_borrow_mut() else {
            return Ok((at, Vec::new()));
        };
        // The start of a file's name after `@` is no name of a script.
        let found = session.complete(typed);
        let pairs = found.candidates.into_iter().map(|candidate| {
            let call = match candidate.kind {
                CandidateKind::Function => "(",
                CandidateKind::Value | CandidateKind::Keyword => "",
            };
            Pair {
                display: format!("{}{call}", candidate.name),
                replacement: candidate.name,
            }
        });
        Ok((found.start, pairs.collect()))
    }
}

fn commands(beginning: &str) -> Vec<Pair> {
    let fitting = COMMANDS
        .iter()
        .filter(|known| known.name.starts_with(beginning));
    fitting
        .map(|known| Pair {
            display: format!(".{}", known.name),
            replacement: known.name.to_owned(),
        })
        .collect()
}

impl Highlighter for Helper {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        let language = self.session.try_borrow().map(|session| session.language());
        match language {
            Ok(language) if self.colours && command::parse(line).is_none() => {
                Cow::Owned(highlighted(line, language))
            }
            _ => Cow::Borrowed(line),
        }
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        let style = anstyle::Style::new().bold();
        Cow::Owned(format!("{style}{prompt}{style:#}"))
    }

    fn highlight_char(&self, _: &str, _: usize, kind: CmdKind) -> bool {
        self.colours && kind != CmdKind::MoveCursor
    }
}

impl Validator for Helper {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let input = context.input();
        let is_incomplete = match self.session.try_borrow_mut() {
            Ok(mut session) => command::parse(input).is_none() && session.is_incomplete(input),
            Err(_) => false,
        };
        Ok(match is_incomplete {
            true => ValidationResult::Incomplete,
            false => ValidationResult::Valid(None),
        })
    }
}
