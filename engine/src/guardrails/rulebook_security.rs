//! `rulebook_security_guardrails`: the project's policies, its settings, and what hooks them in, stay as they are.

use super::action::Action;
use super::paths::Protected;
use super::settings::RulebookSecurity;
use super::station::Station;
use super::verdict::{Refusal, described};
use crate::decision::Verb;
use crate::evaluator::{Answers, Evaluator, Moment};
use crate::shell::EffectKind;
use crate::value::Value;

pub(super) const ID: &str = "BUILTIN-RULEBOOK-SECURITY";
const MESSAGE: &str = "the project's policies and what hooks them in are protected";

/// What is always protected in a project.
const PROJECT_PATHS: [&str; 8] = [
    ".cupcake/",
    "llmspell.toml",
    ".claude/settings.json",
    ".claude/settings.local.json",
    ".cursor/hooks.json",
    ".factory/settings.json",
    ".factory/hooks.json",
    ".opencode/plugin/cupcake.js",
];
/// What is protected for every project of the user.
const HOME_PATHS: [&str; 5] = [
    "~/.config/cupcake",
    "~/.config/llmspell",
    "~/.claude/settings.json",
    "~/.cursor/hooks.json",
    "~/.factory/settings.json",
];

#[derive(Debug)]
pub(super) struct RulebookSecurityGuardrail {
    station: Station,
    refusal: Refusal,
    protected: Protected,
    block_reads: bool,
}

impl RulebookSecurityGuardrail {
    pub(super) fn new(settings: RulebookSecurity, station: Station) -> Self {
        let owned = |paths: &[&str]| {
            paths
                .iter()
                .map(|path| (*path).to_owned())
                .collect::<Vec<_>>()
        };
        let mut protected = Protected::at_places(&owned(&PROJECT_PATHS), &station);
        protected.extend(Protected::at_places(&owned(&HOME_PATHS), &station));
        protected.extend(Protected::new(&settings.protected_paths, &station));
        Self {
            refusal: Refusal {
                verb: Verb::Halt,
                rule_id: ID,
                severity: "HIGH",
                message: settings.message.unwrap_or_else(|| MESSAGE.to_owned()),
            },
            protected,
            block_reads: settings.block_reads,
            station,
        }
    }
}

impl Evaluator for RulebookSecurityGuardrail {
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
        let concerns =
            |kind: EffectKind| kind.changes() || (self.block_reads && kind == EffectKind::Read);
        if let Some(effect) = self.protected.touched(&action.effects, concerns) {
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
                .say(answers, "a program in another language names one of them");
        }
    }
}
