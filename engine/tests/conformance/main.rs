//! Runs OPA's conformance cases on an evaluator, and prints what passed and why the others did not.
//!
//! `cargo xtask conformance` unpacks the cases and starts it. Another evaluator is added by implementing
//! `Candidate` in a file of its own and by naming it in `candidate_of`.

mod arguments;
mod candidate;
mod case;
mod rego;
mod report;
mod run;
mod verdict;
mod wasm;

use std::process::ExitCode;
use std::sync::Arc;

use arguments::Arguments;
use candidate::Candidate;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match conform(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            report::note(&format!("error: {message}"));
            ExitCode::FAILURE
        }
    }
}

/// Runs the cases; false when fewer pass than must, or one is answered wrongly.
fn conform(arguments: &[String]) -> Result<bool, String> {
    let arguments = Arguments::parse(arguments)?;
    let candidate = candidate_of(&arguments.evaluator)?;
    let mut cases = case::read(&arguments.cases, arguments.folder.as_deref())?;
    let mut number = 0;
    cases.retain(|_| {
        number += 1;
        number % arguments.every == 0
    });
    let results = run::all(cases, &candidate);
    report::print(&results, arguments.failures);
    Ok(report::holds(&results, arguments.minimum))
}

fn candidate_of(name: &str) -> Result<Arc<dyn Candidate>, String> {
    match name {
        "rego" => Ok(Arc::new(rego::Rego)),
        "wasm" => Ok(Arc::new(wasm::Wasm)),
        other => Err(format!(
            "`{other}` is not an evaluator that has a runner: try `rego` or `wasm`"
        )),
    }
}
