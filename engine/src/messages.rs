//! What an engine tells those who listen: what its policies print, what fails, and what it decides.

use std::sync::Arc;

use llmspell_utils::debug::{DebugLevel, DebugManager, Place, SlowOperation};
use serde_json::json;

use crate::decision::{Decision, DecisionError};
use crate::evaluator::Findings;
use crate::reload::Reload;
use crate::signals::{Gathered, Outcome};

/// The module of messages about decisions as a whole; a policy's own are in `policy.<id>`.
const MODULE: &str = "policy";
/// Characters of what a command wrote that are told.
const MAX_SHOWN: usize = 500;

/// Where messages go, if anywhere.
#[derive(Debug, Clone, Default)]
pub(crate) struct Messages(pub(crate) Option<Arc<DebugManager>>);

impl Messages {
    /// Tells what a policy printed.
    pub(crate) fn printed(&self, policy: &str, text: &str) {
        if let Some(manager) = self.at(DebugLevel::Debug) {
            manager.log(DebugLevel::Debug, Some(&module(policy)), text);
        }
    }

    /// Tells what policies printed, and what went wrong beyond the errors that were told before.
    pub(crate) fn heard(&self, findings: &Findings, told: usize) {
        for (policy, text) in &findings.prints {
            self.printed(policy, text);
        }
        self.failed(findings.errors.get(told..).unwrap_or_default());
    }

    /// Tells what went wrong.
    pub(crate) fn failed(&self, errors: &[DecisionError]) {
        if errors.is_empty() {
            return;
        }
        let Some(manager) = self.at(DebugLevel::Error) else {
            return;
        };
        for error in errors {
            let mut entry = manager
                .entry(
                    DebugLevel::Error,
                    format!("{}: {}", error.kind.code(), error.message),
                )
                .with_module(module(&error.policy));
            if let (Some(file), Some(line)) = (&error.file, error.line) {
                entry = entry.with_place(Place::new(Arc::clone(file), line));
            }
            manager.log_entry(entry);
        }
    }

    /// Tells how long signals took that took too long, and what those wrote to their standard error that failed.
    pub(crate) fn gathered(&self, signals: &[Gathered<'_>]) {
        let Some(manager) = self.0.as_deref() else {
            return;
        };
        for signal in signals {
            manager.report_slow(
                SlowOperation::Signal,
                signal.name,
                signal.took,
                || json!({ "signal": signal.name }),
            );
            let Outcome::Exited { error, .. } = &signal.outcome else {
                continue;
            };
            if !error.is_empty() && manager.listens(DebugLevel::Warn) {
                let end = error.char_indices().nth(MAX_SHOWN);
                let shown = error.get(..end.map_or(error.len(), |(index, _)| index));
                let module = format!("{MODULE}.signal.{}", signal.name);
                manager.log(DebugLevel::Warn, Some(&module), shown.unwrap_or_default());
            }
        }
    }

    /// Tells what is decided, without the values of the event.
    pub(crate) fn decided(&self, decision: &Decision) {
        if let Some(manager) = self.at(DebugLevel::Debug) {
            let tool = decision
                .tool
                .as_deref()
                .map(|tool| format!(" of `{tool}`"))
                .unwrap_or_default();
            let message = format!(
                "{} for `{}`{tool}",
                decision.decision.name(),
                decision.event
            );
            manager.log(DebugLevel::Debug, Some(MODULE), message);
        }
    }

    /// Tells what became of a change on disk.
    pub(crate) fn reloaded(&self, reload: &Reload) {
        match reload {
            Reload::Unchanged => {}
            Reload::Changed { to, .. } => {
                if let Some(manager) = self.at(DebugLevel::Info) {
                    let message = format!("the project has changed and is now `{to}`");
                    manager.log(DebugLevel::Info, Some(MODULE), message);
                }
            }
            Reload::Kept(errors) => {
                self.failed(errors);
                if let Some(manager) = self.at(DebugLevel::Error) {
                    let message = "the project has changed and is broken: what was loaded before goes on to decide";
                    manager.log(DebugLevel::Error, Some(MODULE), message);
                }
            }
        }
    }

    fn at(&self, level: DebugLevel) -> Option<&DebugManager> {
        self.0.as_deref().filter(|manager| manager.listens(level))
    }
}

fn module(policy: &str) -> String {
    format!("{MODULE}.{policy}")
}
