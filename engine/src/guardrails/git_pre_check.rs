//! `git_pre_check`: commands that must succeed before git commits, pushes or merges.

use super::Reading;
use super::SignalNeed;
use super::action::Action;
use super::git_command::GitCommand;
use super::settings::{Check, GitPreCheck};
use super::signal::{self, Outcome};
use super::station::Station;
use super::verdict::Refusal;
use crate::decision::Verb;
use crate::evaluator::{Answers, Evaluator, Moment};
use crate::value::Value;

pub(super) const ID: &str = "BUILTIN-GIT-CHECK";
const SECONDS: u64 = 30;
const OPERATIONS: [&str; 3] = ["commit", "push", "merge"];

/// The names that the signals of checks begin with.
const SIGNAL: &str = "__builtin_git_check_";

#[derive(Debug)]
pub(super) struct GitPreCheckGuardrail {
    station: Station,
    checks: Vec<Check>,
    operations: Vec<String>,
}

impl GitPreCheckGuardrail {
    pub(super) fn new(settings: GitPreCheck, station: Station) -> Self {
        let defaults = || OPERATIONS.iter().map(|name| (*name).to_owned()).collect();
        Self {
            checks: settings.checks,
            operations: settings.operations.unwrap_or_else(defaults),
            station,
        }
    }

    /// What the checks came to.
    pub(super) fn signals(&self) -> Vec<SignalNeed> {
        let checks = self.checks.iter().enumerate();
        checks
            .map(|(index, check)| {
                let seconds = check.timeout_seconds.map_or(SECONDS, |seconds| seconds.0);
                SignalNeed::new(&format!("{SIGNAL}{index}"), &check.command, seconds)
            })
            .collect()
    }

    fn concerns(&self, action: &Action) -> bool {
        action.unknown().is_some()
            || action
                .invocations()
                .filter_map(GitCommand::of)
                .any(|git| match git.name.known() {
                    Some(name) => self.operations.iter().any(|operation| operation == name),
                    None => true,
                })
    }
}

impl Evaluator for GitPreCheckGuardrail {
    fn wants_signal(&self, _name: &str, event: &Value, reading: &Reading) -> bool {
        let action = reading.action(event, &self.station);
        action.map_or(true, |action| self.concerns(action))
    }

    fn evaluate(&self, input: &Value, _moment: Moment, answers: &mut Answers<'_, '_>) {
        match answers.reading().action(input, &self.station) {
            Ok(action) if !self.concerns(action) => return,
            Ok(_) => {}
            Err(fault) => return answers.fail(fault),
        }
        for (index, check) in self.checks.iter().enumerate() {
            let name = format!("{SIGNAL}{index}");
            match signal::outcome(input, &name) {
                Outcome::Succeeded(_) => {}
                Outcome::Failed(output) => {
                    let message = check.message.clone();
                    let refusal = Refusal {
                        verb: Verb::Halt,
                        rule_id: ID,
                        severity: "HIGH",
                        message: message
                            .unwrap_or_else(|| format!("the check `{}` failed", check.command)),
                    };
                    refusal.say(answers, &output);
                }
                Outcome::Missing => answers.fail(signal::missing(&name)),
            }
        }
    }
}
