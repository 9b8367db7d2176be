//! Steps in their order, each with its duration; the first failure ends them.

use std::fmt::{Display, Write as _};
use std::time::{Duration, Instant};

use crate::failure::Failure;
use crate::screen;

/// How a step that did not fail ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// All of it was done.
    Done,
    /// A part was not done, for this reason.
    Skipped(String),
}

/// One step: its name, the command that repeats it, and what it does.
pub struct Step {
    name: &'static str,
    repeat: String,
    action: Box<dyn FnOnce() -> Result<Outcome, Failure>>,
}

impl std::fmt::Debug for Step {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Step")
            .field("name", &self.name)
            .field("repeat", &self.repeat)
            .finish_non_exhaustive()
    }
}

impl Step {
    /// A step that may leave something out.
    pub fn new(
        name: &'static str,
        repeat: impl Into<String>,
        action: impl FnOnce() -> Result<Outcome, Failure> + 'static,
    ) -> Self {
        Self {
            name,
            repeat: repeat.into(),
            action: Box::new(action),
        }
    }

    /// A step that is done or fails.
    pub fn plain(
        name: &'static str,
        repeat: impl Into<String>,
        action: impl FnOnce() -> Result<(), Failure> + 'static,
    ) -> Self {
        Self::new(name, repeat, || action().map(|()| Outcome::Done))
    }
}

/// Does the steps in their order and prints how long each took.
///
/// # Errors
/// The first failure, with the command that repeats its step.
pub fn run(steps: Vec<Step>) -> Result<(), Failure> {
    run_noting(steps, &mut |line| screen::note(line))
}

/// Does what [`run`] does, and gives each line about the work to `note`.
///
/// # Errors
/// The first failure, with the command that repeats its step.
pub fn run_noting(steps: Vec<Step>, note: &mut dyn FnMut(&dyn Display)) -> Result<(), Failure> {
    let started = Instant::now();
    let mut summary = String::new();
    for step in steps {
        note(&format_args!("==> {}: {}", step.name, step.repeat));
        let step_started = Instant::now();
        let outcome = (step.action)();
        let took = seconds(step_started.elapsed());
        match outcome {
            Ok(Outcome::Done) => {
                note(&format_args!("<== {}: done in {took}", step.name));
                let _always_fits = write!(summary, "\n  {:<12} {took:>9}", step.name);
            }
            Ok(Outcome::Skipped(reason)) => {
                note(&format_args!(
                    "<== {}: done in {took}, skipped: {reason}",
                    step.name
                ));
                let _always_fits = write!(
                    summary,
                    "\n  {:<12} {took:>9}  skipped: {reason}",
                    step.name
                );
            }
            Err(failure) => {
                note(&failure);
                let message = format!("step `{}` failed after {took}", step.name);
                return Err(Failure::new(message).help(format!("repeat it with `{}`", step.repeat)));
            }
        }
    }
    note(&format_args!(
        "all done in {}{summary}",
        seconds(started.elapsed())
    ));
    Ok(())
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}
