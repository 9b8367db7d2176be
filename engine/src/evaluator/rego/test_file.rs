//! The tests of one Rego file, compiled with the modules that they need and run one by one.

use std::collections::{BTreeMap, BTreeSet};

use regorus::unstable::{Literal, Rule};
use regorus::utils::limits::ExecutionTimerConfig;
use regorus::{Engine, Value};

use super::fault::Fault;
use super::functions::{self, Failures, Which};
use super::library::Library;
use super::policy::{self, CHECK_INTERVAL, NO_CHANCE};
use super::replaced::Replaced;
use super::survey::{self, Survey, TODO_TEST};
use super::syntax::{Module, static_path};
use crate::evaluator::Moment;
use crate::policy_tests::{FoundTest, TestCase, TestOutcome, TestRun};
use crate::value::described;

/// Characters of an expression that a message shows.
const MAX_SHOWN: usize = 100;

/// What regorus says of a rule with several keys.
const NO_PATH: &str = "not a valid rule path";
/// How many keys of a test are told apart.
const DEEPEST_CASE: usize = 8;

/// The lines of each file that an evaluation reached.
pub(crate) type Reached = BTreeMap<String, BTreeSet<u32>>;

/// The tests of one file.
pub(crate) struct TestFile<'library> {
    module: &'library Module,
    /// Never evaluated itself: each test takes a copy.
    prototype: Engine,
    package: String,
}

impl<'library> TestFile<'library> {
    /// Compiles a module of the library with those that it needs.
    pub(crate) fn compile(library: &'library Library, index: usize) -> Result<Self, Fault> {
        let Some(module) = library.module(index) else {
            return Err(Fault::load("the module is not in the library", 1));
        };
        let needs = library.needs(index)?;
        let modules = || std::iter::once(module).chain(needs.iter().copied());
        let calls = || {
            modules()
                .flat_map(|module| &module.rules)
                .flat_map(|rule| &rule.calls)
        };
        let load = |error: String| Fault::of_text(&error);
        let replaced = Replaced::by(modules());
        let mut prototype = replaced.engine(module).map_err(load)?;
        prototype.set_gather_prints(true);
        functions::install(&mut prototype, calls(), Which::Needed, Failures::Fail).map_err(load)?;
        for module in &needs {
            prototype
                .add_policy(module.file.clone(), replaced.text(module).into_owned())
                .map_err(|error| load(error.to_string()))?;
        }
        Ok(Self {
            module,
            prototype,
            package: policy::path(&module.package),
        })
    }

    /// Runs one test; where coverage is wanted, the lines that it reached are added.
    pub(crate) fn run(&self, name: &str, moment: Moment, reached: Option<&mut Reached>) -> TestRun {
        let mut engine = self.engine(moment, reached.is_some());
        let result = evaluated(&mut engine, self.path(name));
        let prints = engine.take_prints().unwrap_or_default();
        if let Some(reached) = reached {
            add_reached(&engine, reached);
        }
        let (outcome, cases) = match result {
            Ok(value) => {
                let cases = cases(&value, DEEPEST_CASE);
                (self.judge(name, &value, &cases, moment), cases)
            }
            Err(error) => (Fault::of_evaluation(&error).into(), Vec::new()),
        };
        TestRun {
            outcome,
            prints,
            cases,
        }
    }

    fn engine(&self, moment: Moment, with_coverage: bool) -> Engine {
        let mut engine = self.prototype.clone();
        engine.set_enable_coverage(with_coverage);
        engine.set_execution_timer_config(ExecutionTimerConfig {
            limit: moment.left,
            check_interval: CHECK_INTERVAL,
        });
        functions::set(moment, NO_CHANCE);
        engine
    }

    fn path(&self, name: &str) -> String {
        format!("{}.{name}", self.package)
    }

    fn judge(&self, name: &str, value: &Value, cases: &[TestCase], moment: Moment) -> TestOutcome {
        if !cases.is_empty() {
            return match cases.iter().find(|case| !case.passed) {
                None => TestOutcome::Passed,
                Some(case) => {
                    let message = format!("the case `{}` is not true", failed_path(case));
                    self.failed(name, message, None)
                }
            };
        }
        match value {
            Value::Bool(true) => TestOutcome::Passed,
            Value::Undefined | Value::Bool(false) => {
                let (message, line) = self
                    .stop(name, moment)
                    .unwrap_or_else(|| ("it is not true".to_owned(), None));
                self.failed(name, message, line)
            }
            other => self.failed(name, format!("it is {}, not true", described(other)), None),
        }
    }

    fn failed(&self, name: &str, message: String, line: Option<u32>) -> TestOutcome {
        let first = || self.rules(name).next().map(|rule| rule.span().line);
        TestOutcome::Failed {
            message,
            line: line.or_else(first),
        }
    }

    fn rules(&self, name: &str) -> impl Iterator<Item = &'library Rule> {
        let rules = self.module.tree().policy.iter();
        rules.map(AsRef::as_ref).filter(move |rule| {
            let reference = match rule {
                Rule::Spec { head, .. } => survey::reference(head),
                Rule::Default { refr, .. } => refr,
            };
            static_path(reference).0.join(".") == name
        })
    }

    /// An expression with the names that the file imports: in the module they stand in full.
    fn with_imports(&self, text: &str) -> String {
        let imports = self.module.imports.iter();
        imports.fold(text.to_owned(), |text, (name, path)| {
            text.replace(&format!("{}.", path.join(".")), &format!("{name}."))
        })
    }

    /// The expression at which a test with one definition stopped: the last that was reached.
    fn stop(&self, name: &str, moment: Moment) -> Option<(String, Option<u32>)> {
        let mut rules = self.rules(name);
        let (Some(Rule::Spec { bodies, .. }), None) = (rules.next(), rules.next()) else {
            return None;
        };
        let [body] = bodies.as_slice() else {
            return None;
        };
        let mut engine = self.engine(moment, true);
        // What it gives is known.
        let _ = engine.eval_rule(self.path(name));
        let mut reached = Reached::new();
        add_reached(&engine, &mut reached);
        let reached = reached.get(&self.module.file)?;
        let statement = body.query.stmts.iter().rev().find(|statement| {
            let span = match &statement.literal {
                Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => expr.span(),
                Literal::SomeIn { collection, .. } => collection.span(),
                Literal::SomeVars { span, .. } | Literal::Every { span, .. } => span,
            };
            reached.contains(&span.line)
        })?;
        let text = shown(&self.with_imports(statement.span.text()));
        Some((format!("`{text}` is not true"), Some(statement.span.line)))
    }
}

/// The value of a test. A rule with several keys has no path of its own in regorus, and is asked for as a query.
fn evaluated(engine: &mut Engine, path: String) -> Result<Value, String> {
    match engine
        .eval_rule(path.clone())
        .map_err(|error| error.to_string())
    {
        Err(error) if error.contains(NO_PATH) => {}
        result => return result,
    }
    let results = engine
        .eval_query(path, false)
        .map_err(|error| error.to_string())?;
    let results = results.result.into_iter().next();
    let value = results.and_then(|result| Some(result.expressions.into_iter().next()?.value));
    Ok(value.unwrap_or(Value::Undefined))
}

/// The cases of a test whose value has keys.
fn cases(value: &Value, deepest: usize) -> Vec<TestCase> {
    let Value::Object(keys) = value else {
        return Vec::new();
    };
    let case = |(key, value): (&Value, &Value)| {
        let beneath = match deepest {
            0 => Vec::new(),
            deeper => cases(value, deeper - 1),
        };
        let is_whole = !beneath.is_empty() && beneath.iter().all(|case| case.passed);
        TestCase {
            name: key
                .as_string()
                .map_or_else(|_| key.to_string(), |name| name.to_string()),
            passed: is_whole || *value == Value::Bool(true),
            cases: beneath,
        }
    };
    keys.iter_sorted().map(case).collect()
}

/// The first of the cases beneath that failed, by its names.
fn failed_path(case: &TestCase) -> String {
    match case.cases.iter().find(|case| !case.passed) {
        None => case.name.clone(),
        Some(beneath) => format!("{}.{}", case.name, failed_path(beneath)),
    }
}

/// The tests of a module, in the order of the file.
pub(crate) fn found(module: &Module) -> Vec<FoundTest> {
    let survey = Survey::of(module);
    let tests = survey.tests().into_iter();
    tests
        .map(|(name, spot)| FoundTest {
            name: name.to_owned(),
            line: spot.line,
        })
        .collect()
}

/// Whether a test is still to be written.
pub(crate) fn is_unwritten(name: &str) -> bool {
    name.starts_with(TODO_TEST)
}

/// The lines of a module that can be reached.
pub(crate) fn reachable_lines(module: &Module) -> BTreeSet<u32> {
    survey::expression_lines(module)
}

fn add_reached(engine: &Engine, reached: &mut Reached) {
    let Ok(report) = engine.get_coverage_report() else {
        return;
    };
    for file in report.files {
        reached.entry(file.path).or_default().extend(file.covered);
    }
}

/// The first line of an expression, cut where it is long.
fn shown(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let mut shown: String = line.chars().take(MAX_SHOWN).collect();
    if shown.len() < text.trim_end().len() {
        shown.push('…');
    }
    shown
}
