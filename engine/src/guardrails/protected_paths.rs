//! `protected_paths`: paths that may be read and not written.

use super::action::Action;
use super::paths::Protected;
use super::settings::ProtectedPaths;
use super::station::Station;
use super::verdict::{Refusal, described};
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
        let action = match Action::of(input, &self.station) {
            Ok(action) => action,
            Err(fault) => return answers.fail(fault),
        };
        if let Some(unknown) = action.unknown() {
            return self.refusal.say(
                answers,
                &format!("the command cannot be judged: {}", unknown.reason()),
            );
        }
        if let Some(effect) = self.protected.touched(&action.effects, EffectKind::changes) {
            return self.refusal.say(answers, &described(effect));
        }
        let hidden = action.effects.iter().find(|effect| {
            effect.path.is_computed() && effect.kind.changes() && effect.kind != EffectKind::Touch
        });
        if let Some(effect) = hidden {
            return self.refusal.say(
                answers,
                &format!("{}, which is only known when it runs", described(effect)),
            );
        }
        if action.code().any(|code| self.protected.is_named(code)) {
            self.refusal
                .say(answers, "a program in another language names it");
        }
    }
}
