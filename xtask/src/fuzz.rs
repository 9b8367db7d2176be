//! `cargo xtask fuzz hook`: generated and broken events on the way that the hook goes.

use crate::failure::Failure;
use crate::invocation::Invocation;
use crate::named_values::{self, number};

const TEST: &str =
    "hook_fuzz::no_event_breaks_the_hook_or_gets_past_a_policy_that_refuses_everything";
const USAGE: &str = "usage: cargo xtask fuzz hook [--events N] [--seed S]";

/// What is run.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Options {
    events: String,
    seed: String,
}

/// Sends the events, and prints what came of them.
///
/// # Errors
/// When an argument is not understood, an event breaks the hook, or one gets past a policy that refuses it.
pub fn run(arguments: &[&str]) -> Result<(), Failure> {
    let options = Options::parse(arguments)?;
    Invocation::cargo([
        "test",
        "--locked",
        "--release",
        "-p",
        "llmspell-cli",
        "--test",
        "it",
        "--",
        "--exact",
        TEST,
        "--nocapture",
    ])
    .with_environment("LLMSPELL_FUZZ_EVENTS", &options.events)
    .with_environment("LLMSPELL_FUZZ_SEED", &options.seed)
    .run()
}

impl Options {
    fn parse(arguments: &[&str]) -> Result<Self, Failure> {
        let ["hook", rest @ ..] = arguments else {
            return Err(Failure::new("what is fuzzed is not said").help(USAGE));
        };
        let mut options = Self {
            events: "1000000".to_owned(),
            seed: "1".to_owned(),
        };
        named_values::read(rest, USAGE, |name, value| {
            match name {
                "--events" => options.events = number(value, USAGE)?,
                "--seed" => options.seed = number(value, USAGE)?,
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
        let options = Options::parse(&["hook", "--seed", "7"]).unwrap();
        assert_eq!(
            (options.events.as_str(), options.seed.as_str()),
            ("1000000", "7")
        );
        for wrong in [
            &[][..],
            &["event"],
            &["hook", "--seed"],
            &["hook", "--events", "x"],
        ] {
            assert!(Options::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
