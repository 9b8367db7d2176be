//! `cargo xtask conformance`: OPA's conformance cases on our evaluators.

pub mod archive;

use crate::failure::Failure;
use crate::invocation::Invocation;
use crate::screen;
use crate::steps::Outcome;

/// The evaluators, and how many of the 2,067 cases pass on each at least.
const MINIMA: [(&str, usize); 1] = [("rego", 1_900)];
/// The same for those that take long, and need `cargo xtask opa`: they run only when they are named.
const ON_REQUEST: [(&str, usize); 1] = [("wasm", 1_900)];

/// What to run and how to show it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Only this evaluator.
    pub evaluator: Option<String>,
    /// Only the cases of this folder.
    pub folder: Option<String>,
    /// Print every failure with its class.
    pub failures: bool,
}

impl Options {
    /// Reads the arguments after `conformance`.
    ///
    /// # Errors
    /// When an argument is unknown, lacks its value, or names no evaluator.
    pub fn parse(arguments: &[&str]) -> Result<Self, Failure> {
        const HELP: &str =
            "cargo xtask conformance [--evaluator rego|wasm] [--folder NAME] [--failures]";
        let mut options = Self::default();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let mut value = || {
                let value = rest.next();
                let missing = || Failure::new(format!("`{argument}` needs a value")).help(HELP);
                value.map(|value| (*value).to_owned()).ok_or_else(missing)
            };
            match *argument {
                "--evaluator" => options.evaluator = Some(value()?),
                "--folder" => options.folder = Some(value()?),
                "--failures" => options.failures = true,
                other => {
                    let message = format!("`{other}` is not an argument of `conformance`");
                    return Err(Failure::new(message).help(HELP));
                }
            }
        }
        if let Some(name) = &options.evaluator
            && MINIMA
                .iter()
                .chain(&ON_REQUEST)
                .all(|(known, _)| known != name)
        {
            return Err(Failure::new(format!("`{name}` is not an evaluator")).help(HELP));
        }
        Ok(options)
    }
}

/// Runs the cases and prints what passed.
///
/// # Errors
/// When fewer cases pass than must, one is answered wrongly, or the cases are not there in CI.
pub fn run(options: &Options) -> Result<(), Failure> {
    check(options).map(|_| ())
}

/// The same as a step, which is skipped where the cases are not there.
///
/// # Errors
/// As [`run`].
pub fn check(options: &Options) -> Result<Outcome, Failure> {
    let Some(cases) = archive::unpacked()? else {
        let reason = format!("`{}` is not there", archive::PATH);
        screen::say(format!("{reason}: 0 passed, 0 failed"));
        return Ok(Outcome::Skipped(reason));
    };
    let named = options.evaluator.as_deref();
    let always = MINIMA
        .into_iter()
        .filter(|(name, _)| named.is_none_or(|only| only == *name));
    let requested = ON_REQUEST
        .into_iter()
        .filter(|(name, _)| named == Some(*name));
    for (evaluator, minimum) in always.chain(requested) {
        let cases = cases.display().to_string();
        invocation(&cases, evaluator, minimum, options).run()?;
    }
    Ok(Outcome::Done)
}

fn invocation(cases: &str, evaluator: &str, minimum: usize, options: &Options) -> Invocation {
    // A single folder has no minimum of its own.
    let minimum = if options.folder.is_some() { 0 } else { minimum };
    let minimum = minimum.to_string();
    let mut arguments = vec![
        "test",
        "--locked",
        "--package",
        "llmspell-engine",
        "--test",
        "conformance",
        "--",
        cases,
        "--evaluator",
        evaluator,
        "--minimum",
        &minimum,
    ];
    if let Some(folder) = &options.folder {
        arguments.extend(["--folder", folder]);
    }
    if options.failures {
        arguments.push("--failures");
    }
    Invocation::cargo(arguments)
}
