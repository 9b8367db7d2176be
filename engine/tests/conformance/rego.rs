//! The interpreter, by way of the public query.

use std::time::Duration;

use llmspell_engine::{RegoError, RegoErrorKind, RegoModule, RegoOptions, RegoQuery, Value};

use crate::candidate::{Answer, Candidate};
use crate::case::Case;

/// Long enough for a build that is not optimised on a busy machine.
pub(crate) const DEADLINE: Duration = Duration::from_secs(5);

/// The `rego` evaluator.
#[derive(Debug)]
pub(crate) struct Rego;

impl Candidate for Rego {
    fn answer(&self, case: &Case) -> Answer {
        match evaluate(case) {
            Ok(solutions) => Answer::Solutions(solutions),
            Err(error) => answer_of(&error),
        }
    }
}

fn evaluate(case: &Case) -> Result<Vec<Value>, RegoError> {
    let options = RegoOptions {
        strict_errors: case.strict_error,
        deadline: DEADLINE,
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
    let query = RegoQuery::compile(&modules, case.data(), &case.query, options)?;
    let answer = query.evaluate(&input(case, options)?)?;
    let solutions = answer.solutions.into_iter();
    Ok(solutions.map(|solution| solution.bindings).collect())
}

/// The input, which may be a term of Rego.
pub(crate) fn input(case: &Case, options: RegoOptions) -> Result<Value, RegoError> {
    let Some(term) = &case.input_term else {
        return Ok(case.input());
    };
    let query = RegoQuery::compile(
        &[],
        Value::new_object(),
        &format!("input_term = {term}"),
        options,
    )?;
    let answer = query.evaluate(&Value::Undefined)?;
    let solution = answer.solutions.into_iter().next();
    Ok(solution.map_or(Value::Undefined, |solution| {
        solution.bindings["input_term"].clone()
    }))
}

pub(crate) fn answer_of(error: &RegoError) -> Answer {
    let place = error.place.as_ref().map(ToString::to_string);
    let message = format!("{}: {}", place.unwrap_or_default(), error.message);
    match error.kind {
        RegoErrorKind::Load | RegoErrorKind::UnknownFunction | RegoErrorKind::Stack => {
            Answer::Refused(message)
        }
        kind => Answer::Failed {
            code: kind.code().to_owned(),
            message,
        },
    }
}
