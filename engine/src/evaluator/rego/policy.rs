//! One Rego policy, compiled by itself and evaluated verb by verb.

use std::num::NonZeroU32;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use regorus::utils::limits::ExecutionTimerConfig;
use regorus::{Engine, Rc, Value};

use super::fault::Fault;
use super::library::Library;
use super::syntax::{Module, Shape};
use super::{answer, bounded, clock};
use crate::decision::{DecisionError, DecisionErrorKind, Verb};
use crate::evaluation_probe::{EvaluationStep, Probe};
use crate::evaluator::{Evaluator, Findings, Moment};

/// Steps of the interpreter between two looks at the clock: often enough for a deadline of milliseconds, and
/// seldom enough to cost nothing.
const CHECK_INTERVAL: NonZeroU32 = NonZeroU32::MIN.saturating_add(127);

/// Who speaks: what every rule and error of a policy says about its origin.
#[derive(Debug)]
pub(crate) struct Speaker {
    pub(crate) id: Arc<str>,
    pub(crate) file: Arc<str>,
    /// The severity of decisions that name none.
    pub(crate) severity: Option<Arc<str>>,
    /// The line of the package.
    line: u32,
    /// Where each verb is defined.
    definitions: Vec<Definition>,
}

/// One definition of a verb.
#[derive(Debug)]
struct Definition {
    verb: Verb,
    line: u32,
    source: String,
}

/// A compiled policy.
#[derive(Debug)]
pub(crate) struct RegoPolicy {
    speaker: Speaker,
    /// Never evaluated itself: each evaluation takes a copy, which shares all that was compiled and is thrown away
    /// with everything that the evaluation has left in it.
    prototype: Engine,
    verbs: Vec<(Verb, String)>,
    prints: bool,
}

impl Speaker {
    pub(crate) fn new(
        id: Arc<str>,
        file: Arc<str>,
        severity: Option<Arc<str>>,
        module: &Module,
    ) -> Self {
        let definitions = Verb::ALL.into_iter().flat_map(|verb| {
            module.definitions(verb).map(move |rule| Definition {
                verb,
                line: rule.line,
                source: module
                    .text
                    .get(rule.range.clone())
                    .unwrap_or_default()
                    .to_owned(),
            })
        });
        Self {
            id,
            file,
            severity,
            line: module.package_line,
            definitions: definitions.collect(),
        }
    }

    /// The line of the definition that spoke: the one that holds the rule's id, else the verb's first.
    pub(super) fn line_of(&self, verb: Verb, rule_id: Option<&str>) -> u32 {
        let definitions = || {
            self.definitions
                .iter()
                .filter(|definition| definition.verb == verb)
        };
        let first = definitions().next().map_or(1, |definition| definition.line);
        if definitions().nth(1).is_none() {
            return first;
        }
        let Some(rule_id) = rule_id else { return first };
        let quoted = format!("\"{rule_id}\"");
        definitions()
            .find(|definition| definition.source.contains(&quoted))
            .map_or(first, |definition| definition.line)
    }

    pub(super) fn error(
        &self,
        kind: DecisionErrorKind,
        message: String,
        line: u32,
    ) -> DecisionError {
        DecisionError {
            kind,
            policy: Arc::clone(&self.id),
            message,
            file: Some(Arc::clone(&self.file)),
            line: Some(line),
        }
    }
}

impl RegoPolicy {
    /// Compiles the module of a library that is a policy, with the modules that it needs and no others.
    ///
    /// # Errors
    ///
    /// When it defines no verb, names what is not there, or regorus cannot prepare it.
    pub(crate) fn compile(
        library: &Library,
        index: usize,
        speaker: Speaker,
    ) -> Result<Self, Fault> {
        let Some(module) = library.module(index) else {
            return Err(Fault::load("the module is not in the library", 1));
        };
        let verbs = verbs(module)?;
        let needs = library.needs(index)?;
        let modules = || std::iter::once(module).chain(needs.iter().copied());
        let calls = || {
            modules()
                .flat_map(|module| &module.rules)
                .flat_map(|rule| &rule.calls)
        };
        let prints = calls().any(|call| call.path.iter().eq(["print"]));

        let load = |error: String| Fault::of_text(&error);
        let mut engine = module.engine.clone();
        engine.set_gather_prints(true);
        bounded::install(&mut engine, calls()).map_err(load)?;
        clock::install(&mut engine, calls()).map_err(load)?;
        for module in &needs {
            engine
                .add_policy(module.file.clone(), module.text.clone())
                .map_err(|error| load(error.to_string()))?;
        }
        if let Some((_, path)) = verbs.first() {
            let path: Rc<str> = Rc::from(path.as_str());
            engine
                .compile_with_entrypoint(&path)
                .map_err(|error| load(error.to_string()))?;
        }
        Ok(Self {
            speaker,
            prototype: engine,
            verbs,
            prints,
        })
    }

    fn evaluate_verbs(
        &self,
        event: &Value,
        moment: Moment,
        findings: &mut Findings,
        probe: &mut Probe<'_>,
    ) {
        let mut engine = self.prototype.clone();
        engine.set_execution_timer_config(ExecutionTimerConfig {
            limit: moment.left,
            check_interval: CHECK_INTERVAL,
        });
        clock::set(moment.now);
        engine.set_input(event.clone());
        for (verb, path) in &self.verbs {
            probe.enter(|| EvaluationStep::Verb {
                verb: *verb,
                file: &self.speaker.file,
                line: self.speaker.line_of(*verb, None),
            });
            match engine.eval_rule(path.clone()) {
                Ok(answer) => answer::read(&self.speaker, *verb, &answer, findings),
                Err(error) => self.failed(*verb, &error.to_string(), findings),
            }
            if self.prints {
                let prints = engine.take_prints().unwrap_or_default();
                let id = &self.speaker.id;
                findings
                    .prints
                    .extend(prints.into_iter().map(|text| (Arc::clone(id), text)));
            }
            probe.leave();
        }
    }

    fn failed(&self, verb: Verb, text: &str, findings: &mut Findings) {
        let fault = Fault::of_evaluation(text);
        let line = fault
            .line
            .unwrap_or_else(|| self.speaker.line_of(verb, None));
        let message = match fault.kind {
            // What regorus says holds times, and two decisions about one event must not differ.
            DecisionErrorKind::Timeout => {
                "the policy did not finish before the deadline".to_owned()
            }
            _ => fault.message,
        };
        let mut error = self.speaker.error(fault.kind, message, line);
        if let Some(file) = fault.file {
            error.file = Some(Arc::from(file));
        }
        // Verbs that share a helper fail alike.
        if findings.errors.last() != Some(&error) {
            findings.errors.push(error);
        }
    }
}

impl Evaluator for RegoPolicy {
    fn evaluate(
        &self,
        event: &Value,
        moment: Moment,
        findings: &mut Findings,
        probe: &mut Probe<'_>,
    ) {
        let depth = probe.depth();
        probe.enter(|| EvaluationStep::Policy {
            id: &self.speaker.id,
            file: &self.speaker.file,
            line: self.speaker.line,
        });
        // INVARIANT: a panic leaves findings that were complete before it, and an engine that is thrown away.
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            self.evaluate_verbs(event, moment, findings, probe);
        }));
        probe.leave_to(depth);
        if outcome.is_err() {
            let line = self
                .verbs
                .first()
                .map_or(1, |(verb, _)| self.speaker.line_of(*verb, None));
            let message = "the evaluator broke down while it ran the policy".to_owned();
            findings.errors.push(
                self.speaker
                    .error(DecisionErrorKind::Crashed, message, line),
            );
        }
    }
}

/// The verbs of a policy and the paths of their rules.
fn verbs(module: &Module) -> Result<Vec<(Verb, String)>, Fault> {
    let verbs = module.verbs();
    if verbs.is_empty() {
        let names = Verb::ALL.map(Verb::name).join(", ");
        return Err(Fault::load(
            format!("the policy defines none of the verbs {names}, so it would never say anything"),
            module.package_line,
        ));
    }
    for verb in &verbs {
        for rule in module.definitions(*verb) {
            match rule.shape {
                Shape::Value => {}
                Shape::Keyed => {
                    let message = format!(
                        "`{0}` has a key, which makes it an object: write `{0} contains …`",
                        verb.name()
                    );
                    return Err(Fault::load(message, rule.line));
                }
                Shape::Function(_) => {
                    return Err(Fault::load(
                        format!("`{}` is a function, not a set of decisions", verb.name()),
                        rule.line,
                    ));
                }
            }
        }
    }
    let package = path(&module.package);
    Ok(verbs
        .into_iter()
        .map(|verb| (verb, format!("{package}.{}", verb.name())))
        .collect())
}

/// The path of a package; parts that are no names stand in brackets.
fn path(package: &[String]) -> String {
    package.iter().fold("data".to_owned(), |path, part| {
        let is_name = part
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || character == '_')
            && !part.starts_with(|first: char| first.is_ascii_digit());
        if is_name {
            format!("{path}.{part}")
        } else {
            format!("{path}[{}]", Value::from(part.as_str()))
        }
    })
}
