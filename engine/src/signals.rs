//! Signals: commands that tell policies what an event does not say.
//!
//! `declared` lists those of a rulebook and those found as files, `needs` says which policy must see which, `gather`
//! runs them side by side, `process` runs one within its limits, `environment` is what it may know, `output` reads
//! what it wrote, and `outcome` is what policies and decisions make of it.

mod declared;
mod environment;
mod gather;
mod listing;
mod needs;
mod outcome;
mod output;
#[cfg(unix)]
mod process;
#[cfg(not(unix))]
#[path = "signals/no_process.rs"]
mod process;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::evaluator::PolicyFault;
use crate::trust::SignedScript;

pub(crate) use declared::SignalFile;
pub use environment::signal_environment;
pub(crate) use gather::Gathered;
pub(crate) use needs::Need;
pub(crate) use outcome::Outcome;

/// How long a signal may take that does not say it.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);

/// The signals of one configuration.
#[derive(Debug, Default)]
pub(crate) struct Signals {
    /// The working directory of every command.
    root: PathBuf,
    signals: Vec<Signal>,
    /// What must be as it was signed whenever a command for a shell is run; none if no such command may be run.
    scripts: Option<Vec<SignedScript>>,
}

/// One signal, ready to be gathered.
#[derive(Debug)]
struct Signal {
    name: Arc<str>,
    action: Action,
    timeout: Duration,
    /// Where it is declared, as errors show it.
    file: Arc<str>,
    line: Option<u32>,
}

/// What is done to gather a signal.
#[derive(Debug)]
enum Action {
    /// A command as the rulebook has it, for a shell.
    Shell(String),
    /// A file that is run as it is, and the digest that it was signed with, if it was.
    File {
        path: PathBuf,
        signed: Option<String>,
    },
    /// Nothing can be: whoever needs it cannot be loaded.
    Broken(PolicyFault),
}
