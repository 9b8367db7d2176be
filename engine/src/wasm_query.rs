//! A Rego query that `opa` compiles to WebAssembly, without a Cupcake project around it.

use std::path::PathBuf;
use std::time::SystemTime;

use crate::evaluator::Moment;
use crate::evaluator::rego::Failures;
use crate::evaluator::wasm::{CompiledQuery, ModuleCache};
use crate::opa::OpaChoice;
use crate::rego_query::{RegoAnswer, RegoError, RegoModule, RegoOptions, RegoSolution};
use crate::value::Value;

/// What compiles a query, and where it is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WasmQueryOptions {
    /// How it is evaluated.
    pub rego: RegoOptions,
    /// The `opa` program; else that of `$OPA`, the installed one, or the first of `PATH`.
    pub opa: Option<PathBuf>,
    /// The directory where what `opa` has made is kept; none keeps nothing.
    pub cache: Option<PathBuf>,
}

/// A Rego query that was compiled to WebAssembly; any thread may evaluate it.
///
/// It answers as [`RegoQuery`](crate::RegoQuery) does, without the values of single expressions.
#[derive(Debug)]
pub struct WasmQuery {
    query: CompiledQuery,
    options: RegoOptions,
}

impl WasmQuery {
    /// Compiles a query such as `data.roles.allow = answer` over these modules and this data.
    ///
    /// # Errors
    ///
    /// When there is no `opa`, or it cannot compile the query.
    pub fn compile(
        modules: &[RegoModule<'_>],
        data: &Value,
        query: &str,
        options: &WasmQueryOptions,
    ) -> Result<Self, RegoError> {
        let modules: Vec<(&str, &str)> = modules
            .iter()
            .map(|module| (module.file, module.text))
            .collect();
        let failures = if options.rego.strict_errors {
            Failures::Fail
        } else {
            Failures::Undefined
        };
        let opa = OpaChoice {
            path: options.opa.clone(),
            any_version: false,
        };
        let cache = ModuleCache::of_sources(options.cache.clone());
        let query = CompiledQuery::compile(&modules, data, query, failures, (&opa, &cache))
            .map_err(RegoError::of)?;
        Ok(Self {
            query,
            options: options.rego,
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
            .evaluate(input, moment)
            .map_err(|failed| RegoError::of_call(failed.fault, failed.of_function))?;
        let solutions = solutions.into_iter().map(|bindings| RegoSolution {
            bindings,
            expressions: Vec::new(),
        });
        Ok(RegoAnswer {
            solutions: solutions.collect(),
            prints,
        })
    }
}
