//! What a policy prints while it is evaluated.

use std::sync::Arc;

use llmspell_utils::debug::DebugLevel;
use parking_lot::Mutex;

use crate::arguments::Arguments;
use crate::globals::printed_line;
use crate::host_object::{HostObject, Method, ScriptObject};
use crate::script_error::ScriptError;
use crate::script_value::ScriptValue;

/// How many bytes the prints of one evaluation may have together, and how much each takes beside its text.
const MOST: usize = 64 << 10;
const LINE: usize = 64;

/// Keeps what policies print, each line with its place in front.
#[derive(Debug, Default)]
pub(crate) struct PolicyPrints(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    lines: Vec<String>,
    bytes: usize,
    lost: usize,
}

impl PolicyPrints {
    /// Takes the lines, and forgets them.
    pub(crate) fn take(&self) -> Vec<String> {
        let mut kept = self.0.lock();
        if kept.lines.is_empty() && kept.lost == 0 {
            return Vec::new();
        }
        let Kept {
            mut lines, lost, ..
        } = std::mem::take(&mut *kept);
        if lost > 0 {
            lines.push(format!("{lost} more prints were not kept"));
        }
        lines
    }

    fn add(&self, text: String) {
        let mut kept = self.0.lock();
        let bytes = text.len() + LINE;
        if kept.bytes + bytes > MOST {
            kept.lost += 1;
        } else {
            kept.bytes += bytes;
            kept.lines.push(text);
        }
    }
}

/// `print` and `console` of a policy.
pub(crate) struct PolicyConsole(Arc<PolicyPrints>);

impl PolicyPrints {
    /// What policies see of it.
    pub(crate) fn console(self: &Arc<Self>) -> Arc<dyn HostObject> {
        Arc::new(PolicyConsole(Arc::clone(self)))
    }
}

impl PolicyConsole {
    fn say(
        &self,
        level: DebugLevel,
        between: &str,
        arguments: &dyn Arguments,
    ) -> Result<ScriptValue, ScriptError> {
        if arguments.stop_reason().is_none() {
            let line = printed_line(between, MOST, arguments)?;
            let place = arguments
                .place()
                .map(|place| format!("{}:{}: ", place.file, place.line))
                .unwrap_or_default();
            let level = match level {
                DebugLevel::Error => "error: ",
                DebugLevel::Warn => "warning: ",
                _ => "",
            };
            self.0.add(format!("{place}{level}{line}"));
        }
        Ok(ScriptValue::Nil)
    }

    fn print(&self, arguments: &dyn Arguments) -> Result<ScriptValue, ScriptError> {
        self.say(DebugLevel::Info, "\t", arguments)
    }

    fn log(&self, arguments: &dyn Arguments) -> Result<ScriptValue, ScriptError> {
        self.say(DebugLevel::Info, " ", arguments)
    }

    fn warn(&self, arguments: &dyn Arguments) -> Result<ScriptValue, ScriptError> {
        self.say(DebugLevel::Warn, " ", arguments)
    }

    fn error(&self, arguments: &dyn Arguments) -> Result<ScriptValue, ScriptError> {
        self.say(DebugLevel::Error, " ", arguments)
    }
}

impl ScriptObject for PolicyConsole {
    const NAME: &'static str = "console";
    const METHODS: &'static [Method<Self>] = &[
        Method::new("print", Self::print),
        Method::new("log", Self::log),
        Method::new("info", Self::log),
        Method::new("debug", Self::log),
        Method::new("warn", Self::warn),
        Method::new("error", Self::error),
    ];
}
