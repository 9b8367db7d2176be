//! Evaluates a definition statement by statement: for each number of statements there is a rule that holds if they do.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::num::NonZeroU32;
use std::time::Instant;

use regorus::utils::limits::ExecutionTimerConfig;
use regorus::{Engine, Rc, Value};

use super::Part;
use super::definition::{Definition, expression_text};
use super::visit::Call;
use crate::evaluator::PolicyFault;
use crate::evaluator::rego::policy::failure;

/// Where the arguments lie with which a function is asked.
const ARGUMENTS: &str = "llmspell_explain_arguments";
/// Statements of a body that is evaluated statement by statement.
const MAX_STATEMENTS: usize = 48;

/// How finely definitions are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Steps {
    /// Statement by statement, where there are not too many.
    Each,
    /// All statements at once.
    Whole,
}

/// An engine with the rules that answer.
pub(super) struct Prober {
    engine: Engine,
    steps: Steps,
    deadline: Instant,
}

/// The text of the rules for one module.
#[derive(Default)]
struct Rules(BTreeMap<usize, String>);

impl Prober {
    /// An engine that answers for these definitions and calls; none if the statements in front do not stand alone,
    /// as where one uses what a later one binds.
    pub(super) fn new(
        prototype: &Engine,
        definitions: &[(usize, &Definition<'_>)],
        calls: &[(usize, &Definition<'_>, &Call<'_>)],
        steps: Steps,
        deadline: Instant,
    ) -> Option<Self> {
        let mut rules = Rules::default();
        for (number, definition) in definitions {
            rules.definition(*number, definition, steps);
        }
        for (number, definition, call) in calls {
            rules.call(*number, definition, call);
        }
        let first = definitions.first()?.1;
        rules.prober(prototype, first, steps, deadline)
    }

    /// An engine that answers for these parts of expressions; none if one does not stand alone.
    pub(super) fn looking(
        prototype: &Engine,
        parts: &[Part<'_, '_>],
        deadline: Instant,
    ) -> Option<Self> {
        let mut rules = Rules::default();
        for part in parts {
            rules.part(part);
        }
        let first = parts.first()?.definition;
        rules.prober(prototype, first, Steps::Each, deadline)
    }

    /// Says with which input the definitions are asked.
    pub(super) fn set_input(&mut self, input: &Value) {
        self.engine.set_input(input.clone());
    }

    /// Says with which arguments functions are asked next.
    pub(super) fn set_arguments(&mut self, arguments: &Value) {
        let data = Value::from(BTreeMap::from([(
            Value::from(ARGUMENTS),
            arguments.clone(),
        )]));
        self.engine.clear_data();
        // Data that cannot be added leaves the arguments undefined, and nothing holds.
        drop(self.engine.add_data(data));
    }

    /// Whether the first statements of a definition hold; one more than there are is the head.
    pub(super) fn holds(
        &mut self,
        number: usize,
        definition: &Definition<'_>,
        statements: usize,
    ) -> Result<bool, PolicyFault> {
        let name = probe_name(number, statements);
        Ok(self.eval(definition, &name)? == Value::Bool(true))
    }

    /// The arguments with which a call is made.
    pub(super) fn arguments(&mut self, number: usize, definition: &Definition<'_>) -> Vec<Value> {
        match self.eval(definition, &call_name(number)) {
            Ok(Value::Set(found)) => found.iter().cloned().collect(),
            _ => Vec::new(),
        }
    }

    /// The values of a part, none of which means undefined; nothing if it cannot be asked.
    pub(super) fn values(&mut self, part: &Part<'_, '_>) -> Option<Vec<Value>> {
        match self.eval(part.definition, &part_name(part.number)) {
            Ok(Value::Set(found)) => Some(found.iter().filter_map(only).collect()),
            Ok(Value::Undefined) => Some(Vec::new()),
            _ => None,
        }
    }

    fn eval(&mut self, definition: &Definition<'_>, name: &str) -> Result<Value, PolicyFault> {
        self.engine
            .set_execution_timer_config(ExecutionTimerConfig {
                limit: self.deadline.saturating_duration_since(Instant::now()),
                check_interval: NonZeroU32::MIN.saturating_add(127),
            });
        let package = definition.module.package.refr.span().text();
        let answer = self.engine.eval_rule(format!("data.{package}.{name}"));
        answer.map_err(|error| failure(&error.to_string()))
    }

    /// The numbers of statements for which it answers.
    pub(super) fn steps(&self, definition: &Definition<'_>) -> std::ops::RangeInclusive<usize> {
        self.steps.of(definition)
    }

    /// Whether there is time for more.
    pub(super) fn has_time(&self) -> bool {
        Instant::now() < self.deadline
    }
}

fn probe_name(number: usize, statements: usize) -> String {
    format!("llmspell_explain_{number}_{statements}")
}

fn call_name(number: usize) -> String {
    format!("llmspell_explain_call_{number}")
}

fn part_name(number: usize) -> String {
    format!("llmspell_explain_part_{number}")
}

/// The element of a list of one.
fn only(list: &Value) -> Option<Value> {
    match list {
        Value::Array(list) => list.first().cloned(),
        _ => None,
    }
}

impl Steps {
    /// The numbers of statements for which a definition is asked.
    fn of(self, definition: &Definition<'_>) -> std::ops::RangeInclusive<usize> {
        let last = definition.statements.len();
        if self == Self::Whole || last > MAX_STATEMENTS {
            last..=last
        } else {
            0..=last
        }
    }
}

impl Rules {
    fn module(&mut self, definition: &Definition<'_>) -> &mut String {
        self.0
            .entry(definition.module_index)
            .or_insert_with(|| header(definition))
    }

    fn definition(&mut self, number: usize, definition: &Definition<'_>, steps: Steps) {
        let statements = definition.texts();
        let arguments = bound_parameters(definition);
        for count in steps.of(definition) {
            let body = arguments.iter().map(String::as_str);
            let first = statements.iter().copied().take(count);
            self.rule(definition, &probe_name(number, count), body.chain(first));
        }
        let values = definition
            .head
            .iter()
            .enumerate()
            .map(|(index, value)| format!("llmspell_value_{index} := {}", expression_text(value)))
            .collect::<Vec<_>>();
        let body = arguments
            .iter()
            .map(String::as_str)
            .chain(statements.iter().copied())
            .chain(values.iter().map(String::as_str));
        let name = probe_name(number, statements.len() + 1);
        self.rule(definition, &name, body);
    }

    fn call(&mut self, number: usize, definition: &Definition<'_>, call: &Call<'_>) {
        let arguments: Vec<&str> = call
            .arguments
            .iter()
            .map(|argument| expression_text(argument))
            .collect();
        let head = format!("{} contains [{}]", call_name(number), arguments.join(", "));
        let parameters = bound_parameters(definition);
        let body = parameters
            .iter()
            .map(String::as_str)
            .chain(call.context.iter().copied())
            .chain(call.bindings.iter().map(String::as_str));
        self.rule(definition, &head, body);
    }

    fn part(&mut self, part: &Part<'_, '_>) {
        let definition = part.definition;
        let value = expression_text(part.expression);
        let head = format!("{} contains [{value}]", part_name(part.number));
        let parameters = bound_parameters(definition);
        let statements = definition.texts();
        let before = statements.iter().copied().take(part.held);
        self.rule(
            definition,
            &head,
            parameters.iter().map(String::as_str).chain(before),
        );
    }

    /// An engine with these rules.
    fn prober(
        &self,
        prototype: &Engine,
        first: &Definition<'_>,
        steps: Steps,
        deadline: Instant,
    ) -> Option<Prober> {
        let mut engine = prototype.clone();
        for (module, text) in &self.0 {
            engine
                .add_policy(format!("explain-{module}"), text.clone())
                .ok()?;
        }
        let path: Rc<str> = Rc::from(format!("data.{}", first.full_name));
        engine.compile_with_entrypoint(&path).ok()?;
        Some(Prober {
            engine,
            steps,
            deadline,
        })
    }

    /// A rule with this body, which may be empty.
    fn rule<'text>(
        &mut self,
        definition: &Definition<'_>,
        head: &str,
        body: impl Iterator<Item = &'text str>,
    ) {
        let module = self.module(definition);
        let _ = write!(module, "{head} if {{\n\ttrue\n");
        for statement in body {
            let _ = writeln!(module, "\t{statement}");
        }
        module.push_str("}\n\n");
    }
}

/// The package and the imports of the definition's module.
fn header(definition: &Definition<'_>) -> String {
    let package = definition.module.package.refr.span().text();
    let mut header = format!("package {package}\n\n");
    for import in &definition.module.imports {
        let _ = write!(header, "import {}", import.refr.span().text());
        if let Some(alias) = &import.r#as {
            let _ = write!(header, " as {}", alias.text());
        }
        header.push('\n');
    }
    header.push('\n');
    header
}

/// The statement that gives the parameters of a function their values.
fn bound_parameters(definition: &Definition<'_>) -> Option<String> {
    let parameters: Vec<&str> = definition
        .parameters?
        .iter()
        .map(|parameter| expression_text(parameter))
        .collect();
    Some(format!("[{}] = data.{ARGUMENTS}", parameters.join(", ")))
}
