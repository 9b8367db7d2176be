//! `protected_paths`: paths that may be read and not written.

use super::paths::Protected;
use super::settings::ProtectedPaths;
use super::station::Station;
use super::verdict::{Refusal, described, hidden};
use crate::decision::Verb;
use crate::evaluator::{Answers, Evaluator, Moment};
use crate::shell::EffectKind;
use crate::value::Value;

pub(super) const ID: &str = "BUILTIN-PROTECTED-PATHS";
const MESSAGE: &str = "this path may be read and not changed";

#[derive(Debug)]
pub(super) struct ProtectedPathsGuardrail {
    station: Station,
    refusal: Refusal,
    protected: Protected,
}

impl ProtectedPathsGuardrail {
    pub(super) fn new(settings: ProtectedPaths, station: Station) -> Self {
        Self {
            refusal: Refusal {
                verb: Verb::Halt,
                rule_id: ID,
                severity: "HIGH",
                message: settings.message.unwrap_or_else(|| MESSAGE.to_owned()),
            },
            protected: Protected::new(&settings.paths, &station),
            station,
        }
    }
}

impl Evaluator for ProtectedPathsGuardrail {
    fn evaluate(&self, input: &Value, _moment: Moment, answers: &mut Answers<'_, '_>) {
        let Some(action) = self.refusal.judged(input, &self.station, answers) else {
            return;
        };
        if let Some(effect) = self
            .protected
            .touched(action, &action.effects, EffectKind::changes)
        {
            return self.refusal.say(answers, &described(effect));
        }
        let unsure = action.effects.iter().find(|effect| effect.hides_change());
        if let Some(effect) = unsure {
            return self.refusal.say(answers, &hidden(effect));
        }
        if action.code().any(|code| self.protected.is_named(code)) {
            self.refusal
                .say(answers, "a program in another language names it");
        }
    }
}
