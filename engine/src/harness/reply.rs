//! What an agent program is told of a decision, in its own wire format.

mod cursor;
mod form;
mod general;
mod hook_output;
mod monitored;
mod opencode;
mod table;
mod wire;
mod words;

use llmspell_utils::debug::escaped;
use serde::Serialize as _;

use super::Harness;
use crate::decision::{Decision, Verdict};
use crate::value::Value;

use form::{Act, Form};
pub use wire::{WireCell, WireFit, WireRow, WireVerb};
use words::{Remark, Words};

/// What a hook says to the agent program that called it.
///
/// ```
/// use llmspell_engine::Harness;
///
/// let reply = Harness::Cursor.refusal(Some("beforeShellExecution"), "the policies cannot be read");
/// assert_eq!(reply.exit_code, 0);
/// assert!(reply.text.contains(r#""permission":"deny""#));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// For standard output: one JSON object without a line break, or nothing where this agent program wants none.
    pub text: String,
    /// How the hook exits.
    pub exit_code: u8,
    /// For standard error, one line; none if there is nothing to say.
    pub notice: Option<String>,
}

impl Harness {
    /// What this agent program is told of a decision on an event of this name.
    ///
    /// A verdict comes out as the strongest thing that it can be told about this event, and where it cannot be told so
    /// as one that is at least as strong. An event that is not known gets its general no for all but an allow.
    #[must_use]
    pub fn reply(self, event: &str, decision: &Decision) -> Reply {
        let row = table::row(self, event);
        let is_changed = matches!(decision.updated_input, Some(Value::Object(_)));
        let form = match decision.decision {
            // Without the changed input, what would run is the unchanged one.
            Verdict::Modify if !is_changed => row.form(Verdict::Deny),
            verdict => row.form(verdict),
        };
        let words = Words::of_decision(decision, remark(form, decision.decision));
        let said = Said {
            harness: self,
            event,
            row,
            words: &words,
            input: decision.updated_input.as_ref(),
        };
        said.reply(form, decision.decision.refuses())
    }

    /// What this agent program is told where there is no decision: the strongest no that it knows.
    ///
    /// `event` is none where the event could not be read.
    #[must_use]
    pub fn refusal(self, event: Option<&str>, reason: &str) -> Reply {
        let row = event.map_or_else(|| table::general(self), |event| table::row(self, event));
        let words = Words::of_reason(reason);
        let said = Said {
            harness: self,
            event: event.unwrap_or_default(),
            row,
            words: &words,
            input: None,
        };
        let mut reply = said.reply(row.refusal(), true);
        reply.notice = Some(notice(&words));
        reply
    }
}

/// What has to be added to the reason where the verdict itself cannot be told.
const fn remark(form: Form, verdict: Verdict) -> Remark {
    match verdict {
        Verdict::Ask if !form.act.asks() => Remark::NobodyAsked,
        Verdict::Modify if !form.act.rewrites() => Remark::Repeat,
        Verdict::Halt if form.act.is_only_a_denial() => Remark::Stop,
        _ => Remark::None,
    }
}

/// Everything that a wire format may say about one event.
#[derive(Clone, Copy)]
struct Said<'event> {
    harness: Harness,
    event: &'event str,
    row: &'event WireRow,
    words: &'event Words,
    input: Option<&'event Value>,
}

impl Said<'_> {
    fn reply(self, form: Form, refuses: bool) -> Reply {
        let value = match form.act {
            Act::Hook(act) => hook_output::value(self, form.stops, act),
            Act::Cursor(act) => cursor::value(self, act),
            Act::OpenCode(word) => opencode::value(self, word),
            Act::NoText => None,
        };
        let text = value.map_or_else(|| Some(String::new()), |value| written(&value));
        // What was decided is JSON by then; should it not be, nothing of it is sent.
        let Some(text) = text else {
            return general::unwritable(self.harness, self.words);
        };
        let is_silent = refuses && form.act.is_silent() && !form.stops;
        Reply {
            text,
            exit_code: form.exit_code,
            notice: (form.exit_code != 0 || is_silent).then(|| notice(self.words)),
        }
    }
}

fn notice(words: &Words) -> String {
    escaped(&words.reason)
}

/// The value as JSON on one line; none if it holds what JSON does not have.
fn written(value: &Value) -> Option<String> {
    let mut text = Vec::with_capacity(256);
    value
        .serialize(&mut serde_json::Serializer::new(&mut text))
        .ok()?;
    String::from_utf8(text).ok()
}
