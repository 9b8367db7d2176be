//! `cargo xtask figures`: what was measured, what it is held against, and whether that is reached.

pub mod counts;
pub mod figure;
pub mod table;

use std::path::PathBuf;

use crate::failure::Failure;
use crate::invocation::{Invocation, program_in};
use crate::screen;
use crate::workspace::Metadata;
use counts::Counts;
use figure::Figure;

/// What to measure and how to print it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Only the figure of this name.
    pub name: Option<String>,
    /// One JSON object a line instead of a table.
    pub json: bool,
    /// Count instructions, too.
    pub counts: bool,
}

impl Options {
    /// Reads the arguments after `figures`.
    ///
    /// # Errors
    /// When an argument is unknown, or a second name is given.
    pub fn parse(arguments: &[&str]) -> Result<Self, Failure> {
        let mut options = Self::default();
        for argument in arguments {
            match *argument {
                "--json" => options.json = true,
                "--counts" => options.counts = true,
                name if !name.starts_with('-') && options.name.is_none() => {
                    options.name = Some(name.to_owned());
                }
                other => {
                    let help = "cargo xtask figures [NAME] [--json] [--counts]";
                    return Err(
                        Failure::new(format!("`{other}` is not an argument of `figures`"))
                            .help(help),
                    );
                }
            }
        }
        Ok(options)
    }
}

/// Measures and prints.
///
/// # Errors
/// When the benchmarks cannot be built or run, a figure has no target, or a target is not reached.
pub fn run(options: &Options) -> Result<(), Failure> {
    let program = build("figures")?;
    let mut figures = measure(&program, options)?;
    if options.counts {
        for figure in &mut figures {
            figure.counts = Some(Counts::of(&program, figure)?);
        }
    }
    if options.json {
        figures
            .iter()
            .try_for_each(|figure| figure.to_json().map(screen::say))?;
    } else {
        screen::say(table::table(&figures).trim_end());
    }
    judge(&figures)
}

/// Builds a program that measures, and those that it measures.
///
/// # Errors
/// When they cannot be built.
pub fn build(measuring: &str) -> Result<PathBuf, Failure> {
    let arguments = [
        "build",
        "--locked",
        "--release",
        "--package",
        "llmspell-benches",
        // Whose process is measured, too.
        "--package",
        "llmspell-cli",
        "--bin",
        measuring,
        "--bin",
        "llmspell",
        "--bin",
        "llmspell-host",
    ];
    Invocation::cargo(arguments).run()?;
    Ok(program_in(&Metadata::load()?.release_programs(), measuring))
}

fn measure(program: &std::path::Path, options: &Options) -> Result<Vec<Figure>, Failure> {
    let arguments = std::iter::once("run")
        .chain(options.name.as_deref())
        .chain(["--json"]);
    let invocation = Invocation::program(program, arguments);
    let output = invocation.capture()?;
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(Failure::new(format!(
            "`{invocation}` failed ({}): {why}",
            output.status
        )));
    }
    let figures = figure::parse_lines(&output.stdout)?;
    if figures.is_empty() {
        let help = format!("`{} list` shows the names", program.display());
        return Err(Failure::new("nothing was measured").help(help));
    }
    Ok(figures)
}

/// Fails when any figure does not reach its target.
///
/// # Errors
/// Names the figures that do not reach theirs.
pub fn judge(figures: &[Figure]) -> Result<(), Failure> {
    let missed: Vec<&str> = figures
        .iter()
        .filter(|figure| figure.reached == Some(false))
        .map(|figure| figure.name.as_str())
        .collect();
    if missed.is_empty() {
        return Ok(());
    }
    let message = format!(
        "{} of {} figures do not reach their target: {}",
        missed.len(),
        figures.len(),
        missed.join(", ")
    );
    Err(Failure::new(message)
        .help("measure again on a quiet machine, and with --counts, before you believe it"))
}
