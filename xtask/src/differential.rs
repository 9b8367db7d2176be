//! `cargo xtask differential`: generated policies and events, decided in each way that Rego can be run.

use crate::failure::Failure;
use crate::invocation::Invocation;
use crate::named_values::{self, number};

const TEST: &str =
    "differential::generated_policies_decide_the_same_in_another_way_as_in_the_interpreter";
const USAGE: &str = "usage: cargo xtask differential [--pairs N] [--seed S] [--evaluator rvm|wasm]";

/// What is run.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Options {
    /// Pairs of a policy and an event.
    pairs: String,
    seed: String,
    /// What is compared with the interpreter.
    evaluator: String,
}

/// Compares the decisions, prints what was compared, and fails where two differ.
///
/// # Errors
/// When an argument is not understood, two decisions differ, or a construct was never met.
pub fn run(arguments: &[&str]) -> Result<(), Failure> {
    let options = Options::parse(arguments)?;
    Invocation::cargo([
        "test",
        "--locked",
        "-p",
        "llmspell-engine",
        "--test",
        "it",
        "--",
        "--exact",
        TEST,
        "--nocapture",
    ])
    .with_environment("LLMSPELL_DIFFERENTIAL_PAIRS", &options.pairs)
    .with_environment("LLMSPELL_DIFFERENTIAL_SEED", &options.seed)
    .with_environment("LLMSPELL_DIFFERENTIAL_EVALUATOR", &options.evaluator)
    .run()
}

impl Options {
    fn parse(arguments: &[&str]) -> Result<Self, Failure> {
        let mut options = Self {
            pairs: "100000".to_owned(),
            seed: "1".to_owned(),
            evaluator: "rvm".to_owned(),
        };
        named_values::read(arguments, USAGE, |name, value| {
            match name {
                "--pairs" => options.pairs = number(value, USAGE)?,
                "--seed" => options.seed = number(value, USAGE)?,
                "--evaluator" if matches!(value, "rvm" | "wasm") => {
                    value.clone_into(&mut options.evaluator);
                }
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::Options;

    #[test]
    fn options_are_read_and_others_are_refused() {
        let options = Options::parse(&["--seed", "7", "--evaluator", "wasm"]).unwrap();
        assert_eq!(options.pairs, "100000");
        assert_eq!(options.seed, "7");
        assert_eq!(options.evaluator, "wasm");
        for wrong in [&["--seed"][..], &["--seed", "x"], &["--evaluator", "lua"]] {
            assert!(Options::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
