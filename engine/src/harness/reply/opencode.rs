//! The format that the plugin for OpenCode reads, which is ours: a word, why, and what the agent is told.

use super::Said;
use crate::decision::Verdict;
use crate::value::{Value, array, present};

#[expect(
    clippy::unnecessary_wraps,
    reason = "the formats have one signature, and one of them has a form without text"
)]
pub(super) fn value(said: Said<'_>, verdict: Verdict) -> Option<Value> {
    let words = said.words;
    let contexts = words.contexts.iter().map(|text| Value::from(text.as_str()));
    let speaks = verdict != Verdict::Allow;
    let changes = verdict == Verdict::Modify;
    Some(present([
        (
            "context",
            (!words.contexts.is_empty()).then(|| array(contexts)),
        ),
        ("decision", Some(Value::from(verdict.name()))),
        ("reason", speaks.then(|| Value::from(words.reason.as_str()))),
        ("updated_input", said.input.filter(|_| changes).cloned()),
    ]))
}
