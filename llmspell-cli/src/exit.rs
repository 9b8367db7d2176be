//! The exit codes of every command but `hook`.

use std::process::ExitCode;

use llmspell_engine::Decision;

/// How a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// It did what was asked; for a decision: allow, ask or modify.
    Done = 0,
    /// The input or the project is at fault.
    Fault = 1,
    /// The decision refuses: halt, deny or block.
    Denied = 2,
    /// The program itself is at fault.
    Internal = 3,
}

impl Exit {
    /// The code of a decision.
    pub(crate) fn of(decision: &Decision) -> Self {
        if decision.decision.refuses() {
            Self::Denied
        } else {
            Self::Done
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
