//! How a guardrail speaks.

use crate::decision::Verb;
use crate::evaluator::Answers;
use crate::shell::{Effect, EffectKind};
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
