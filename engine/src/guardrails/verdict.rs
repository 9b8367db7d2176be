//! How a guardrail speaks.

use super::action::Action;
use super::station::Station;
use crate::decision::Verb;
use crate::evaluator::Answers;
use crate::shell::{Effect, EffectKind, Unknown};
use crate::value::{Value, array, object};

/// What every guardrail that refuses says.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) verb: Verb,
    pub(super) rule_id: &'static str,
    pub(super) severity: &'static str,
    pub(super) message: String,
}

impl Refusal {
    /// Says it once, with what was found.
    pub(super) fn say(&self, answers: &mut Answers<'_, '_>, found: &str) {
        answers.begin(self.verb);
        let reason = if found.is_empty() {
            self.message.clone()
        } else {
            format!("{} ({found})", self.message)
        };
        let decision = object([
            ("reason", Value::from(reason.as_str())),
            ("rule_id", Value::from(self.rule_id)),
            ("severity", Value::from(self.severity)),
        ]);
        answers.say(&array(std::iter::once(decision)));
        answers.end();
    }

    /// What the event is about to do; none, and a refusal or a fault, if that cannot be known.
    pub(super) fn judged<'e>(
        &self,
        input: &Value,
        station: &Station,
        answers: &mut Answers<'e, '_>,
    ) -> Option<&'e Action> {
        let action = match answers.reading().action(input, station) {
            Ok(action) => action,
            Err(fault) => {
                answers.fail(fault);
                return None;
            }
        };
        let Some(unknown) = action.unknown() else {
            return Some(action);
        };
        self.say(answers, &not_judged(unknown));
        None
    }
}

/// Why a command cannot be judged, and what to do about it, for people.
pub(super) fn not_judged(unknown: &Unknown) -> String {
    format!(
        "the command cannot be judged: {}; {}",
        unknown.reason(),
        unknown.help()
    )
}

/// What a command does to something that is only known when it runs, and what to do about it, for people.
pub(super) fn hidden(effect: &Effect) -> String {
    let (what, help) = if effect.brings_names {
        (
            "with names that are only known when it runs",
            "name a folder of its own for them",
        )
    } else {
        ("which is only known when it runs", "write the path itself")
    };
    format!("{}, {what}; {help}", described(effect))
}

/// What an effect does, for people.
pub(super) fn described(effect: &Effect) -> String {
    const MAX_SHOWN: usize = 120;
    let does = match effect.kind {
        EffectKind::Read => "reads",
        EffectKind::Write => "writes",
        EffectKind::Delete => "deletes or moves",
        EffectKind::Link => "links to",
        EffectKind::Execute => "runs",
        EffectKind::Touch => "may write",
    };
    let shown: String = effect.written.shown().chars().take(MAX_SHOWN).collect();
    let program = match effect.program.as_str() {
        "" => "a program",
        ">" => "a redirection",
        program => program,
    };
    format!("{program} {does} `{shown}`")
}
