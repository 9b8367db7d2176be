//! Modules that `opa` compiles, by way of the public query.

use std::path::Path;

use llmspell_engine::{RegoError, RegoModule, RegoOptions, Value, WasmQuery, WasmQueryOptions};

use crate::candidate::{Answer, Candidate};
use crate::case::Case;
use crate::rego::{DEADLINE, answer_of, input};

/// The `wasm` evaluator.
#[derive(Debug)]
pub(crate) struct Wasm;

impl Candidate for Wasm {
    fn answer(&self, case: &Case) -> Answer {
        match evaluate(case) {
            Ok(solutions) => Answer::Solutions(solutions),
            Err(error) => answer_of(&error),
        }
    }
}

fn evaluate(case: &Case) -> Result<Vec<Value>, RegoError> {
    let rego = RegoOptions {
        strict_errors: case.strict_error,
        deadline: DEADLINE,
    };
    let built = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let opa = built
        .with_file_name("tools")
        .join(format!("opa-1.7.1{}", std::env::consts::EXE_SUFFIX));
    let options = WasmQueryOptions {
        rego,
        opa: opa.is_file().then_some(opa),
        cache: Some(built.join("conformance")),
    };
    let files: Vec<(String, &str)> = case
        .modules()
        .enumerate()
        .map(|(index, text)| (format!("test-{index}.rego"), text))
        .collect();
    let modules: Vec<RegoModule<'_>> = files
        .iter()
        .map(|(file, text)| RegoModule { file, text })
        .collect();
    let query = WasmQuery::compile(&modules, &case.data(), &case.query, &options)?;
    let answer = query.evaluate(&input(case, rego)?)?;
    let solutions = answer.solutions.into_iter();
    Ok(solutions.map(|solution| solution.bindings).collect())
}
