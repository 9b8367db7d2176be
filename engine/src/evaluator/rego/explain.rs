//! Says what each definition of a policy did: which statement of it was the first that did not hold.
//!
//! Every definition is evaluated anew, one statement more each time, in the scope of its own module. Functions are
//! asked with the arguments with which evaluated statements call them.

mod definition;
mod prober;
mod values;
mod visit;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use regorus::unstable::{Expr, Module, Ref, Span};
use regorus::{Engine, Value};

use super::names::full_name;
use super::syntax::own_text;
use crate::evaluator::PolicyFault;
use crate::explain::{
    FailedExpression, InputRead, PolicyExplanation, RuleExplanation, RuleOutcome, SeenValue,
};
use definition::{Definition, Place};
use prober::{Prober, Steps};
use visit::{Call, Visit};

/// How long one policy may be explained.
pub(super) const MAX_TIME: Duration = Duration::from_secs(2);
/// Arguments with which a function is asked.
const MAX_ARGUMENTS: usize = 32;

/// Adds what each definition did, and which parts of the input were read.
pub(super) fn explain(prototype: &Engine, input: &Value, explanation: &mut PolicyExplanation) {
    let mut engine = prototype.clone();
    let modules: Vec<Ref<Module>> = engine.get_modules().clone();
    let definitions = definition::all(&modules);
    let visits: Vec<Visit<'_>> = definitions.iter().map(visited).collect();
    let reached = reached(&definitions, &visits);
    let mut explaining = Explaining {
        prototype,
        input,
        definitions: &definitions,
        visits: &visits,
        deadline: Instant::now() + MAX_TIME,
        asked: BTreeMap::new(),
        results: BTreeMap::new(),
        seen: BTreeMap::new(),
    };
    explanation.records_inputs();
    explaining.run(&reached);
    explaining.seen = explaining.look(&reached);
    explaining.tell(&reached, explanation);
}

/// What all statements and the head of a definition name.
fn visited<'tree>(definition: &Definition<'tree>) -> Visit<'tree> {
    let mut visit = Visit::default();
    definition
        .statements
        .iter()
        .for_each(|statement| visit.statement(statement));
    definition
        .head
        .iter()
        .for_each(|value| visit.expression(value));
    visit
}

/// The verbs' definitions and those that they use, in the order of the files.
fn reached(definitions: &[Definition<'_>], visits: &[Visit<'_>]) -> BTreeSet<usize> {
    let is_verb = |definition: &Definition<'_>| definition.verb.is_some();
    let mut pending: Vec<usize> = (0..definitions.len())
        .filter(|index| definitions.get(*index).is_some_and(is_verb))
        .collect();
    let mut reached = BTreeSet::new();
    while let Some(index) = pending.pop() {
        if !reached.insert(index) {
            continue;
        }
        let (Some(definition), Some(visit)) = (definitions.get(index), visits.get(index)) else {
            continue;
        };
        let called = visit.calls.iter().map(|call| call.function);
        for name in visit.names.iter().copied().chain(called) {
            let name = full_name(name, definition.module);
            pending.extend(named(definitions, &name));
        }
    }
    reached
}

/// The definitions of the rule that a name leads to, or into.
fn named<'list>(
    definitions: &'list [Definition<'_>],
    name: &'list str,
) -> impl Iterator<Item = usize> + 'list {
    let of_rule = move |definition: &Definition<'_>| {
        name.strip_prefix(definition.full_name.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    definitions
        .iter()
        .enumerate()
        .filter(move |(_, definition)| of_rule(definition))
        .map(|(index, _)| index)
}

/// How far one definition came.
#[derive(Clone)]
struct Progress {
    /// Statements that hold; one more than there are stands for the head.
    held: usize,
    /// Whether the statements were asked one by one, so that the one behind those that hold is known.
    is_stepwise: bool,
    fault: Option<PolicyFault>,
    /// What a function was asked with.
    arguments: Option<Value>,
}

/// A part of an expression that does not hold.
struct Part<'list, 'tree> {
    number: usize,
    /// The number of its definition.
    index: usize,
    /// How many statements hold before it.
    held: usize,
    definition: &'list Definition<'tree>,
    expression: &'tree Expr,
}

struct Explaining<'policy, 'tree> {
    prototype: &'policy Engine,
    input: &'policy Value,
    definitions: &'policy [Definition<'tree>],
    visits: &'policy [Visit<'tree>],
    deadline: Instant,
    /// The arguments with which each function is asked.
    asked: BTreeMap<String, BTreeSet<Value>>,
    results: BTreeMap<usize, Progress>,
    /// What the parts of the expressions were that do not hold.
    seen: BTreeMap<usize, Vec<SeenValue>>,
}

impl<'tree> Explaining<'_, 'tree> {
    fn run(&mut self, reached: &BTreeSet<usize>) {
        // What cannot be probed together may be apart, and what cannot be statement by statement as a whole.
        if let Some(prober) = self.prober(reached, Steps::Each) {
            let places = reached.iter().map(|index| (*index, 0)).collect();
            return self.probe(&mut [prober], &places);
        }
        let mut probers = Vec::new();
        let mut places = BTreeMap::new();
        for index in reached {
            if Instant::now() >= self.deadline {
                break;
            }
            let one = BTreeSet::from([*index]);
            let prober = self.prober(&one, Steps::Each);
            if let Some(prober) = prober.or_else(|| self.prober(&one, Steps::Whole)) {
                places.insert(*index, probers.len());
                probers.push(prober);
            }
        }
        self.probe(&mut probers, &places);
    }

    fn prober(&self, indices: &BTreeSet<usize>, steps: Steps) -> Option<Prober> {
        let definitions: Vec<(usize, &Definition<'_>)> = indices
            .iter()
            .filter_map(|index| Some((*index, self.definitions.get(*index)?)))
            .collect();
        // The context of a call is some of its statements.
        let with_calls = definitions.iter().filter(|_| steps == Steps::Each);
        let calls: Vec<(usize, &Definition<'_>, &Call<'_>)> = with_calls
            .flat_map(|(index, definition)| {
                self.calls(*index)
                    .map(move |(number, call)| (number, *definition, call))
            })
            .collect();
        let mut prober = Prober::new(self.prototype, &definitions, &calls, steps, self.deadline)?;
        prober.set_input(self.input);
        Some(prober)
    }

    /// The calls of a definition that lead to functions of the policy, each with its number.
    fn calls(&self, index: usize) -> impl Iterator<Item = (usize, &Call<'tree>)> {
        const PER_DEFINITION: usize = 1_000;
        let definition = self.definitions.get(index);
        let calls = self.visits.get(index).map(|visit| visit.calls.iter());
        calls
            .into_iter()
            .flatten()
            .take(PER_DEFINITION)
            .enumerate()
            .filter(move |(_, call)| {
                definition.is_some_and(|definition| {
                    let name = full_name(call.function, definition.module);
                    named(self.definitions, &name).next().is_some()
                })
            })
            .map(move |(number, call)| (index * PER_DEFINITION + number, call))
    }

    /// Asks what has no arguments, and then each function with the arguments that were found, until none is new;
    /// `places` says which prober answers for a definition.
    fn probe(&mut self, probers: &mut [Prober], places: &BTreeMap<usize, usize>) {
        let mut pending: Vec<(usize, Option<Value>)> = places
            .keys()
            .filter(|index| {
                let definition = self.definitions.get(**index);
                definition.is_some_and(|definition| definition.parameters.is_none())
            })
            .map(|index| (*index, None))
            .collect();
        while let Some((index, arguments)) = pending.pop() {
            let place = places.get(&index).copied().unwrap_or(usize::MAX);
            let definition = self.definitions.get(index);
            let (Some(definition), Some(prober)) = (definition, probers.get_mut(place)) else {
                continue;
            };
            if !prober.has_time() {
                return;
            }
            if let Some(arguments) = &arguments {
                prober.set_arguments(arguments);
            }
            let mut progress = progress(prober, index, definition);
            progress.arguments = arguments;
            self.note(index, progress);
            let calls: Vec<(usize, &Call<'_>)> = self.calls(index).collect();
            let found: Vec<(String, Value)> = calls
                .into_iter()
                .flat_map(|(number, call)| {
                    let name = full_name(call.function, definition.module);
                    prober
                        .arguments(number, definition)
                        .into_iter()
                        .map(move |arguments| (name.clone(), arguments))
                })
                .collect();
            for (name, arguments) in found {
                let asked = self.asked.entry(name.clone()).or_default();
                if asked.len() < MAX_ARGUMENTS && asked.insert(arguments.clone()) {
                    let functions =
                        named(self.definitions, &name).filter(|index| places.contains_key(index));
                    pending.extend(functions.map(|index| (index, Some(arguments.clone()))));
                }
            }
        }
    }

    /// Of several ways in which a function was asked, the one that came furthest counts; an error before all.
    fn note(&mut self, index: usize, progress: Progress) {
        let is_further = self.results.get(&index).is_none_or(|known| {
            known.fault.is_none() && (progress.fault.is_some() || progress.held > known.held)
        });
        if is_further {
            self.results.insert(index, progress);
        }
    }

    /// Looks at what the parts of the expressions were that do not hold.
    fn look(&self, reached: &BTreeSet<usize>) -> BTreeMap<usize, Vec<SeenValue>> {
        let mut seen = BTreeMap::new();
        let parts: Vec<Part<'_, '_>> = reached
            .iter()
            .flat_map(|index| self.parts(*index))
            .enumerate()
            .map(|(number, part)| Part { number, ..part })
            .collect();
        // What cannot be asked together may be apart.
        if let Some(prober) = self.looking(&parts) {
            self.look_with(prober, &parts, &mut seen);
            return seen;
        }
        for part in &parts {
            if Instant::now() >= self.deadline {
                break;
            }
            let one = std::slice::from_ref(part);
            if let Some(prober) = self.looking(one) {
                self.look_with(prober, one, &mut seen);
            }
        }
        seen
    }

    /// The parts of the expression at which a definition came to its end.
    fn parts(&self, index: usize) -> Vec<Part<'_, 'tree>> {
        let definition = self.definitions.get(index);
        let (Some(definition), Some(progress)) = (definition, self.results.get(&index)) else {
            return Vec::new();
        };
        let statement = definition.statements.get(progress.held);
        let statement = statement.filter(|_| progress.is_stepwise);
        let parts = statement.map(values::parts).unwrap_or_default();
        let part = |expression| Part {
            number: 0,
            index,
            held: progress.held,
            definition,
            expression,
        };
        parts.into_iter().map(part).collect()
    }

    fn looking(&self, parts: &[Part<'_, '_>]) -> Option<Prober> {
        let mut prober = Prober::looking(self.prototype, parts, self.deadline)?;
        prober.set_input(self.input);
        Some(prober)
    }

    fn look_with(
        &self,
        mut prober: Prober,
        parts: &[Part<'_, '_>],
        seen: &mut BTreeMap<usize, Vec<SeenValue>>,
    ) {
        for part in parts {
            if !prober.has_time() {
                return;
            }
            let progress = self.results.get(&part.index);
            if let Some(arguments) = progress.and_then(|progress| progress.arguments.as_ref()) {
                prober.set_arguments(arguments);
            }
            if let Some(found) = prober.values(part) {
                let of_definition = seen.entry(part.index).or_default();
                of_definition.push(values::seen(part.expression, &found));
            }
        }
    }

    fn tell(&self, reached: &BTreeSet<usize>, explanation: &mut PolicyExplanation) {
        let mut has_value = false;
        for index in reached {
            let Some(definition) = self.definitions.get(*index) else {
                continue;
            };
            let progress = self
                .results
                .get(index)
                .filter(|_| !(definition.is_else && has_value));
            let last = definition.statements.len() + 1;
            let fired = progress.is_some_and(|progress| progress.held >= last);
            has_value = fired || (definition.is_else && has_value);
            explanation
                .rules
                .push(self.rule_explanation(*index, definition, progress));
            let read = progress.map_or(0, |progress| progress.held + 1);
            self.tell_inputs(definition, read, explanation);
        }
    }

    fn rule_explanation(
        &self,
        index: usize,
        definition: &Definition<'_>,
        progress: Option<&Progress>,
    ) -> RuleExplanation {
        let last = definition.statements.len() + 1;
        let outcome = match progress {
            None => RuleOutcome::NotAsked,
            Some(Progress { fault: Some(_), .. }) => RuleOutcome::Failed,
            Some(Progress { held, .. }) if *held >= last => RuleOutcome::Fired,
            Some(_) => RuleOutcome::Silent,
        };
        let failed = match outcome {
            RuleOutcome::Silent | RuleOutcome::Failed => {
                let failed = progress.and_then(|progress| failed(definition, progress));
                failed.map(|failed| FailedExpression {
                    values: self.seen.get(&index).cloned().unwrap_or_default(),
                    ..failed
                })
            }
            RuleOutcome::Fired | RuleOutcome::NotAsked => None,
        };
        RuleExplanation {
            name: definition.name.to_owned(),
            verb: definition.verb,
            file: file(&definition.module.package.span),
            line: definition.line,
            outcome,
            failed,
        }
    }

    /// Adds what the first statements of a definition read; one more than there are is the head.
    fn tell_inputs(
        &self,
        definition: &Definition<'_>,
        statements: usize,
        explanation: &mut PolicyExplanation,
    ) {
        let mut visit = Visit::default();
        definition
            .statements
            .iter()
            .take(statements)
            .for_each(|statement| visit.statement(statement));
        if statements > definition.statements.len() {
            definition
                .head
                .iter()
                .for_each(|value| visit.expression(value));
        }
        for path in visit.inputs {
            explanation.read(InputRead::of(&path, self.input));
        }
    }
}

/// How many statements of a definition hold.
fn progress(prober: &mut Prober, index: usize, definition: &Definition<'_>) -> Progress {
    let last = definition.statements.len();
    let steps = prober.steps(definition);
    let mut progress = Progress {
        held: 0,
        is_stepwise: *steps.start() == 0,
        fault: None,
        arguments: None,
    };
    for statements in steps.chain([last + 1]) {
        match prober.holds(index, definition, statements) {
            Ok(true) => progress.held = statements,
            Ok(false) => break,
            Err(fault) => {
                progress.fault = Some(fault);
                break;
            }
        }
    }
    progress
}

/// The expression behind those that hold; none where it is not known which that is.
fn failed(definition: &Definition<'_>, progress: &Progress) -> Option<FailedExpression> {
    let is_head = progress.held == definition.statements.len();
    if !progress.is_stepwise && !is_head {
        return None;
    }
    let Place { text, line, column } = match definition.statements.get(progress.held) {
        Some(statement) => definition::place(&statement.span),
        None => definition::expression_place(definition.head.first()?),
    };
    Some(FailedExpression {
        expression: own_text(text).to_owned(),
        file: file(&definition.module.package.span),
        line,
        column,
        error: progress.fault.as_ref().map(|fault| fault.message.clone()),
        values: Vec::new(),
    })
}

fn file(span: &Span) -> Arc<str> {
    Arc::from(span.source.get_path().as_str())
}
