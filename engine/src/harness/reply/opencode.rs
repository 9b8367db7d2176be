//! The format that the plugin for OpenCode reads: a word that Cupcake's plugin knows too, why, and what the agent is told.

use super::Said;
use crate::decision::Verdict;
use crate::value::{Value, array, present};

/// The answer; where there is no word for the verdict it is a denial, which whoever knows `verdict` reads as what it is.
#[expect(
    clippy::unnecessary_wraps,
    reason = "the formats have one signature, and one of them has a form without text"
)]
pub(super) fn value(said: Said<'_>, verdict: Verdict) -> Option<Value> {
    let words = said.words;
    let word = match verdict {
        Verdict::Halt | Verdict::Modify => Verdict::Deny,
        known => known,
    };
    let changes = verdict == Verdict::Modify;
    // The reason says how to repeat the call; to whoever changes the input, it is only why.
    let why = changes.then_some(&words.given);
    let told = why.into_iter().chain(&words.contexts);
    let told: Vec<Value> = told.map(|text| Value::from(text.as_str())).collect();
    let speaks = verdict != Verdict::Allow;
    Some(present([
        (
            "context",
            (!told.is_empty()).then(|| array(told.into_iter())),
        ),
        ("decision", Some(Value::from(word.name()))),
        ("reason", speaks.then(|| Value::from(words.reason.as_str()))),
        ("updated_input", said.input.filter(|_| changes).cloned()),
        (
            "verdict",
            (word != verdict).then(|| Value::from(verdict.name())),
        ),
    ]))
}
