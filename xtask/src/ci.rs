//! `cargo xtask ci`: everything that must hold before a change goes in, cheapest first.

use crate::conformance;
use crate::dependency_audit;
use crate::failure::Failure;
use crate::invocation::Invocation;
use crate::steps::{self, Step};
use crate::{opa, test, tidy};

/// Does every check and stops at the first failure.
///
/// # Errors
/// The first step that fails, with the command that repeats it.
pub fn run() -> Result<(), Failure> {
    steps::run(vec![
        cargo_step("format", Invocation::cargo(["fmt", "--all", "--check"])),
        Step::plain("tidy", "cargo xtask tidy", tidy::run),
        Step::new(
            "dependencies",
            dependency_audit::REPEAT,
            dependency_audit::run,
        ),
        cargo_step("lint", lint()),
        Step::new("opa", opa::REPEAT, opa::step),
        Step::plain("test", "cargo xtask test", || {
            test::run(test::ExampleOutput::Compare)
        }),
        Step::new("conformance", "cargo xtask conformance", || {
            conformance::check(&conformance::Options::default())
        }),
        cargo_step("documents", documents()),
    ])
}

fn cargo_step(name: &'static str, invocation: Invocation) -> Step {
    Step::plain(name, invocation.to_string(), move || invocation.run())
}

fn lint() -> Invocation {
    Invocation::cargo([
        "clippy",
        "--locked",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ])
}

fn documents() -> Invocation {
    Invocation::cargo(["doc", "--locked", "--workspace", "--no-deps"])
        .with_environment("RUSTDOCFLAGS", "-D warnings")
}
