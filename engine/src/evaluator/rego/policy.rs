//! One Rego policy, compiled by itself and evaluated verb by verb.

use std::num::NonZeroU32;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use regorus::utils::limits::ExecutionTimerConfig;
use regorus::{Engine, Rc, Value};

use super::explain;
use super::fault::Fault;
use super::functions::{self, Failures, Which};
use super::library::Library;
use super::replaced::Replaced;
use super::rvm::{self, Rvm};
use super::syntax::{Module, Shape};
use crate::decision::{DecisionErrorKind, Verb};
use crate::evaluator::{Answers, Definition, Evaluator, Moment};
use crate::explain::PolicyExplanation;

/// Steps of the interpreter between two looks at the clock: often enough for a deadline of milliseconds, and
/// seldom enough to cost nothing.
pub(super) const CHECK_INTERVAL: NonZeroU32 = NonZeroU32::MIN.saturating_add(127);

/// What functions of chance would draw from, which a policy may not call.
pub(super) const NO_CHANCE: [u8; 16] = [0; 16];

/// A compiled policy.
#[derive(Debug)]
pub(crate) struct RegoPolicy {
    /// Never evaluated itself: each evaluation takes a copy, which shares all that was compiled and is thrown away
    /// with everything that the evaluation has left in it.
    prototype: Engine,
    verbs: Vec<(Verb, String)>,
    prints: bool,
    /// The same for the virtual machine, if that is known to run it as the interpreter does.
    compiled: Option<rvm::Compiled>,
}

impl RegoPolicy {
    /// Compiles the module of a library that is a policy, with the modules that it needs and no others.
    ///
    /// # Errors
    ///
    /// When it defines no verb, names what is not there, or regorus cannot prepare it.
    pub(crate) fn compile(library: &Library, index: usize, rvm: Rvm) -> Result<Self, Fault> {
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
        let replaced = Replaced::by(modules());
        let mut engine = replaced.engine(module).map_err(load)?;
        engine.set_gather_prints(true);
        functions::install(&mut engine, calls(), Which::Needed, Failures::Fail).map_err(load)?;
        for module in &needs {
            engine
                .add_policy(module.file.clone(), replaced.text(module).into_owned())
                .map_err(|error| load(error.to_string()))?;
        }
        let mut compiled = None;
        if let Some((_, path)) = verbs.first() {
            let path: Rc<str> = Rc::from(path.as_str());
            engine
                .compile_with_entrypoint(&path)
                .map_err(|error| load(error.to_string()))?;
            if rvm == Rvm::On {
                let paths = verbs.iter().map(|(_, path)| path.clone());
                compiled = rvm::Compiled::new(engine.get_modules(), paths);
            }
        }
        Ok(Self {
            prototype: engine,
            verbs,
            prints,
            compiled,
        })
    }
}

impl Evaluator for RegoPolicy {
    fn is_compiled(&self) -> bool {
        self.compiled.is_some()
    }

    fn evaluate(&self, input: &Value, moment: Moment, answers: &mut Answers<'_, '_>) {
        let begun = Instant::now();
        functions::set(moment, NO_CHANCE);
        let compiled = self.compiled.as_ref();
        let mut run = compiled.and_then(|compiled| compiled.begin(input, moment.left));
        let mut engine = None;
        for (index, (verb, path)) in self.verbs.iter().enumerate() {
            answers.begin(*verb);
            if let Some(answer) = run.as_mut().and_then(|run| run.ask(index)) {
                answers.say(&answer);
            } else {
                let engine =
                    engine.get_or_insert_with(|| self.interpreter(input, moment, begun.elapsed()));
                match engine.eval_rule(path.clone()) {
                    Ok(answer) => answers.say(&answer),
                    Err(error) => answers.fail(failure(&error.to_string())),
                }
                if self.prints {
                    let prints = engine.take_prints().unwrap_or_default();
                    prints.into_iter().for_each(|text| answers.print(text));
                }
            }
            answers.end();
        }
    }

    fn explain(
        &self,
        input: &Value,
        moment: Moment,
        answers: &mut Answers<'_, '_>,
        explanation: &mut PolicyExplanation,
    ) {
        let begun = Instant::now();
        self.evaluate(input, moment, answers);
        explanation.took(begun.elapsed());
        // The functions that are called for the explanation have its time, and not what the policy has left.
        let left = explain::MAX_TIME;
        functions::set(Moment { left, ..moment }, NO_CHANCE);
        // INVARIANT: the decision is made; a panic of the explanation leaves it a part of itself, and no error.
        drop(catch_unwind(AssertUnwindSafe(|| {
            explain::explain(&self.prototype, input, explanation);
        })));
    }
}

impl RegoPolicy {
    /// An interpreter for one evaluation, of whose time so much has gone.
    fn interpreter(&self, input: &Value, moment: Moment, gone: Duration) -> Engine {
        let mut engine = self.prototype.clone();
        engine.set_execution_timer_config(ExecutionTimerConfig {
            limit: moment.left.saturating_sub(gone),
            check_interval: CHECK_INTERVAL,
        });
        engine.set_input(input.clone());
        engine
    }
}

pub(super) fn failure(text: &str) -> Fault {
    let fault = Fault::of_evaluation(text);
    match fault.kind {
        // What regorus says holds times, and two decisions about one event must not differ.
        DecisionErrorKind::Timeout => Fault {
            message: "the policy did not finish before the deadline".to_owned(),
            ..fault
        },
        _ => fault,
    }
}

/// Where each verb of a module is defined.
pub(crate) fn definitions(module: &Module) -> Vec<Definition> {
    let of_verb = |verb| {
        module.definitions(verb).map(move |rule| Definition {
            verb,
            line: rule.line,
            source: module
                .text
                .get(rule.range.clone())
                .unwrap_or_default()
                .to_owned(),
        })
    };
    Verb::ALL.into_iter().flat_map(of_verb).collect()
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
pub(super) fn path(package: &[String]) -> String {
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
