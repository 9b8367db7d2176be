//! A policy whose verbs are entry points of a module.

use std::sync::Arc;
use std::time::Instant;

use super::deadline::{self, Ticking};
use super::instance::Instance;
use super::module::{OpaModule, no_clock};
use super::runtime::{self, Time};
use super::{fault, wire};
use crate::decision::Verb;
use crate::evaluator::{Answers, Evaluator, Moment, PolicyFault};
use crate::value::Value;

/// The entry point that collects the verbs of every policy, and the keys under which it does.
const COLLECTED: [(&str, Verb); 6] = [
    ("halts", Verb::Halt),
    ("denials", Verb::Deny),
    ("blocks", Verb::Block),
    ("asks", Verb::Ask),
    ("modifications", Verb::Modify),
    ("add_context", Verb::AddContext),
];

/// Where the answers of a policy come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Entries {
    /// One entry point for each verb.
    Verbs(Vec<(Verb, i32)>),
    /// One entry point for the package, an object whose keys are verbs and other rules.
    Package(i32),
    /// One entry point that has collected the verbs of all policies of its module.
    Collected(i32),
}

/// A policy of a module.
#[derive(Debug)]
pub(crate) struct WasmPolicy {
    pub(super) module: Arc<OpaModule>,
    pub(super) entries: Entries,
    /// The files of the project by the names under which the module knows them.
    pub(super) names: Arc<Names>,
}

/// The files of a project by the names under which a module knows them.
pub(super) type Names = std::collections::BTreeMap<String, String>;

/// An instance at work on one input; it is thrown away with whatever has failed in it.
struct Session<'policy> {
    policy: &'policy WasmPolicy,
    input: String,
    time: Time,
    instance: Option<Instance>,
    _ticking: Ticking,
}

impl Evaluator for WasmPolicy {
    fn evaluate(&self, input: &Value, moment: Moment, answers: &mut Answers<'_, '_>) {
        let mut session = match Session::begin(self, input, moment) {
            Ok(session) => session,
            Err(fault) => return answers.fail(fault),
        };
        match &self.entries {
            Entries::Verbs(verbs) => {
                for (verb, entry) in verbs {
                    answers.begin(*verb);
                    match session.answer(*entry) {
                        Ok(answer) => answers.say(&answer),
                        Err(fault) => answers.fail(fault),
                    }
                    session.tell_prints(answers);
                    answers.end();
                }
            }
            Entries::Package(entry) | Entries::Collected(entry) => {
                let answer = session.answer(*entry);
                session.tell_prints(answers);
                match answer.and_then(|answer| self.verbs_of(&answer)) {
                    Ok(said) => {
                        for (verb, answer) in said {
                            answers.begin(verb);
                            answers.say(&answer);
                            answers.end();
                        }
                    }
                    Err(fault) => answers.fail(fault),
                }
            }
        }
        session.end();
    }
}

impl WasmPolicy {
    /// What each verb says in the answer of a package or of a collection.
    fn verbs_of(&self, answer: &Value) -> Result<Vec<(Verb, Value)>, PolicyFault> {
        let Value::Object(fields) = answer else {
            return Err(fault::malformed(
                "the entry point does not give an object of verbs",
            ));
        };
        let get = |key: &str| fields.get(&Value::from(key)).cloned();
        if matches!(self.entries, Entries::Collected(_)) {
            return COLLECTED
                .into_iter()
                .map(|(key, verb)| {
                    let said = get(key).ok_or_else(|| {
                        fault::malformed(format!("the entry point does not give `{key}`"))
                    })?;
                    Ok((verb, said))
                })
                .collect();
        }
        let said: Vec<(Verb, Value)> = Verb::ALL
            .into_iter()
            .filter_map(|verb| Some((verb, get(verb.name())?)))
            .collect();
        if said.is_empty() {
            return Err(fault::malformed(
                "the entry point gives none of the verbs: write them as sets, such as `deny contains …`",
            ));
        }
        Ok(said)
    }

    /// The fault with the file of the project in place of the module's name for it.
    fn placed(&self, fault: PolicyFault) -> PolicyFault {
        let named = fault
            .file
            .as_deref()
            .and_then(|file| self.names.get(file.trim_start_matches('/')));
        match named {
            Some(file) => PolicyFault {
                file: Some(file.clone()),
                ..fault
            },
            None => PolicyFault {
                line: fault.line.filter(|_| fault.file.is_none()),
                file: None,
                ..fault
            },
        }
    }
}

impl<'policy> Session<'policy> {
    fn begin(
        policy: &'policy WasmPolicy,
        input: &Value,
        moment: Moment,
    ) -> Result<Self, PolicyFault> {
        let until = Instant::now()
            .checked_add(moment.left)
            .ok_or_else(fault::timeout)?;
        let input =
            wire::write(input).map_err(|error| fault::evaluation(format!("the event: {error}")))?;
        Ok(Self {
            policy,
            input,
            time: Time {
                now: moment.now,
                until,
            },
            instance: None,
            _ticking: deadline::ticking(runtime::engine()?).ok_or_else(no_clock)?,
        })
    }

    fn answer(&mut self, entry: i32) -> Result<Value, PolicyFault> {
        let mut instance = self.ready().map_err(|fault| self.policy.placed(fault))?;
        match instance.answer(entry) {
            Ok(answer) => {
                self.instance = Some(instance);
                Ok(answer)
            }
            // What has failed may have left anything in its memory.
            Err(fault) => Err(self.policy.placed(fault)),
        }
    }

    /// An instance that has the input.
    fn ready(&mut self) -> Result<Instance, PolicyFault> {
        if let Some(instance) = self.instance.take() {
            return Ok(instance);
        }
        let mut instance = self.policy.module.take(self.time)?;
        instance.begin(Some(&self.input), self.time)?;
        Ok(instance)
    }

    fn tell_prints(&mut self, answers: &mut Answers<'_, '_>) {
        let prints = self.instance.as_mut().map(Instance::take_prints);
        prints
            .unwrap_or_default()
            .into_iter()
            .for_each(|text| answers.print(text));
    }

    fn end(self) {
        if let Some(instance) = self.instance {
            self.policy.module.give_back(instance);
        }
    }
}
