//! The signals that there are, for those who want to see them.

use std::time::Duration;

use super::{Action, Signals};

/// A signal as it is declared.
pub(crate) struct Listed<'signals> {
    pub(crate) name: &'signals str,
    /// What is run: a command for a shell, or a file; none where the signal is broken.
    pub(crate) command: Option<String>,
    pub(crate) timeout: Duration,
    /// Where it is declared.
    pub(crate) file: &'signals str,
}

impl Signals {
    /// Every signal, in the order in which they are declared.
    pub(crate) fn listed(&self) -> impl Iterator<Item = Listed<'_>> {
        self.signals.iter().map(|signal| Listed {
            name: &signal.name,
            command: match &signal.action {
                Action::Shell(command) => Some(command.clone()),
                Action::File { .. } => Some(signal.file.to_string()),
                Action::Broken(_) => None,
            },
            timeout: signal.timeout,
            file: &signal.file,
        })
    }
}
