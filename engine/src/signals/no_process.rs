//! Where there are no process groups, a command that runs too long could not be stopped with what it has started, so
//! that none is run.

use std::process::Command;
use std::time::Duration;

use super::outcome::{Finished, Unfinished};

pub(super) fn run(
    _command: Command,
    _input: &[u8],
    _timeout: Duration,
    _most: usize,
) -> Result<Finished, Unfinished> {
    let message = "signals are run on Unix only".to_owned();
    Err(Unfinished::NotStarted(message))
}
