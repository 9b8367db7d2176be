//! `print` and `console`: what scripts say to people.

use std::sync::Arc;

use llmspell_utils::debug::DebugLevel;

use crate::arguments::Arguments;
use crate::host_object::{Method, ScriptObject};
use crate::script_error::ScriptError;
use crate::script_output::ScriptOutput;
use crate::script_value::ScriptValue;

/// How many bytes of text one call may print: the same large string may stand among the arguments
/// thousands of times.
const LONGEST_LINE: usize = 1 << 20;

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
        // The engine looks at the flag now and then only: until it does, a loop would print on and on.
        if arguments.stop_reason().is_none() {
            self.output
                .line(level, &printed_line(between, LONGEST_LINE, arguments)?);
        }
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

/// All arguments as one line, which ends with `…` where it would have more bytes than `most`.
pub(crate) fn printed_line(
    between: &str,
    most: usize,
    arguments: &dyn Arguments,
) -> Result<String, ScriptError> {
    let mut line = String::new();
    for at in 0..arguments.count() {
        if at > 0 {
            line.push_str(between);
        }
        // A script that was stopped must not go on printing its arguments.
        if line.len() >= most || arguments.stop_reason().is_some() {
            line.push('…');
            break;
        }
        line.push_str(&arguments.display(at, most - line.len())?);
    }
    Ok(line)
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
