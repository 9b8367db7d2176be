//! What a shell command does before anybody runs it.
//!
//! `parser` reads the text by the shell's grammar into the tree of `syntax`; `walk` goes through the tree in the order
//! in which a shell would, with the variables and the directory of `scope`; `expand` makes words of what was written;
//! `wrapper` finds the commands inside commands; `effect` says what well-known tools do to paths.
//!
//! What cannot be understood, or not within bounds, is *unknown*, and a guardrail that meets it refuses.

mod code;
mod effect;
mod expand;
mod output;
mod parser;
mod scope;
mod syntax;
mod walk;
mod word;
mod wrapper;

use std::panic::{AssertUnwindSafe, catch_unwind};

pub(crate) use effect::{Effect, EffectKind, git_command_at};
pub(crate) use word::{Open, Piece, Word, fold, folded};

/// Bytes of a command text.
const MAX_BYTES: usize = 256 * 1024;

/// Where a command would run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Surroundings {
    /// The working directory, absolute; empty if nobody knows it.
    pub(crate) directory: String,
    /// The home directory, empty if nobody knows it.
    pub(crate) home: String,
    /// The project's directory, for the variables in which agents tell it.
    pub(crate) project: String,
}

/// Everything that a command text does, as far as that can be known.
#[derive(Debug, Default)]
pub(crate) struct Activity {
    /// Every simple command, wherever it stands, with those inside `sudo`, `sh -c` and the like.
    pub(crate) invocations: Vec<Invocation>,
    /// What is done to which path.
    pub(crate) effects: Vec<Effect>,
    /// Why it is not understood as a whole, if it is not.
    pub(crate) unknowns: Vec<Unknown>,
    /// Texts of other languages that are run, such as `python -c`.
    pub(crate) code: Vec<Word>,
}

/// One simple command.
#[derive(Debug, Clone, Default)]
pub(crate) struct Invocation {
    /// The file name of its program, in lower case; none if it is not known.
    pub(crate) program: Option<String>,
    /// The program's word and its arguments.
    pub(crate) words: Vec<Word>,
    /// Variables that are set for this command, its wrappers included, or earlier.
    pub(crate) variables: Vec<(String, Word)>,
}

/// Why a command is not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unknown {
    /// It is not what a shell accepts.
    Syntax(&'static str),
    /// It is nested too deep.
    TooDeep,
    /// It is too long, or does too much.
    TooLarge,
    /// It runs a text that it makes itself.
    HiddenProgram(&'static str),
    /// The reader broke down.
    Crashed,
}

impl Unknown {
    /// What is wrong, for people.
    pub(crate) const fn reason(&self) -> &'static str {
        match self {
            Self::Syntax(what) | Self::HiddenProgram(what) => what,
            Self::TooDeep => "it is nested too deep",
            Self::TooLarge => "it is too long or does too much",
            Self::Crashed => "the reader of commands broke down",
        }
    }

    /// What to do about it, for people.
    pub(crate) const fn help(&self) -> &'static str {
        match self {
            Self::Syntax(_) => "write it as a shell accepts it",
            Self::TooDeep | Self::TooLarge => "split it into several commands",
            Self::HiddenProgram(_) => {
                "put the text into a file, read it, and run the file by its name"
            }
            Self::Crashed => "write it in another way, or let a person run it",
        }
    }
}

impl Invocation {
    /// The arguments.
    pub(crate) fn arguments(&self) -> &[Word] {
        self.words.get(1..).unwrap_or_default()
    }
}

/// Reads a command text.
pub(crate) fn read(text: &str, surroundings: &Surroundings) -> Activity {
    let unknown = |unknown| Activity {
        unknowns: vec![unknown],
        ..Activity::default()
    };
    if text.len() > MAX_BYTES {
        return unknown(Unknown::TooLarge);
    }
    // INVARIANT: nothing of a reader that broke down is used.
    let read = catch_unwind(AssertUnwindSafe(|| walk::walk(text, surroundings)));
    read.unwrap_or_else(|_| unknown(Unknown::Crashed))
}
