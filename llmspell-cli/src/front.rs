//! `llmspell`: answers hooks by itself where it can, and has `llmspell-host` do everything else.
//!
//! An agent pays for the start of a program before every tool use, and most of it is the size of the program. What a
//! hook seldom needs is in the other one, which takes this one's place when it is needed.

use std::ffi::OsString;
use std::io;
use std::process::ExitCode;

use crate::answer::answer;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::programs::{self, FRONT, HOST};

/// The program's `main`.
#[must_use]
pub fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    #[cfg(target_os = "linux")]
    if crate::hook::is_meant(&words) {
        crate::hook::main(&words, &crate::hook::Program::front());
    }
    if let [_, only] = words.as_slice()
        && (only == "--version" || only == "-V")
    {
        let said = answer(&format!("{FRONT} {}\n", env!("CARGO_PKG_VERSION")));
        return said
            .map_or_else(|failure| failure.report(), |()| Exit::Done)
            .into();
    }
    // An agent takes no other code than that of a denial for a block.
    let failed = if crate::hook::is_meant(&words) {
        Exit::Denied
    } else {
        Exit::Internal
    };
    match become_host(&words) {
        Ok(Some(code)) => code,
        Ok(None) => failed.into(),
        Err(error) => {
            Failure::internal(programs::cannot_start(HOST, &error)).report();
            failed.into()
        }
    }
}

/// Has the other program take this one's place; it sees the same words.
#[cfg(unix)]
fn become_host(words: &[OsString]) -> io::Result<Option<ExitCode>> {
    use std::os::unix::process::CommandExt as _;
    let mut words = words.iter();
    let mut host = std::process::Command::new(programs::beside(HOST)?);
    if let Some(own) = words.next() {
        host.arg0(own);
    }
    Err(host.args(words).exec())
}

/// Runs the other program, which sees the same words; there is no code where something else ended it.
#[cfg(not(unix))]
fn become_host(words: &[OsString]) -> io::Result<Option<ExitCode>> {
    let mut host = std::process::Command::new(programs::beside(HOST)?);
    let ended = host.args(words.iter().skip(1)).status()?;
    let code = ended.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map(ExitCode::from))
}
