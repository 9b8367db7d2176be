//! `cupcake_exec_protection`: the programs that judge an agent are not run by it.

use super::settings::ExecProtection;
use super::station::Station;
use super::verdict::Refusal;
use crate::decision::Verb;
use crate::evaluator::{Answers, Evaluator, Moment};
use crate::shell::{Invocation, Word};
use crate::value::Value;

pub(super) const ID: &str = "GLOBAL-BUILTIN-CUPCAKE-EXEC";
const MESSAGE: &str = "the program that judges commands is not run by them";
const PROGRAMS: [&str; 2] = ["cupcake", "llmspell"];
/// Tools that give a program another name.
const COPYING: [&str; 5] = ["cp", "mv", "ln", "install", "rsync"];

#[derive(Debug)]
pub(super) struct ExecProtectionGuardrail {
    station: Station,
    refusal: Refusal,
    allowed: Vec<Vec<String>>,
}

impl ExecProtectionGuardrail {
    pub(super) fn new(settings: ExecProtection, station: Station) -> Self {
        let allowed = settings.allowed_commands.iter();
        Self {
            refusal: Refusal {
                verb: Verb::Halt,
                rule_id: ID,
                severity: "CRITICAL",
                message: settings.message.unwrap_or_else(|| MESSAGE.to_owned()),
            },
            allowed: allowed
                .map(|command| command.split_whitespace().map(str::to_owned).collect())
                .collect(),
            station,
        }
    }

    fn is_refused(&self, invocation: &Invocation) -> bool {
        let program = invocation.program.as_deref().unwrap_or_default();
        let is_name = |word: &Word| {
            let name = word.last_component();
            PROGRAMS
                .iter()
                .any(|program| name.openness().is_none() && name.may_be(program))
        };
        if COPYING.contains(&program) {
            return invocation.arguments().iter().any(is_name);
        }
        let by_pattern =
            invocation.program.is_none() && invocation.words.first().is_some_and(is_name);
        // `npx cupcake`, `cargo run --bin cupcake`.
        let by_runner = matches!(program, "npx" | "bunx" | "pnpm" | "yarn" | "cargo" | "uvx")
            && invocation
                .arguments()
                .iter()
                .any(|word| PROGRAMS.contains(&word.plain()));
        (PROGRAMS.contains(&program) || by_pattern || by_runner) && !self.is_allowed(invocation)
    }

    /// Whether a command begins with words that the rulebook allows.
    fn is_allowed(&self, invocation: &Invocation) -> bool {
        let program = invocation.program.iter().map(String::as_str);
        let words: Vec<&str> = program
            .chain(invocation.arguments().iter().map(Word::plain))
            .collect();
        self.allowed.iter().any(|allowed| {
            !allowed.is_empty()
                && allowed.len() <= words.len()
                && allowed.iter().zip(&words).all(|(one, other)| one == other)
        })
    }
}

impl Evaluator for ExecProtectionGuardrail {
    fn evaluate(&self, input: &Value, _moment: Moment, answers: &mut Answers<'_, '_>) {
        let Some(action) = self.refusal.judged(input, &self.station, answers) else {
            return;
        };
        let refused = action
            .invocations()
            .find(|invocation| self.is_refused(invocation));
        if let Some(invocation) = refused {
            let program = invocation
                .words
                .first()
                .map(Word::shown)
                .unwrap_or_default();
            return self.refusal.say(answers, &format!("`{program}`"));
        }
        let names = action.code().any(|code| {
            let text = code.shown().to_lowercase();
            let runs = ["system", "subprocess", "spawn", "exec", "popen"]
                .iter()
                .any(|word| text.contains(word));
            runs && PROGRAMS.iter().any(|program| text.contains(program))
                && !text.contains(".cupcake")
        });
        if names {
            self.refusal
                .say(answers, "a program in another language runs it");
        }
    }
}
