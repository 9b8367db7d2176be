//! The border between the host and a language: what each engine can do.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use llmspell_engine::Value;
use llmspell_utils::debug::{DebugManager, MemoryUse};

use crate::arguments::DataLimits;
use crate::host_object::HostObject;
use crate::interactive::{Candidates, SeenNames, Typed};
use crate::language::Language;
use crate::object_dump::{DumpNode, DumpOptions};
use crate::sandbox::Stopper;
use crate::script_error::ScriptError;
use crate::script_profile::ProfileSource;

/// A program to run: its text and the name under which errors and traces show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// The name that traces show, usually the path as the user gave it.
    pub name: String,
    /// The source text.
    pub source: String,
}

impl Script {
    /// A script of a name and a text.
    #[must_use]
    pub fn new(name: impl Into<String>, source: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            source: source.into(),
        }
    }
}

/// What the phases of one run took; nothing for a phase that was not reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RunPhases {
    /// Compiling the script.
    pub load: Option<Duration>,
    /// Running it.
    pub run: Option<Duration>,
    /// Converting its value.
    pub convert: Option<Duration>,
}

/// One language, ready to run scripts one after the other in one state.
///
/// An engine belongs to one thread at a time. It enforces the memory limit by itself; deadlines come
/// from outside through [`stopper`](Self::stopper).
pub trait ScriptEngine: Send {
    /// Which language this is.
    fn language(&self) -> Language;

    /// Makes a host object known to scripts as a global that they cannot change.
    ///
    /// # Errors
    /// When the engine is out of memory.
    fn install(&mut self, global: &str, object: &Arc<dyn HostObject>) -> Result<(), ScriptError>;

    /// Makes one method of a host object known to scripts as a global function.
    ///
    /// # Errors
    /// When the object has no such method or the engine is out of memory.
    fn install_function(
        &mut self,
        global: &str,
        object: &Arc<dyn HostObject>,
        method: &str,
    ) -> Result<(), ScriptError>;

    /// Makes data known to scripts as a global.
    ///
    /// # Errors
    /// When the engine is out of memory.
    fn install_data(&mut self, global: &str, data: &Value) -> Result<(), ScriptError>;

    /// Runs a script to its end and gives what it returned (Lua) or its last value (JavaScript).
    ///
    /// # Errors
    /// Whatever stops the script, with place, stack and excerpt; and
    /// [`ScriptErrorKind::Conversion`](crate::ScriptErrorKind::Conversion) if the value is no data.
    fn run(&mut self, script: &Script, limits: &DataLimits) -> Result<Value, ScriptError>;

    /// What the phases of the last run took.
    fn phases(&self) -> RunPhases {
        RunPhases::default()
    }

    /// Redacts what stacks show of variables as this manager says; before, by the built-in rules.
    fn redact_with(&mut self, _manager: &Arc<DebugManager>) {}

    /// Compiles an input of a prompt and does not run it.
    ///
    /// # Errors
    /// When it does not parse; [`is_incomplete`](ScriptError::is_incomplete) says whether it only ends too early.
    fn check_input(&mut self, input: &Script) -> Result<(), ScriptError>;

    /// Runs an input of a prompt: an expression or statements, whose variables the next inputs see. Gives the values
    /// for a dump: those that Lua returned, or JavaScript's last one unless that is `undefined`.
    ///
    /// # Errors
    /// As [`check_input`](Self::check_input), and whatever stops the input.
    fn run_input(
        &mut self,
        input: &Script,
        options: &DumpOptions,
    ) -> Result<Vec<DumpNode>, ScriptError>;

    /// Offers the names that may stand at a place, from the live state and without running anything of a script.
    fn complete(&mut self, typed: &Typed, seen: &SeenNames, candidates: &mut Candidates<'_>);

    /// Whether what scripts left behind is gone, so that the next one starts afresh.
    fn is_afresh(&self) -> bool;

    /// What stops a running script from another thread.
    fn stopper(&self) -> Arc<dyn Stopper>;

    /// What feeds profiles with the functions of scripts.
    fn profile_source(&self) -> Arc<dyn ProfileSource>;

    /// What the engine's heap holds now; what is about the process is left out. An engine may have to walk its
    /// heap to tell.
    fn memory(&self) -> MemoryUse;
}

impl fmt::Debug for dyn ScriptEngine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ScriptEngine({})", self.language())
    }
}
