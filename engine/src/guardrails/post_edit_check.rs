//! `post_edit_check`: a command that must succeed after a file with some ending was edited.

use std::collections::BTreeMap;

use super::Reading;
use super::SignalNeed;
use super::action::Action;
use super::settings::{Check, PostEditCheck};
use super::signal::{self, Outcome};
use super::station::Station;
use super::verdict::Refusal;
use crate::decision::Verb;
use crate::evaluator::{Answers, Evaluator, Moment};
use crate::shell::EffectKind;
use crate::value::{Value, array};

pub(super) const ID: &str = "BUILTIN-POST-EDIT";
const SECONDS: u64 = 10;
const SIGNAL: &str = "__builtin_post_edit_";

#[derive(Debug)]
pub(super) struct PostEditCheckGuardrail {
    station: Station,
    checks: BTreeMap<String, Check>,
}

impl PostEditCheckGuardrail {
    pub(super) fn new(settings: PostEditCheck, station: Station) -> Self {
        let checks = settings.by_extension.into_iter();
        Self {
            checks: checks
                .map(|(ending, check)| (plain(&ending), check))
                .collect(),
            station,
        }
    }

    /// What the checks came to; the event on their input names the file.
    pub(super) fn signals(&self) -> Vec<SignalNeed> {
        let checks = self.checks.iter();
        checks
            .map(|(ending, check)| {
                let seconds = check.timeout_seconds.map_or(SECONDS, |seconds| seconds.0);
                SignalNeed::new(&format!("{SIGNAL}{ending}"), &check.command, seconds)
            })
            .collect()
    }

    /// The files that were edited and have a check, one for each ending.
    fn edited(&self, action: &Action) -> Vec<(String, String, &Check)> {
        let mut edited: Vec<(String, String, &Check)> = Vec::new();
        for effect in action
            .effects
            .iter()
            .filter(|effect| effect.kind == EffectKind::Write)
        {
            let file = effect.path.plain();
            let name = file.rsplit('/').next().unwrap_or(file);
            let Some((_, ending)) = name.rsplit_once('.') else {
                continue;
            };
            let ending = plain(ending);
            let is_new = edited.iter().all(|(_, known, _)| *known != ending);
            if let Some(check) = self.checks.get(&ending).filter(|_| is_new) {
                edited.push((file.to_owned(), ending, check));
            }
        }
        edited
    }
}

impl Evaluator for PostEditCheckGuardrail {
    fn wants_signal(&self, name: &str, event: &Value, reading: &Reading) -> bool {
        let ending = name.strip_prefix(SIGNAL);
        let Ok(action) = reading.action(event, &self.station) else {
            return false;
        };
        let mut edited = self.edited(action).into_iter();
        edited.any(|(_, edited, _)| Some(edited.as_str()) == ending)
    }

    fn evaluate(&self, input: &Value, _moment: Moment, answers: &mut Answers<'_, '_>) {
        let action = match answers.reading().action(input, &self.station) {
            Ok(action) => action,
            Err(fault) => return answers.fail(fault),
        };
        for (file, ending, check) in self.edited(action) {
            let name = format!("{SIGNAL}{ending}");
            match signal::outcome(input, &name) {
                Outcome::Succeeded(_) => {
                    answers.begin(Verb::AddContext);
                    let text = format!("the check after the edit of `{file}` succeeded");
                    answers.say(&array(std::iter::once(Value::from(text.as_str()))));
                    answers.end();
                }
                Outcome::Failed(output) => {
                    let message = check.message.clone();
                    let refusal = Refusal {
                        verb: Verb::Block,
                        rule_id: ID,
                        severity: "MEDIUM",
                        message: message.unwrap_or_else(|| {
                            format!("the check after the edit of `{file}` failed")
                        }),
                    };
                    refusal.say(answers, &output);
                }
                Outcome::Missing => answers.fail(signal::missing(&name)),
            }
        }
    }
}

fn plain(ending: &str) -> String {
    ending.trim_start_matches('.').to_lowercase()
}
