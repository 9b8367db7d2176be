//! `git_block_no_verify`: git's hooks run.

use super::git_command::{GitCommand, has_letter};
use super::paths::Protected;
use super::settings::NoVerify;
use super::station::Station;
use super::verdict::{Refusal, described};
use crate::decision::Verb;
use crate::evaluator::{Answers, Evaluator, Moment};
use crate::shell::{EffectKind, Invocation, Word, folded};
use crate::value::Value;

pub(super) const ID: &str = "BUILTIN-GIT-BLOCK-NO-VERIFY";
const MESSAGE: &str = "git's hooks must run";

/// Variables that switch hooks off, and the value that does it; none is any value.
const VARIABLES: [(&str, Option<&str>); 9] = [
    ("HUSKY", Some("0")),
    ("HUSKY_SKIP_HOOKS", None),
    ("HUSKY_SKIP_INSTALL", None),
    ("LEFTHOOK", Some("0")),
    ("LEFTHOOK_EXCLUDE", None),
    ("SKIP", None),
    ("OVERCOMMIT_DISABLE", None),
    ("PRE_COMMIT_ALLOW_NO_CONFIG", None),
    ("SKIP_SIMPLE_GIT_HOOKS", None),
];
/// Commands of git that run hooks.
const HOOKED: [&str; 8] = [
    "commit",
    "push",
    "merge",
    "rebase",
    "am",
    "pull",
    "cherry-pick",
    "revert",
];
/// Programs that keep hooks.
const KEEPERS: [&str; 4] = ["pre-commit", "husky", "lefthook", "overcommit"];

#[derive(Debug)]
pub(super) struct NoVerifyGuardrail {
    station: Station,
    refusal: Refusal,
    exceptions: Vec<String>,
    hooks: Protected,
    kept_hooks: Protected,
}

impl NoVerifyGuardrail {
    pub(super) fn new(settings: NoVerify, station: Station) -> Self {
        let owned = |path: &str| vec![path.to_owned()];
        Self {
            refusal: Refusal {
                verb: Verb::Deny,
                rule_id: ID,
                severity: "HIGH",
                message: settings.message.unwrap_or_else(|| MESSAGE.to_owned()),
            },
            exceptions: settings.exceptions,
            hooks: Protected::new(&owned(".git/hooks"), &station),
            kept_hooks: Protected::new(&owned(".husky"), &station),
            station,
        }
    }

    /// Whether the rulebook allows this command: an exception is how it begins, or a pattern of all of it.
    fn is_allowed(&self, invocation: &Invocation) -> bool {
        let words = invocation.words.iter().map(Word::shown);
        let command = words.collect::<Vec<_>>().join(" ");
        self.exceptions.iter().any(|exception| {
            if exception.contains('*') {
                Word::of_pattern(exception).may_be(&command)
            } else {
                let rest = command.strip_prefix(exception.as_str());
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
            }
        })
    }
}

impl Evaluator for NoVerifyGuardrail {
    fn evaluate(&self, input: &Value, _moment: Moment, answers: &mut Answers<'_, '_>) {
        let Some(action) = self.refusal.judged(input, &self.station, answers) else {
            return;
        };
        let skipped = action
            .invocations()
            .filter(|invocation| !self.is_allowed(invocation))
            .find_map(skips_hooks);
        if let Some(how) = skipped {
            return self.refusal.say(answers, how);
        }
        let mentions = action.code().any(|code| {
            let text = code.shown().to_lowercase();
            text.contains("git") && (text.contains("--no-verify") || text.contains("hookspath"))
        });
        if mentions {
            return self
                .refusal
                .say(answers, "a program in another language leaves them out");
        }
        let touched = self
            .hooks
            .touched(action, &action.effects, EffectKind::changes);
        let deletes = action
            .effects
            .iter()
            .filter(|effect| effect.kind == EffectKind::Delete || effect.program == "chmod");
        let kept = self
            .kept_hooks
            .touched(action, deletes, EffectKind::changes);
        if let Some(effect) = touched.or(kept) {
            self.refusal.say(answers, &described(effect));
        }
    }
}

/// How a command leaves hooks out, if it does.
fn skips_hooks(invocation: &Invocation) -> Option<&'static str> {
    let names: Vec<&str> = invocation.words.iter().map(Word::plain).collect();
    let is_keeper = |name: &&str| KEEPERS.iter().any(|keeper| name.ends_with(keeper));
    if names.iter().any(is_keeper) && names.contains(&"uninstall") {
        return Some("the hooks are uninstalled");
    }
    let git = GitCommand::of(invocation)?;
    let is_hooks_path = |word: &Word| -> bool {
        folded(&word.shown())
            .collect::<String>()
            .contains("core.hookspath")
    };
    if git.options.iter().any(is_hooks_path) {
        return Some("`core.hooksPath` leads past the hooks");
    }
    let name = git.name.plain();
    if git.name.is_computed() {
        return Some("the command of git is only known when it runs");
    }
    if name == "config" && git.arguments.iter().any(is_hooks_path) && !reads_configuration(&git) {
        return Some("`core.hooksPath` is changed");
    }
    if matches!(name, "commit-tree" | "fast-import") {
        return Some("this command makes commits without hooks");
    }
    let is_hooked = HOOKED.contains(&name);
    if !is_hooked {
        return None;
    }
    let flags = git.flags();
    let is_no_verify = |word: &&Word| {
        let text = word.start();
        let is_long = text.len() >= "--no-v".len()
            && "--no-verify".starts_with(text)
            && word.known().is_some();
        let is_short = matches!(name, "commit" | "am") && has_letter(text, 'n');
        is_long || is_short
    };
    if flags.iter().any(is_no_verify) {
        return Some("an option leaves them out");
    }
    if flags
        .iter()
        .any(|word| word.is_computed() && word.start().is_empty())
    {
        return Some("an option is only known when the command runs");
    }
    invocation.variables.iter().find_map(|(name, value)| {
        let is_switch = VARIABLES.iter().any(|(variable, off)| {
            variable == name && off.is_none_or(|off| value.known().is_none_or(|value| value == off))
        });
        let is_configuration =
            name.starts_with("GIT_CONFIG") && (is_hooks_path(value) || value.is_computed());
        (is_switch || is_configuration).then_some("a variable switches them off")
    })
}

fn reads_configuration(git: &GitCommand<'_>) -> bool {
    let reads = [
        "--get",
        "--get-all",
        "--list",
        "-l",
        "get",
        "list",
        "--get-regexp",
    ];
    let is_reading = git
        .arguments
        .iter()
        .any(|word| reads.contains(&word.plain()));
    let operands = git
        .arguments
        .iter()
        .filter(|word| !word.is_option())
        .count();
    let unsets = git
        .arguments
        .iter()
        .any(|word| word.start().starts_with("--unset") || word.plain() == "unset");
    (is_reading || operands < 2) && !unsets
}
