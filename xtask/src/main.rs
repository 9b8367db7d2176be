//! The `cargo xtask` program: finds the command and gives it its arguments.

use std::process::ExitCode;

use xtask::failure::Failure;
use xtask::{
    ci, conformance, differential, figures, footprint, fuzz, opa, screen, soak, test, tidy,
};

const HELP: &str = "\
usage: cargo xtask COMMAND

  ci                                everything that CI checks; stops at the first failure
  test [--accept]                   the tests, and the example scripts against their committed output;
                                    --accept rewrites that output where it differs
  opa                               the program that compiles policies to WebAssembly, in the release that the tests
                                    need, built with Go into the target folder; prints its path
  tidy                              the rules that no compiler knows: who may depend on whom, and the like
  conformance [--evaluator NAME] [--folder NAME] [--failures]
                                    OPA's conformance cases: a table by folder, and how many pass
  figures [NAME] [--json] [--counts]
                                    the benchmarks' figures and whether each reaches its target;
                                    --counts adds instruction counts (needs valgrind)
  differential [--pairs N] [--seed S] [--evaluator rvm|wasm]
                                    generated policies and events: the same decisions as in the interpreter
  fuzz hook [--events N] [--seed S]  generated and broken events on the way that the hook goes, some of them through
                                    the program: none breaks it, none gets past a policy that refuses it
  footprint                         how large the programs are, and how much memory a hook takes
  soak [DECISIONS]                  a million decisions, and a thousand at a time: no memory lost, no decision lost
  help                              this text

example: cargo xtask figures filter --counts
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            screen::note(&failure);
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> Result<(), Failure> {
    match arguments {
        ["ci"] => ci::run(),
        ["test"] => test::run(test::ExampleOutput::Compare),
        ["test", "--accept"] => test::run(test::ExampleOutput::Accept),
        ["opa"] => opa::run(),
        ["tidy"] => tidy::run(),
        ["conformance", rest @ ..] => conformance::run(&conformance::Options::parse(rest)?),
        ["figures", rest @ ..] => figures::run(&figures::Options::parse(rest)?),
        ["differential", rest @ ..] => differential::run(rest),
        ["fuzz", rest @ ..] => fuzz::run(rest),
        ["footprint"] => footprint::run(),
        ["soak", rest @ ..] => soak::run(rest),
        ["help" | "--help" | "-h"] => {
            screen::say(HELP.trim_end());
            Ok(())
        }
        [] => Err(Failure::new("no command is given").help(HELP.trim_end())),
        other => {
            let message = format!("`cargo xtask {}` is not a command", other.join(" "));
            Err(Failure::new(message).help(HELP.trim_end()))
        }
    }
}
