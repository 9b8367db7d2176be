//! What is wrong with a policy, in any language.

use crate::decision::DecisionErrorKind;

/// What is wrong with a policy, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PolicyFault {
    /// What kind of fault it is.
    pub kind: DecisionErrorKind,
    /// One sentence without a full stop, and without values of the event.
    pub message: String,
    /// The file, where it is not the policy's own.
    pub file: Option<String>,
    /// The line, if known.
    pub line: Option<u32>,
}

impl PolicyFault {
    /// A fault at a line of the policy's own file.
    #[must_use]
    pub fn new(kind: DecisionErrorKind, message: impl Into<String>, line: u32) -> Self {
        Self {
            kind,
            message: message.into(),
            file: None,
            line: Some(line),
        }
    }

    /// A policy that cannot be loaded.
    #[must_use]
    pub fn load(message: impl Into<String>, line: u32) -> Self {
        Self::new(DecisionErrorKind::Load, message, line)
    }
}
