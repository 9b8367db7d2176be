//! `cargo xtask opa`: the release of OPA that the engine is tried with, installed as a Go tool into the target folder.

use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::invocation::{Invocation, program_in};
use crate::screen;
use crate::steps::Outcome;
use crate::workspace::Metadata;

/// The release that policies are compiled with.
const VERSION: &str = "1.7.1";
const PACKAGE: &str = "github.com/open-policy-agent/opa";

/// The command that repeats the whole check.
pub const REPEAT: &str = "cargo xtask opa";

/// Installs the program unless it is there, and prints its path.
///
/// # Errors
/// When there is no Go, or it cannot build the program.
pub fn run() -> Result<(), Failure> {
    let program = installed()?;
    screen::say(program.display());
    Ok(())
}

/// The same as a step of `ci`: without Go the tests that need the program are left out.
///
/// # Errors
/// When Go is there and cannot build the program.
pub fn step() -> Result<Outcome, Failure> {
    match Go::find() {
        Err(failure) if at_hand()?.is_none() => Ok(Outcome::Skipped(format!(
            "policies compiled to WebAssembly, because {failure}"
        ))),
        _ => installed().map(|_| Outcome::Done),
    }
}

/// The program that was installed earlier.
///
/// # Errors
/// When cargo does not say where it builds.
pub fn at_hand() -> Result<Option<PathBuf>, Failure> {
    let program = program_in(&tools()?, &format!("opa-{VERSION}"));
    Ok(is_pinned(&program).then_some(program))
}

fn installed() -> Result<PathBuf, Failure> {
    if let Some(program) = at_hand()? {
        return Ok(program);
    }
    let go = Go::find()?;
    screen::note(format_args!(
        "opa {VERSION} is not here: building it, which takes a minute or two"
    ));
    let tools = tools()?;
    go.install(&tools)?;
    let program = program_in(&tools, &format!("opa-{VERSION}"));
    std::fs::rename(program_in(&tools, "opa"), &program)
        .map_err(|error| Failure::new(format!("opa could not be put into place: {error}")))?;
    Ok(program)
}

fn tools() -> Result<PathBuf, Failure> {
    Ok(Metadata::load()?.target_directory.join("tools"))
}

fn is_pinned(program: &Path) -> bool {
    let output = Invocation::program(program, ["version"]).capture();
    output.is_ok_and(|output| {
        let said = String::from_utf8_lossy(&output.stdout);
        said.lines()
            .any(|line| line.strip_prefix("Version:").map(str::trim) == Some(VERSION))
    })
}

/// The Go tools, of which only `install` is needed.
struct Go;

impl Go {
    fn find() -> Result<Self, Failure> {
        let output = Invocation::program(Path::new("go"), ["version"]).capture();
        match output {
            Ok(output) if output.status.success() => Ok(Self),
            _ => Err(Failure::new("there is no Go to build opa with").help(format!(
                "install Go, or put the `opa` of release {VERSION} somewhere and set `OPA` to its path"
            ))),
        }
    }

    fn install(&self, tools: &Path) -> Result<(), Failure> {
        let package = format!("{PACKAGE}@v{VERSION}");
        let folder = tools.display().to_string();
        Invocation::program(Path::new("go"), ["install", package.as_str()])
            .with_environment("GOBIN", &folder)
            // The sources are no repository of ours, whose version would be written into the program.
            .with_environment("GOFLAGS", "-buildvcs=false")
            .with_environment("CGO_ENABLED", "0")
            .run()
    }
}
