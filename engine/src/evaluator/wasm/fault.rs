//! What goes wrong in a module, made into kind, message and place.

use wasmtime::{Error, Trap};

use crate::decision::DecisionErrorKind;
use crate::evaluator::PolicyFault;

/// Characters of what a module says about its end.
const MAX_MESSAGE: usize = 300;

/// A fault of a module, as an error that passes through wasmtime.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Carried(pub(super) PolicyFault);

/// A module that cannot be loaded.
pub(super) fn load(message: impl Into<String>) -> PolicyFault {
    new(DecisionErrorKind::Load, message)
}

/// A module that failed while it ran.
pub(super) fn evaluation(message: impl Into<String>) -> PolicyFault {
    new(DecisionErrorKind::Evaluation, message)
}

/// What a module said is not what it should say.
pub(super) fn malformed(message: impl Into<String>) -> PolicyFault {
    new(DecisionErrorKind::Malformed, message)
}

/// The deadline passed.
pub(super) fn timeout() -> PolicyFault {
    new(
        DecisionErrorKind::Timeout,
        "the policy did not finish before the deadline",
    )
}

/// The limit of memory was reached.
pub(super) fn memory() -> PolicyFault {
    new(
        DecisionErrorKind::Memory,
        "the module needs more memory than it may have",
    )
}

fn new(kind: DecisionErrorKind, message: impl Into<String>) -> PolicyFault {
    PolicyFault {
        kind,
        message: message.into(),
        file: None,
        line: None,
    }
}

/// The fault with which a module ended; `refused` is whether it was denied memory before.
pub(super) fn of_call(error: &Error, refused: bool) -> PolicyFault {
    if let Some(Carried(fault)) = error.downcast_ref::<Carried>() {
        let is_ours = fault.kind != DecisionErrorKind::Evaluation;
        return if refused && !is_ours {
            memory()
        } else {
            fault.clone()
        };
    }
    if refused {
        return memory();
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::Interrupt) => timeout(),
        Some(Trap::StackOverflow) => {
            new(DecisionErrorKind::Stack, "the policy calls itself too deep")
        }
        Some(trap) => evaluation(format!("the module was stopped: {trap}")),
        None => evaluation("the module failed for a reason that it does not give"),
    }
}

/// What a module says when it ends itself: `file:line:column: message`, or the message alone.
pub(super) fn of_abort(text: &str) -> PolicyFault {
    let text: String = text
        .chars()
        .map(|character| {
            if character.is_control() {
                ' '
            } else {
                character
            }
        })
        .take(MAX_MESSAGE)
        .collect();
    match placed(&text) {
        Some((file, line, message)) => PolicyFault {
            file: Some(file.to_owned()),
            line: Some(line),
            ..evaluation(message.trim())
        },
        None => evaluation(format!("the module ended itself: {}", text.trim())),
    }
}

fn placed(text: &str) -> Option<(&str, u32, &str)> {
    let (place, message) = text.split_once(": ")?;
    let mut parts = place.rsplitn(3, ':');
    let _column: u32 = parts.next()?.parse().ok()?;
    let line = parts.next()?.parse().ok()?;
    Some((parts.next()?, line, message))
}
