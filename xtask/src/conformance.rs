//! `cargo xtask conformance`: OPA's conformance cases on our evaluators.

pub mod archive;

use crate::failure::Failure;
use crate::invocation::Invocation;
use crate::screen;
use crate::steps::Outcome;

/// An evaluator, and what must pass on it.
struct Goal {
    evaluator: &'static str,
    /// How many of the 2,067 cases pass at least.
    minimum: usize,
    /// Where no evaluator is named, one of so many cases runs, of which so many pass at least.
    part: (usize, usize),
}

/// Each case takes a compiler on `wasm`, so that all of them run only where it is named.
const GOALS: [Goal; 2] = [
    Goal {
        evaluator: "rego",
        minimum: 1_900,
        part: (1, 1_900),
    },
    Goal {
        evaluator: "wasm",
        minimum: 1_900,
        part: (5, 380),
    },
];

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
            && GOALS.iter().all(|goal| goal.evaluator != name)
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
    let cases = cases.display().to_string();
    let named = options.evaluator.as_deref();
    for goal in GOALS {
        if named.is_none_or(|name| name == goal.evaluator) {
            invocation(&cases, &goal, options).run()?;
        }
    }
    Ok(Outcome::Done)
}

fn invocation(cases: &str, goal: &Goal, options: &Options) -> Invocation {
    let (every, minimum) = match (&options.folder, &options.evaluator) {
        // A single folder has no minimum of its own.
        (Some(_), _) => (1, 0),
        (None, Some(_)) => (1, goal.minimum),
        (None, None) => goal.part,
    };
    let (every, minimum) = (every.to_string(), minimum.to_string());
    // The features of the whole workspace: those of one package alone are another build of everything.
    let mut arguments = vec![
        "test",
        "--locked",
        "--workspace",
        "--test",
        "conformance",
        "--",
        cases,
        "--evaluator",
        goal.evaluator,
        "--every",
        &every,
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
