//! `claude_code_always_inject_on_prompt`: text that every prompt is given.

use std::path::Path;

use super::SignalNeed;
use super::settings::{ContextSource, PromptContext};
use super::signal::{self, Outcome};
use super::station::Station;
use crate::decision::{DecisionErrorKind, Verb};
use crate::evaluator::{Answers, Evaluator, Moment, PolicyFault};
use crate::value::{Value, array};

pub(super) const ID: &str = "BUILTIN-INJECT-PROMPT";
const SECONDS: u64 = 5;
const SIGNAL: &str = "__builtin_prompt_context_";
/// Bytes of a file that is given to a prompt.
const MAX_FILE_BYTES: usize = 256 * 1024;

#[derive(Debug)]
pub(super) struct AlwaysInjectGuardrail {
    station: Station,
    context: Vec<ContextSource>,
}

impl AlwaysInjectGuardrail {
    pub(super) fn new(settings: PromptContext, station: Station) -> Self {
        Self {
            context: settings.context,
            station,
        }
    }

    /// The commands whose output is wanted.
    pub(super) fn signals(&self) -> Vec<SignalNeed> {
        let sources = self.context.iter().enumerate();
        let commands = sources.filter_map(|(index, source)| match source {
            ContextSource::Command(source) => Some(SignalNeed::new(
                &format!("{SIGNAL}{index}"),
                &source.command,
                source.timeout_seconds.map_or(SECONDS, |seconds| seconds.0),
            )),
            _ => None,
        });
        commands.collect()
    }

    fn text(
        &self,
        index: usize,
        source: &ContextSource,
        input: &Value,
    ) -> Result<String, PolicyFault> {
        match source {
            ContextSource::Text(text) => Ok(text.clone()),
            ContextSource::File(source) => {
                let path = Path::new(&self.station.root).join(&source.file);
                llmspell_utils::read_text(&path, MAX_FILE_BYTES)
                    .map_err(|why| fault(format!("the context file `{}` {why}", source.file)))
            }
            ContextSource::Command(source) => {
                let name = format!("{SIGNAL}{index}");
                match signal::outcome(input, &name) {
                    Outcome::Succeeded(text) => Ok(text),
                    Outcome::Failed(_) => Err(fault(format!(
                        "the context command `{}` failed",
                        source.command
                    ))),
                    Outcome::Missing => Err(signal::missing(&name)),
                }
            }
        }
    }
}

fn fault(message: String) -> PolicyFault {
    PolicyFault {
        kind: DecisionErrorKind::Signal,
        message,
        file: None,
        line: None,
    }
}

impl Evaluator for AlwaysInjectGuardrail {
    fn evaluate(&self, input: &Value, _moment: Moment, answers: &mut Answers<'_, '_>) {
        answers.begin(Verb::AddContext);
        for (index, source) in self.context.iter().enumerate() {
            match self.text(index, source, input) {
                Ok(text) => answers.say(&array(std::iter::once(Value::from(text.as_str())))),
                Err(fault) => answers.fail(fault),
            }
        }
        answers.end();
    }
}
