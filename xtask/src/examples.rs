//! The example scripts, run through the built program and compared with their committed output.
//!
//! A script `examples/NAME/SCRIPT.lua` has its output in `SCRIPT.lua.expected.txt` beside it.
//! A Lua and a JavaScript script of the same name must also say the same, apart from their stack traces.

pub mod mask;
pub mod parity;

use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::failure::Failure;
use crate::invocation::{Invocation, program_in};
use crate::screen;
use crate::test::ExampleOutput;
use crate::workspace;

/// Runs every example script with the `llmspell` program in `programs`.
///
/// # Errors
/// The first script that fails, or whose output is not the expected one.
pub fn run(programs: &Path, example_output: ExampleOutput) -> Result<(), Failure> {
    let llmspell = program_in(programs, "llmspell");
    let scripts = scripts(&workspace::root().join("examples"));
    if scripts.is_empty() {
        return Err(Failure::new("there is no script under `examples/`"));
    }
    let mut outputs = Vec::new();
    for script in scripts {
        let output = output_of(&llmspell, &script)?;
        match example_output {
            ExampleOutput::Compare => compare(&script, &output)?,
            ExampleOutput::Accept => accept(&script, &output)?,
        }
        screen::note(format_args!("{script} says what it should"));
        outputs.push((script, output));
    }
    parity::check(&outputs)
}

// Scripts as paths from the root, so that stack traces are the same on every machine.
fn scripts(folder: &Path) -> Vec<String> {
    let files = WalkDir::new(folder)
        .min_depth(2)
        .max_depth(2)
        .sort_by_file_name();
    files
        .into_iter()
        .filter_map(Result::ok)
        .filter(|file| is_script(file.path()))
        .filter_map(|file| {
            let path = file.path().strip_prefix(workspace::root()).ok()?;
            Some(path.to_str()?.replace('\\', "/"))
        })
        .collect()
}

fn is_script(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    matches!(ending, Some("lua" | "js"))
}

fn output_of(llmspell: &Path, script: &str) -> Result<String, Failure> {
    let invocation = Invocation::program(llmspell, ["run", script])
        .with_environment("NO_COLOR", "1")
        .without_environment([
            "LLMSPELL_DEBUG",
            "LLMSPELL_DEBUG_LEVEL",
            "LLMSPELL_DEBUG_ENABLED",
        ]);
    let output = invocation.capture()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(Failure::new(format!(
            "`{invocation}` failed ({}): {said}",
            output.status
        )));
    }
    String::from_utf8(output.stdout).map_err(|_| {
        Failure::new(format!(
            "`{invocation}` printed something that is not UTF-8"
        ))
    })
}

fn expected_file(script: &str) -> PathBuf {
    workspace::root().join(format!("{script}.expected.txt"))
}

fn compare(script: &str, output: &str) -> Result<(), Failure> {
    let help =
        "look at the difference; if the new output is right, run `cargo xtask test --accept`";
    let expected = std::fs::read_to_string(expected_file(script)).map_err(|source| {
        Failure::new(format!("{script}.expected.txt cannot be read: {source}")).help(help)
    })?;
    match first_difference(&mask::mask(&expected), &mask::mask(output)) {
        None => Ok(()),
        Some(difference) => {
            Err(Failure::new(format!("{script}.expected.txt:{difference}")).help(help))
        }
    }
}

// What is masked changes with every run, so a file that still says the same is left alone.
fn accept(script: &str, output: &str) -> Result<(), Failure> {
    let file = expected_file(script);
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    if first_difference(&mask::mask(&committed), &mask::mask(output)).is_none() {
        return Ok(());
    }
    std::fs::write(&file, output).map_err(|source| {
        Failure::new(format!("{script}.expected.txt cannot be written: {source}"))
    })
}

/// The first line in which two texts differ, as `LINE: what was expected and what came`.
#[must_use]
pub fn first_difference(expected: &str, came: &str) -> Option<String> {
    let mut expected_lines = expected.lines();
    let mut lines = came.lines();
    for number in 1_usize.. {
        match (expected_lines.next(), lines.next()) {
            (None, None) => return None,
            (left, right) if left == right => {}
            (left, right) => {
                let shown = |line: Option<&str>| {
                    line.map_or("the end".to_owned(), |line| format!("`{line}`"))
                };
                return Some(format!(
                    "{number}: expected {}, but {} came",
                    shown(left),
                    shown(right)
                ));
            }
        }
    }
    None
}
