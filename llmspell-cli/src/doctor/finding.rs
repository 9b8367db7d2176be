//! What the doctor has found, one line each.

use std::fmt::{Display, Write as _};

use llmspell_utils::debug::escaped;
use serde::Serialize;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    /// It is as it should be.
    Ok,
    /// It works, and somebody should know.
    Warning,
    /// What a policy denies may happen, or what it allows may not.
    Error,
}

/// One thing that was looked at.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Finding {
    level: Level,
    what: String,
    message: String,
    /// What to do next; empty where there is nothing to do.
    next: String,
}

/// Everything that was looked at, in the order of looking.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    /// Notes something, unless the same was noted before.
    pub(super) fn add(
        &mut self,
        level: Level,
        what: impl Display,
        message: impl Display,
        next: impl Display,
    ) {
        let finding = Finding {
            level,
            what: what.to_string(),
            message: message.to_string(),
            next: next.to_string(),
        };
        let is_known =
            |known: &Finding| (&known.what, &known.message) == (&finding.what, &finding.message);
        if !self.0.iter().any(is_known) {
            self.0.push(finding);
        }
    }

    /// Notes that something is as it should be.
    pub(super) fn well(&mut self, what: impl Display, message: impl Display) {
        self.add(Level::Ok, what, message, "");
    }

    /// Whether nothing is wrong.
    pub(super) fn is_well(&self) -> bool {
        self.0.iter().all(|finding| finding.level != Level::Error)
    }

    pub(super) fn list(&self) -> &[Finding] {
        &self.0
    }

    /// One line each.
    pub(super) fn as_text(&self) -> String {
        let mut text = String::new();
        for finding in &self.0 {
            let level = match finding.level {
                Level::Ok => "ok",
                Level::Warning => "warning",
                Level::Error => "error",
            };
            let (what, message) = (escaped(&finding.what), escaped(&finding.message));
            let _ = write!(text, "{level:<8}{what}: {message}");
            if !finding.next.is_empty() {
                let _ = write!(text, ": {}", escaped(&finding.next));
            }
            text.push('\n');
        }
        text
    }
}
