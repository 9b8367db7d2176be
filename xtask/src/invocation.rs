//! A program to run, written so that a person can run it again.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::failure::Failure;
use crate::workspace;

/// A program with its arguments and environment, always run in the workspace's root.
///
/// ```
/// use xtask::invocation::Invocation;
///
/// let invocation = Invocation::cargo(["doc", "--no-deps"]).with_environment("RUSTDOCFLAGS", "-D warnings");
/// assert_eq!(invocation.to_string(), "RUSTDOCFLAGS='-D warnings' cargo doc --no-deps");
/// ```
#[derive(Debug, Clone)]
pub struct Invocation {
    program: OsString,
    shown_program: String,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    removed: Vec<String>,
}

impl Invocation {
    /// The cargo that runs this program, with these arguments.
    pub fn cargo<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Self {
        let program = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
        Self {
            program,
            shown_program: "cargo".to_owned(),
            arguments: arguments.into_iter().map(str::to_owned).collect(),
            environment: Vec::new(),
            removed: Vec::new(),
        }
    }

    /// Any other program, with these arguments.
    pub fn program<'a>(program: &Path, arguments: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            program: program.as_os_str().to_owned(),
            shown_program: program.display().to_string(),
            arguments: arguments.into_iter().map(str::to_owned).collect(),
            environment: Vec::new(),
            removed: Vec::new(),
        }
    }

    /// Sets a variable of the environment.
    #[must_use]
    pub fn with_environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Keeps variables of our own environment away from the program.
    #[must_use]
    pub fn without_environment<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.removed.extend(names.into_iter().map(str::to_owned));
        self
    }

    /// Runs the program; what it prints goes where our own text goes.
    ///
    /// # Errors
    /// When the program cannot be started or does not succeed.
    pub fn run(&self) -> Result<(), Failure> {
        let status = self
            .command()
            .status()
            .map_err(|source| self.cannot_start(&source))?;
        if status.success() {
            return Ok(());
        }
        Err(Failure::new(format!("`{self}` failed ({status})")))
    }

    /// Runs the program and hands over what it printed and how it ended.
    ///
    /// # Errors
    /// When the program cannot be started.
    pub fn capture(&self) -> Result<Output, Failure> {
        self.command()
            .output()
            .map_err(|source| self.cannot_start(&source))
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        for name in &self.removed {
            command.env_remove(name);
        }
        command
            .args(&self.arguments)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(workspace::root());
        command
    }

    fn cannot_start(&self, source: &std::io::Error) -> Failure {
        Failure::new(format!("`{self}` cannot be started: {source}"))
    }
}

impl fmt::Display for Invocation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.environment {
            write!(formatter, "{name}={} ", quoted(value))?;
        }
        write!(formatter, "{}", self.shown_program)?;
        self.arguments
            .iter()
            .try_for_each(|argument| write!(formatter, " {}", quoted(argument)))
    }
}

fn quoted(word: &str) -> String {
    let plain = |character: char| character.is_alphanumeric() || "-_./=:@,+".contains(character);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// The path of a program in a folder, with the ending that the platform wants.
#[must_use]
pub fn program_in(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}
