//! A query over some modules and data, outside of any project.

use std::panic::{AssertUnwindSafe, catch_unwind};

use regorus::utils::limits::ExecutionTimerConfig;
use regorus::{Engine, Value};

use super::fault::Fault;
use super::functions::{self, Failures, Which};
use super::library::{Library, Names};
use super::policy::{CHECK_INTERVAL, failure};
use super::replaced::Replaced;
use super::source;
use super::syntax::{Module, new_engine};
use crate::decision::DecisionErrorKind;
use crate::evaluator::Moment;
use crate::rego_builtins::BuiltinErrorKind;

/// The file that errors of the query's own text name.
pub(crate) const QUERY: &str = "query";
/// What stands around the query where it is read as a module, on the same line as its beginning.
const BEFORE: &str = "package query answer if { ";
const AFTER: &str = "\n}\n";

/// A query that was compiled.
#[derive(Debug)]
pub(crate) struct Query {
    /// Never evaluated itself: each evaluation takes a copy.
    prototype: Engine,
    text: String,
}

/// One way in which a query is true.
#[derive(Debug)]
pub(crate) struct Solution {
    pub(crate) bindings: Value,
    pub(crate) expressions: Vec<Value>,
}

/// Why an evaluation failed.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) fault: Fault,
    /// The kind of the first error of a function, if there was one.
    pub(crate) of_function: Option<BuiltinErrorKind>,
}

impl Query {
    /// Compiles a query over modules, each a file's name and its text.
    ///
    /// # Errors
    ///
    /// When a module or the query cannot be read, or calls what is not there.
    pub(crate) fn compile(
        modules: &[(&str, &str)],
        data: Value,
        query: &str,
        failures: Failures,
    ) -> Result<Self, Fault> {
        let mut library = Library::new(Names::MayBeData);
        for (file, text) in modules {
            let module = read(file, text)?;
            library.add(module);
        }
        let own = own_module(query)?;
        library.check_all(&own)?;

        let load = |error: String| Fault::of_text(&error);
        let replaced = Replaced::by(library.modules());
        let mut engine = replaced.with_rules(new_engine()).map_err(load)?;
        engine.set_gather_prints(true);
        engine.set_strict_builtin_errors(failures == Failures::Fail);
        let calls = || library.modules().chain([&own]).flat_map(Module::calls);
        functions::install(&mut engine, calls(), Which::All, failures).map_err(load)?;
        for module in library.modules() {
            engine
                .add_policy(module.file.clone(), replaced.text(module).into_owned())
                .map_err(|error| load(error.to_string()))?;
        }
        engine
            .add_data(data)
            .map_err(|error| load(error.to_string()))?;
        let text = own.text.strip_prefix(BEFORE);
        let text = text.and_then(|text| text.strip_suffix(AFTER));
        Ok(Self {
            prototype: engine,
            text: text.unwrap_or(query).to_owned(),
        })
    }

    /// Every solution, and what the modules printed.
    ///
    /// # Errors
    ///
    /// When the evaluation fails, takes too long, or breaks down.
    pub(crate) fn evaluate(
        &self,
        input: &Value,
        moment: Moment,
        seed: [u8; 16],
    ) -> Result<(Vec<Solution>, Vec<String>), Failure> {
        // INVARIANT: a panic loses the copy of the engine and nothing else.
        functions::set(moment, seed);
        let outcome = catch_unwind(AssertUnwindSafe(|| self.run(input, moment)));
        let fault = match outcome {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(fault)) => fault,
            Err(_) => Fault {
                kind: DecisionErrorKind::Crashed,
                message: "the evaluator broke down while it ran the query".to_owned(),
                file: None,
                line: None,
            },
        };
        Err(Failure {
            fault,
            of_function: functions::first_error(),
        })
    }

    fn run(&self, input: &Value, moment: Moment) -> Result<(Vec<Solution>, Vec<String>), Fault> {
        let mut engine = self.prototype.clone();
        engine.set_execution_timer_config(ExecutionTimerConfig {
            limit: moment.left,
            check_interval: CHECK_INTERVAL,
        });
        engine.set_input(input.clone());
        let results = engine
            .eval_query(self.text.clone(), false)
            .map_err(|error| in_query(failure(&error.to_string())))?;
        let solutions = results.result.into_iter().map(|result| Solution {
            bindings: result.bindings,
            expressions: result
                .expressions
                .into_iter()
                .map(|expression| expression.value)
                .collect(),
        });
        let solutions = solutions.collect();
        Ok((solutions, engine.take_prints().unwrap_or_default()))
    }
}

/// The fault with our name for the query's own text.
fn in_query(fault: Fault) -> Fault {
    const OF_REGORUS: &str = "<query.rego>";
    match fault.file.as_deref() {
        Some(OF_REGORUS) => Fault {
            file: Some(QUERY.to_owned()),
            ..fault
        },
        _ => fault,
    }
}

/// Reads a module that the guard accepts; a panic of the parser is an error of the file.
fn read(file: &str, text: &str) -> Result<Module, Fault> {
    source::check(text)
        .and_then(|text| Module::parse(file, &text))
        .map_err(|fault| Fault {
            file: fault.file.or_else(|| Some(file.to_owned())),
            ..fault
        })
}

/// The query as the one rule of a module, in which its calls and names can be found.
fn own_module(query: &str) -> Result<Module, Fault> {
    let refused = |message| Fault {
        file: Some(QUERY.to_owned()),
        ..Fault::load(message, 1)
    };
    if query.trim().is_empty() {
        return Err(refused("the query is empty"));
    }
    let module = read(QUERY, &format!("{BEFORE}{query}{AFTER}"))?;
    if module.rules.len() == 1 && module.imports.is_empty() {
        return Ok(module);
    }
    Err(refused("the query is more than one query"))
}
