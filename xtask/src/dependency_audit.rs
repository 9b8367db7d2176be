//! Licences, bans, sources and advisories of the dependencies, checked by cargo-deny at a pinned version.

use std::path::PathBuf;

use crate::failure::Failure;
use crate::invocation::{Invocation, program_in};
use crate::screen;
use crate::steps::Outcome;
use crate::workspace::Metadata;

/// The version that everybody uses; another one may judge differently.
const VERSION: &str = "0.20.2";

/// The command that repeats the whole check.
pub const REPEAT: &str = "cargo deny check";

/// Checks `deny.toml`; only the advisories may be left out, and only when their database cannot be fetched.
///
/// # Errors
/// When a dependency is refused, or cargo-deny cannot be installed.
pub fn run() -> Result<Outcome, Failure> {
    let program = installed()?;
    let deny =
        |arguments: &[&'static str]| Invocation::program(&program, arguments.iter().copied());
    deny(&["--workspace", "check", "licenses", "bans", "sources"]).run()?;
    let fetched = deny(&["fetch", "db"]).capture()?;
    if !fetched.status.success() {
        return Ok(Outcome::Skipped(reason(&fetched.stderr)));
    }
    deny(&["--workspace", "check", "--disable-fetch", "advisories"]).run()?;
    Ok(Outcome::Done)
}

fn installed() -> Result<PathBuf, Failure> {
    let on_path = PathBuf::from("cargo-deny");
    if is_pinned(&on_path) {
        return Ok(on_path);
    }
    let tools = Metadata::load()?.target_directory.join("tools");
    let ours = program_in(&tools.join("bin"), "cargo-deny");
    if !is_pinned(&ours) {
        screen::note(format_args!(
            "cargo-deny {VERSION} is not here: installing it"
        ));
        install(&tools)?;
    }
    Ok(ours)
}

fn is_pinned(program: &std::path::Path) -> bool {
    let output = Invocation::program(program, ["--version"]).capture();
    output.is_ok_and(|output| {
        let said = String::from_utf8_lossy(&output.stdout);
        said.split_whitespace().last() == Some(VERSION)
    })
}

// Unoptimised, because building it takes a minute that way and checking takes a second in any case.
fn install(tools: &std::path::Path) -> Result<(), Failure> {
    let wanted = format!("cargo-deny@{VERSION}");
    let root = tools.display().to_string();
    let build = tools.join("build").display().to_string();
    Invocation::cargo([
        "install", "--locked", "--debug", "--quiet", "--root", &root, &wanted,
    ])
    .with_environment("CARGO_TARGET_DIR", &build)
    .run()?;
    // The build takes hundreds of megabytes, and nobody needs it again. If it stays, only space is lost.
    let _left = std::fs::remove_dir_all(tools.join("build"));
    Ok(())
}

fn reason(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let last = text
        .lines()
        .rev()
        .map(str::trim)
        .find(|line| !line.is_empty());
    format!(
        "the advisories, because their database cannot be fetched ({})",
        last.unwrap_or("cargo-deny gave no reason")
    )
}
