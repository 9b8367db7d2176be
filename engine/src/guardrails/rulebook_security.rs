//! `rulebook_security_guardrails`: the project's policies, its settings, and what hooks them in, stay as they are.

use super::action::Action;
use super::paths::{Protected, Touch};
use super::settings::RulebookSecurity;
use super::station::Station;
use super::verdict::{Refusal, described, hidden, not_judged};
use crate::decision::Verb;
use crate::evaluator::{Answers, Evaluator, Moment};
use crate::shell::{Effect, EffectKind, Word};
use crate::value::Value;

pub(super) const ID: &str = "BUILTIN-RULEBOOK-SECURITY";
const MESSAGE: &str = "the project's policies and what hooks them in are protected";
const DOUBT: &str = "nobody can tell before it runs whether this changes the project's policies";

/// What is always protected in a project.
const PROJECT_PATHS: [&str; 11] = [
    ".cupcake/",
    "llmspell.toml",
    ".claude/settings.json",
    ".claude/settings.local.json",
    ".cursor/hooks.json",
    ".factory/settings.json",
    ".factory/settings.local.json",
    ".factory/hooks.json",
    ".opencode/plugin/cupcake.js",
    ".opencode/plugin/llmspell.js",
    ".opencode/plugins/llmspell.js",
];
/// What is protected for every project of the user.
const HOME_PATHS: [&str; 7] = [
    "~/.config/cupcake",
    "~/.config/llmspell",
    "~/.claude/settings.json",
    "~/.cursor/hooks.json",
    "~/.factory/settings.json",
    "~/.config/opencode/plugin/llmspell.js",
    "~/.config/opencode/plugins/llmspell.js",
];

#[derive(Debug)]
pub(super) struct RulebookSecurityGuardrail {
    station: Station,
    message: Option<String>,
    protected: Protected,
    block_reads: bool,
    /// What is said of a command that nobody can judge.
    when_unknown: Verb,
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
            message: settings.message,
            protected,
            block_reads: settings.block_reads,
            when_unknown: settings.when_unknown.verb(),
            station,
        }
    }
}

impl RulebookSecurityGuardrail {
    /// How sure it is that an effect concerns what is protected; none if it does not.
    fn touch(&self, action: &Action, effect: &Effect) -> Option<Touch> {
        let kind = effect.kind;
        let concerns = kind.changes() || (self.block_reads && kind == EffectKind::Read);
        let touch = concerns
            .then(|| self.protected.touch(action, effect))
            .flatten();
        match touch {
            None if effect.hides_change() => Some(Touch::Possible),
            touch => touch,
        }
    }

    /// Whether a command that nobody understands names what is protected, as it is written or as it is expanded.
    fn is_mentioned(&self, action: &Action) -> bool {
        let words = action.invocations().flat_map(|call| &call.words);
        let mut shown = words.map(Word::shown);
        action
            .texts
            .iter()
            .any(|text| self.protected.is_mentioned(text))
            || shown.any(|word| self.protected.is_mentioned(&word))
    }

    fn refuse(&self, answers: &mut Answers<'_, '_>, found: &str) {
        self.refusal(Verb::Halt, MESSAGE).say(answers, found);
    }

    /// Says that nobody knows; what names a protected path besides is refused.
    fn doubt(&self, answers: &mut Answers<'_, '_>, action: &Action, found: &str) {
        if self.is_mentioned(action) {
            return self.refuse(answers, &format!("one of them is named, and {found}"));
        }
        self.refusal(self.when_unknown, DOUBT).say(answers, found);
    }

    fn refusal(&self, verb: Verb, message: &str) -> Refusal {
        let message = self.message.as_deref().unwrap_or(message);
        Refusal {
            verb,
            rule_id: ID,
            severity: "HIGH",
            message: message.to_owned(),
        }
    }
}

impl Evaluator for RulebookSecurityGuardrail {
    fn evaluate(&self, input: &Value, _moment: Moment, answers: &mut Answers<'_, '_>) {
        let action = match answers.reading().action(input, &self.station) {
            Ok(action) => action,
            Err(fault) => return answers.fail(fault),
        };
        let mut doubtful = None;
        for effect in &action.effects {
            match self.touch(action, effect) {
                Some(Touch::Certain) => return self.refuse(answers, &described(effect)),
                Some(Touch::Possible) => doubtful = doubtful.or(Some(effect)),
                None => {}
            }
        }
        if action.code().any(|code| self.protected.is_named(code)) {
            return self.refuse(answers, "a program in another language names one of them");
        }
        if let Some(unknown) = action.unknown() {
            return self.doubt(answers, action, &not_judged(unknown));
        }
        if let Some(effect) = doubtful {
            self.doubt(answers, action, &hidden(effect));
        }
    }
}
