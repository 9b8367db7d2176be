//! Errors of the commands, as people see them on standard error.

use std::fmt;
use std::io::{IsTerminal, Write, stderr};

use llmspell_bridge::{ScriptError, ScriptErrorKind};
use llmspell_engine::{AuditError, EngineError, EventError};

use crate::exit::Exit;

/// Why a command could not do what was asked, ready to be shown.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    text: String,
    /// The same for a file, if it is shown in colour.
    plain: Option<String>,
}

impl Failure {
    /// The input or the project is at fault.
    pub(crate) fn fault(message: impl fmt::Display, help: impl fmt::Display) -> Self {
        Self {
            exit: Exit::Fault,
            text: format!("error: {message}\nhelp: {help}\n"),
            plain: None,
        }
    }

    /// The program itself, or the machine, is at fault.
    pub(crate) fn internal(message: impl fmt::Display) -> Self {
        Self {
            exit: Exit::Internal,
            text: format!("error: {message}\n"),
            plain: None,
        }
    }

    /// Shows the failure and gives the exit code.
    pub(crate) fn report(&self) -> Exit {
        // Nobody is left to tell if standard error is gone; the exit code still says it.
        let _ = stderr().lock().write_all(self.text.as_bytes());
        self.exit
    }

    /// What is wrong and what to do, on one line.
    pub(crate) fn one_line(&self) -> String {
        let lines = self.plain().lines();
        let lines = lines.map(|line| {
            let line = line.strip_prefix("error: ").unwrap_or(line);
            line.strip_prefix("help: ").unwrap_or(line)
        });
        lines.collect::<Vec<_>>().join(": ")
    }

    /// What is shown, without colours.
    pub(crate) fn plain(&self) -> &str {
        self.plain.as_deref().unwrap_or(&self.text)
    }

    /// An event that cannot be read.
    pub(crate) fn of_event(name: &str, error: &EventError) -> Self {
        let place = match (error.line, error.column) {
            (Some(line), Some(column)) => format!("{name}:{line}:{column}"),
            _ => name.to_owned(),
        };
        Self::fault(format_args!("{place}: {}", error.message), &error.help)
    }
}

/// Whether standard error shows colours: only on a terminal, and not if `NO_COLOR` says so.
pub(crate) fn colour() -> bool {
    stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        match &error.place {
            Some(place) => Self::fault(format_args!("{place}: {}", error.message), &error.help),
            None => Self::fault(&error.message, &error.help),
        }
    }
}

impl From<AuditError> for Failure {
    fn from(error: AuditError) -> Self {
        match &error.place {
            Some(place) => Self::fault(format_args!("{place}: {}", error.message), &error.help),
            None => Self::fault(&error.message, &error.help),
        }
    }
}

impl From<ScriptError> for Failure {
    fn from(error: ScriptError) -> Self {
        let exit = match error.kind() {
            ScriptErrorKind::Internal => Exit::Internal,
            _ => Exit::Fault,
        };
        Self {
            exit,
            text: error.render(colour()),
            plain: colour().then(|| error.render(false)),
        }
    }
}
