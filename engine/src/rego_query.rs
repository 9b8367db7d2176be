//! A Rego query over modules and data, without a Cupcake project around it.

use std::time::{Duration, SystemTime};

use crate::decision::DecisionErrorKind;
use crate::error::Place;
use crate::evaluator::rego::{Failure, Failures, Query};
use crate::evaluator::{Moment, PolicyFault};
use crate::rego_builtins::BuiltinErrorKind;
use crate::value::Value;

/// One module of Rego.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegoModule<'text> {
    /// The name that errors give.
    pub file: &'text str,
    /// Its text.
    pub text: &'text str,
}

/// How a query is evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegoOptions {
    /// Whether a function that has no result is an error, as it is in a policy, or undefined, as OPA has it.
    pub strict_errors: bool,
    /// How long an evaluation may take.
    pub deadline: Duration,
}

impl Default for RegoOptions {
    fn default() -> Self {
        Self {
            strict_errors: true,
            deadline: Duration::from_millis(100),
        }
    }
}

/// A Rego query that was compiled with its modules and data; any thread may evaluate it.
///
/// The same guards hold as for policies: what is too large or too deep, unknown functions and names that nothing
/// binds are refused when it is compiled, and an evaluation ends in time.
///
/// ```
/// use llmspell_engine::{RegoModule, RegoOptions, RegoQuery, Value};
///
/// let module = RegoModule {
///     file: "roles.rego",
///     text: "package roles\nallow if input.role in data.trusted\n",
/// };
/// let data = Value::from_json_str(r#"{"trusted": ["admin"]}"#)?;
/// let query = RegoQuery::compile(&[module], data, "data.roles.allow = answer", RegoOptions::default())?;
/// let input = Value::from_json_str(r#"{"role": "admin"}"#)?;
/// let found = query.evaluate(&input)?;
/// assert_eq!(found.solutions[0].bindings["answer"], Value::from(true));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct RegoQuery {
    query: Query,
    options: RegoOptions,
}

/// What a query finds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RegoAnswer {
    /// Every way in which the query is true; none where it is undefined or false.
    pub solutions: Vec<RegoSolution>,
    /// What the modules printed, each with its place in front.
    pub prints: Vec<String>,
}

/// One way in which a query is true.
#[derive(Debug, Clone, PartialEq)]
pub struct RegoSolution {
    /// An object of the query's variables.
    pub bindings: Value,
    /// The value of each of the query's expressions.
    pub expressions: Vec<Value>,
}

/// What kind of fault a query has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RegoErrorKind {
    /// A module or the query cannot be compiled, or is larger or deeper than the evaluator bears.
    Load,
    /// A function is called that there is not.
    UnknownFunction,
    /// A rule or a function has several values at once, or a key of an object has.
    Conflict,
    /// A function was called with a value of the wrong type.
    Type,
    /// A function has no result for its arguments.
    Builtin,
    /// The deadline passed.
    Timeout,
    /// A result would be too large.
    Memory,
    /// Rules call each other deeper than the stack allows.
    Stack,
    /// The evaluator broke down.
    Crashed,
}

impl RegoErrorKind {
    /// The stable code of this kind; what OPA has, too, has OPA's code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::UnknownFunction => "unknown_function",
            Self::Conflict => "eval_conflict_error",
            Self::Type => "eval_type_error",
            Self::Builtin => "eval_builtin_error",
            Self::Timeout => "timeout",
            Self::Memory => "memory",
            Self::Stack => "stack",
            Self::Crashed => "crashed",
        }
    }
}

/// Why a query cannot be compiled or evaluated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RegoError {
    /// What kind of fault it is.
    pub kind: RegoErrorKind,
    /// One sentence without a full stop, and without values of the input.
    pub message: String,
    /// Where the fault lies; the query's own text is the file `query`.
    pub place: Option<Place>,
}

impl RegoQuery {
    /// Compiles a query such as `data.roles.allow = answer` over these modules and this data.
    ///
    /// # Errors
    ///
    /// When a module or the query cannot be read, is larger or deeper than the evaluator bears, or calls a function
    /// that there is not.
    pub fn compile(
        modules: &[RegoModule<'_>],
        data: Value,
        query: &str,
        options: RegoOptions,
    ) -> Result<Self, RegoError> {
        let modules: Vec<(&str, &str)> = modules
            .iter()
            .map(|module| (module.file, module.text))
            .collect();
        let failures = if options.strict_errors {
            Failures::Fail
        } else {
            Failures::Undefined
        };
        Ok(Self {
            query: Query::compile(&modules, data, query, failures).map_err(RegoError::of)?,
            options,
        })
    }

    /// Evaluates the query for this input.
    ///
    /// # Errors
    ///
    /// When the evaluation fails or does not end in time.
    pub fn evaluate(&self, input: &Value) -> Result<RegoAnswer, RegoError> {
        let moment = Moment {
            now: SystemTime::now(),
            left: self.options.deadline,
        };
        let (solutions, prints) = self
            .query
            .evaluate(input, moment, uuid::Uuid::new_v4().into_bytes())
            .map_err(RegoError::of_evaluation)?;
        let solutions = solutions.into_iter().map(|solution| RegoSolution {
            bindings: solution.bindings,
            expressions: solution.expressions,
        });
        Ok(RegoAnswer {
            solutions: solutions.collect(),
            prints,
        })
    }
}

impl RegoError {
    fn of_evaluation(failure: Failure) -> Self {
        Self::of_call(failure.fault, failure.of_function)
    }

    /// The error of a fault, which a function may have caused.
    pub(crate) fn of_call(fault: PolicyFault, of_function: Option<BuiltinErrorKind>) -> Self {
        let mut error = Self::of(fault);
        if error.kind == RegoErrorKind::Builtin && of_function == Some(BuiltinErrorKind::Type) {
            error.kind = RegoErrorKind::Type;
        }
        if error.kind == RegoErrorKind::Type && of_function == Some(BuiltinErrorKind::Failed) {
            error.kind = RegoErrorKind::Builtin;
        }
        error
    }

    pub(crate) fn of(fault: PolicyFault) -> Self {
        let place = fault.file.map(|file| Place {
            file,
            line: fault.line,
            column: None,
        });
        Self {
            kind: kind(fault.kind, &fault.message),
            message: fault.message,
            place,
        }
    }
}

fn kind(kind: DecisionErrorKind, message: &str) -> RegoErrorKind {
    match kind {
        DecisionErrorKind::UnknownFunction => RegoErrorKind::UnknownFunction,
        DecisionErrorKind::Timeout => RegoErrorKind::Timeout,
        DecisionErrorKind::Memory => RegoErrorKind::Memory,
        DecisionErrorKind::Stack => RegoErrorKind::Stack,
        DecisionErrorKind::Crashed => RegoErrorKind::Crashed,
        DecisionErrorKind::Evaluation => evaluation_kind(message),
        _ => RegoErrorKind::Load,
    }
}

/// The kind of an error that regorus does not name: it has nothing but messages.
fn evaluation_kind(message: &str) -> RegoErrorKind {
    const CONFLICT: [&str; 7] = [
        "assignment conflict",
        "insert conflict",
        "multiple outputs",
        "several results",
        "generated multiple times",
        "must be unique",
        "rule conflicts with rule",
    ];
    const TYPE: [&str; 4] = ["expects ", "requires ", "operand ", "is not an object"];
    const UNDEFINED: &str = "is not defined";
    let says = |parts: &[&str]| parts.iter().any(|part| message.contains(part));
    if says(&CONFLICT) {
        RegoErrorKind::Conflict
    } else if says(&TYPE) {
        RegoErrorKind::Type
    } else if says(&[UNDEFINED]) {
        RegoErrorKind::Load
    } else {
        RegoErrorKind::Builtin
    }
}
