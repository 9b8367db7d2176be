//! `print` and `console`: what scripts say to people.

use std::sync::Arc;

use llmspell_utils::debug::DebugLevel;

use crate::arguments::Arguments;
use crate::host_object::{Method, ScriptObject};
use crate::script_error::ScriptError;
use crate::script_output::ScriptOutput;
use crate::script_value::ScriptValue;

/// Hands each call's arguments as one line to the host's output.
pub(crate) struct Console {
    output: Arc<dyn ScriptOutput>,
}

impl Console {
    pub(crate) fn new(output: Arc<dyn ScriptOutput>) -> Self {
        Self { output }
    }

    fn say(
        &self,
        level: DebugLevel,
        between: &str,
        arguments: &dyn Arguments,
    ) -> Result<ScriptValue, ScriptError> {
        let shown: Result<Vec<_>, _> = (0..arguments.count())
            .map(|at| arguments.display(at))
            .collect();
        self.output.line(level, &shown?.join(between));
        Ok(ScriptValue::Nil)
    }

    fn print(&self, arguments: &dyn Arguments) -> Result<ScriptValue, ScriptError> {
        self.say(DebugLevel::Info, "\t", arguments)
    }

    fn log(&self, arguments: &dyn Arguments) -> Result<ScriptValue, ScriptError> {
        self.say(DebugLevel::Info, " ", arguments)
    }

    fn debug(&self, arguments: &dyn Arguments) -> Result<ScriptValue, ScriptError> {
        self.say(DebugLevel::Debug, " ", arguments)
    }

    fn warn(&self, arguments: &dyn Arguments) -> Result<ScriptValue, ScriptError> {
        self.say(DebugLevel::Warn, " ", arguments)
    }

    fn error(&self, arguments: &dyn Arguments) -> Result<ScriptValue, ScriptError> {
        self.say(DebugLevel::Error, " ", arguments)
    }
}

impl ScriptObject for Console {
    const NAME: &'static str = "console";
    const METHODS: &'static [Method<Self>] = &[
        Method::new("print", Self::print),
        Method::new("log", Self::log),
        Method::new("info", Self::log),
        Method::new("debug", Self::debug),
        Method::new("warn", Self::warn),
        Method::new("error", Self::error),
    ];
}
