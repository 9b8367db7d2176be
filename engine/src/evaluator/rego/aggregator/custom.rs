//! A customised `system/evaluate.rego`, evaluated as it is written over the policies that an event routes to.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use parking_lot::Mutex;
use regorus::utils::limits::ExecutionTimerConfig;
use regorus::{Engine, Rc, Value};

use super::VERBS;
use crate::decision::{DecisionErrorKind, Verb};
use crate::evaluator::rego::fault::Fault;
use crate::evaluator::rego::functions::{self, Failures, Which};
use crate::evaluator::rego::library::Library;
use crate::evaluator::rego::policy::{CHECK_INTERVAL, NO_CHANCE, failure};
use crate::evaluator::rego::replaced::Replaced;
use crate::evaluator::rego::syntax::{Module, Shape};
use crate::evaluator::{Definition, Findings, Moment, Speaker, say};
use crate::value::described;

const ENTRY: &str = "evaluate";
const POLICIES: &str = "policies";
/// Engines that are kept, one for each set of policies that events route to.
const MAX_ENGINES: usize = 256;

/// The aggregator of a project, with everything that it may look at.
#[derive(Debug)]
pub(crate) struct Aggregator {
    library: Library,
    index: usize,
    /// The full name of its entry point.
    entry: String,
    speaker: Speaker,
    /// The modules that it needs beside the policies.
    needs: BTreeSet<usize>,
    /// The modules of the policies that it sees, by their files.
    policies: BTreeMap<Arc<str>, usize>,
    engines: Mutex<HashMap<Vec<usize>, Arc<Engine>>>,
}

impl Aggregator {
    /// Prepares the module of a library that aggregates its policies, which are given by their files.
    ///
    /// # Errors
    ///
    /// When it has no rule `evaluate`, or names what is not there.
    pub(crate) fn new(
        library: Library,
        index: usize,
        id: &Arc<str>,
        policies: BTreeMap<Arc<str>, usize>,
    ) -> Result<Self, Fault> {
        let Some(module) = library.module(index) else {
            return Err(Fault::load("the module is not in the library", 1));
        };
        let line = entry(module)?;
        // What `cupcake.system` aggregates are `cupcake.policies`, likewise below `cupcake.global`.
        let above = module
            .package
            .split_last()
            .map_or(&[][..], |(_, above)| above);
        let is_policy = |module: &Module| {
            let inside = module.package.strip_prefix(above);
            inside.is_some_and(|inside| {
                inside.len() > 1 && inside.first().is_some_and(|name| name == POLICIES)
            })
        };
        let entry_path = format!("data.{}.{ENTRY}", module.package_name());
        let mut policies = policies;
        policies.retain(|_, index| library.module(*index).is_some_and(is_policy));
        let needs = library.needed_indices(index)?;
        let needs = needs.into_iter().filter(|index| {
            library
                .module(*index)
                .is_some_and(|module| !is_policy(module))
        });
        let definitions = Verb::ALL.map(|verb| Definition {
            verb,
            line,
            source: String::new(),
        });
        let speaker = Speaker {
            id: Arc::clone(id),
            file: Arc::from(module.file.as_str()),
            severity: None,
            line,
            definitions: definitions.to_vec(),
        };
        Ok(Self {
            needs: needs.collect(),
            library,
            index,
            entry: entry_path,
            speaker,
            policies,
            engines: Mutex::default(),
        })
    }

    /// Who speaks where no policy is known to.
    pub(crate) const fn speaker(&self) -> &Speaker {
        &self.speaker
    }

    /// Whether it looks at this policy, which only Rego policies of its own configuration can be.
    pub(crate) fn sees(&self, policy: &Speaker) -> bool {
        self.policies.contains_key(&policy.file)
    }

    /// Evaluates it over the policies that an event routes to, and adds what it says to the findings.
    ///
    /// # Errors
    ///
    /// When the evaluation fails, breaks down, or gives something else than the object of the verbs.
    pub(crate) fn evaluate(
        &self,
        routed: &[&Speaker],
        input: &Value,
        moment: Moment,
        findings: &mut Findings,
    ) -> Result<(), Fault> {
        // INVARIANT: a panic loses the copy of the engine and nothing else.
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            self.run(routed, input, moment, findings)
        }));
        let answer = outcome.unwrap_or_else(|_| {
            let message = "the evaluator broke down while it ran `system/evaluate.rego`";
            let line = self.speaker.line;
            Err(Fault::new(DecisionErrorKind::Crashed, message, line))
        })?;
        self.read(&answer, routed, findings)
    }

    fn run(
        &self,
        routed: &[&Speaker],
        input: &Value,
        moment: Moment,
        findings: &mut Findings,
    ) -> Result<Value, Fault> {
        let mut engine = self.engine(routed)?.as_ref().clone();
        engine.set_execution_timer_config(ExecutionTimerConfig {
            limit: moment.left,
            check_interval: CHECK_INTERVAL,
        });
        functions::set(moment, NO_CHANCE);
        engine.set_input(input.clone());
        let answer = engine.eval_rule(self.entry.clone());
        let prints = engine.take_prints().unwrap_or_default();
        let prints = prints.into_iter();
        findings
            .prints
            .extend(prints.map(|text| (Arc::clone(&self.speaker.id), text)));
        answer.map_err(|error| failure(&error.to_string()))
    }

    /// The engine for these policies, which is made when it is first wanted.
    fn engine(&self, routed: &[&Speaker]) -> Result<Arc<Engine>, Fault> {
        let policies = routed
            .iter()
            .filter_map(|policy| self.policies.get(&policy.file));
        let mut key: Vec<usize> = policies.copied().collect();
        key.sort_unstable();
        if let Some(engine) = self.engines.lock().get(&key) {
            return Ok(Arc::clone(engine));
        }
        let engine = Arc::new(self.compile(&key)?);
        let mut engines = self.engines.lock();
        if engines.len() < MAX_ENGINES {
            engines.insert(key, Arc::clone(&engine));
        }
        Ok(engine)
    }

    fn compile(&self, policies: &[usize]) -> Result<Engine, Fault> {
        let mut indices = self.needs.clone();
        for policy in policies {
            indices.insert(*policy);
            indices.extend(self.library.needed_indices(*policy)?);
        }
        indices.remove(&self.index);
        let others: Vec<&Module> = indices
            .iter()
            .filter_map(|index| self.library.module(*index))
            .collect();
        let Some(own) = self.library.module(self.index) else {
            return Err(Fault::load("the module is not in the library", 1));
        };
        let load = |error: String| Fault::of_text(&error);
        let modules = || std::iter::once(own).chain(others.iter().copied());
        let replaced = Replaced::by(modules());
        let mut engine = replaced.engine(own).map_err(load)?;
        engine.set_gather_prints(true);
        let calls = modules().flat_map(Module::calls);
        functions::install(&mut engine, calls, Which::Needed, Failures::Fail).map_err(load)?;
        for module in others {
            engine
                .add_policy(module.file.clone(), replaced.text(module).into_owned())
                .map_err(|error| load(error.to_string()))?;
        }
        engine
            .compile_with_entrypoint(&Rc::from(self.entry.as_str()))
            .map_err(|error| load(error.to_string()))?;
        Ok(engine)
    }

    /// Reads the object of the verbs; what it says is that of the policy that holds the rule's id.
    fn read(
        &self,
        answer: &Value,
        routed: &[&Speaker],
        findings: &mut Findings,
    ) -> Result<(), Fault> {
        let malformed =
            |message: String| Fault::new(DecisionErrorKind::Malformed, message, self.speaker.line);
        let Value::Object(said) = answer else {
            let message = format!("`{ENTRY}` is {}, not an object of verbs", described(answer));
            return Err(malformed(message));
        };
        let mut verbs = Vec::new();
        for (key, decisions) in said.iter_sorted() {
            let wire = VERBS.iter().find(|(wire, _)| *key == Value::from(*wire));
            let verb =
                wire.and_then(|(_, name)| Verb::ALL.into_iter().find(|verb| verb.name() == *name));
            let Some(verb) = verb else {
                let known = VERBS.map(|(wire, _)| wire).join(", ");
                return Err(malformed(format!(
                    "`{ENTRY}` has a key that is none of {known}"
                )));
            };
            verbs.push((verb, decisions));
        }
        // Whatever is wrong with the object as a whole, its policies speak by themselves: so nothing is said before.
        for (verb, decisions) in verbs {
            self.read_verb(verb, decisions, routed, findings);
        }
        Ok(())
    }

    fn read_verb(
        &self,
        verb: Verb,
        decisions: &Value,
        routed: &[&Speaker],
        findings: &mut Findings,
    ) {
        let mut one = |decision: &Value| {
            let speaker = self.speaker_of(verb, decision, routed);
            say(
                speaker,
                verb,
                &Value::from(vec![decision.clone()]),
                findings,
            );
        };
        match decisions {
            Value::Array(decisions) => decisions.iter().for_each(&mut one),
            Value::Set(decisions) => decisions.iter_sorted().for_each(&mut one),
            // What has another shape is an error that names the verb.
            other => say(&self.speaker, verb, other, findings),
        }
    }

    fn speaker_of<'speaker>(
        &'speaker self,
        verb: Verb,
        decision: &Value,
        routed: &[&'speaker Speaker],
    ) -> &'speaker Speaker {
        let key = Value::from("rule_id");
        let Value::Object(fields) = decision else {
            return &self.speaker;
        };
        let Some(Value::String(rule_id)) = fields.get(&key) else {
            return &self.speaker;
        };
        // The aggregator may have made another verb of it.
        [Some(verb), None]
            .into_iter()
            .find_map(|verb| {
                let mut routed = routed.iter().copied();
                routed.find(|policy| policy.mentions(verb, rule_id))
            })
            .unwrap_or(&self.speaker)
    }
}

/// The line of the rule `evaluate`.
fn entry(module: &Module) -> Result<u32, Fault> {
    let mut rules = module.rules.iter();
    let rule = rules.find(|rule| rule.name.iter().eq([ENTRY]));
    match rule {
        Some(rule) if rule.shape == Shape::Value => Ok(rule.line),
        Some(rule) => Err(Fault::load(
            format!("`{ENTRY}` is no value: write `{ENTRY} := {{\"denials\": …}}`"),
            rule.line,
        )),
        None => Err(Fault::load(
            format!(
                "the package `{}` has no rule `{ENTRY}`",
                module.package_name()
            ),
            module.package_line,
        )),
    }
}
