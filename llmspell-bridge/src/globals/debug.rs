//! `Debug`: messages, levels and captured entries. Never raises: what cannot be done is said once in a
//! warning entry, and the answer is `false` or empty.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU8;

use llmspell_utils::debug::{DebugEntry, DebugLevel};
use parking_lot::Mutex;

use crate::arguments::{Arguments, DataLimits, ValueKind};
use crate::debug_bridge::{DebugBridge, located};
use crate::globals::checked_call::{CheckedCall, short_text};
use crate::globals::debug_profile::ProfileFiles;
use crate::host_object::{Method, ScriptObject};
use crate::script_error::ScriptError;
use crate::script_profile::{RunningProfile, ScriptProfiles};
use crate::script_value::ScriptValue;

/// The debug infrastructure as scripts see it.
pub(crate) struct Debug {
    pub(super) bridge: DebugBridge,
    pub(super) profiles: ScriptProfiles,
    /// The profile that a script started last.
    pub(super) profile: Mutex<Option<Arc<RunningProfile>>>,
    /// Where scripts may save profiles.
    pub(super) files: Arc<ProfileFiles>,
    /// How large the data of one entry may be.
    pub(super) limits: DataLimits,
}

/// What every method returns: debug functions have no errors of their own.
pub(super) type Answer = Result<ScriptValue, ScriptError>;

impl ScriptObject for Debug {
    const NAME: &'static str = "Debug";
    const METHODS: &'static [Method<Self>] = &[
        Method::at_level(DebugLevel::Trace, "trace", Self::trace),
        Method::at_level(DebugLevel::Debug, "debug", Self::debug),
        Method::at_level(DebugLevel::Info, "info", Self::info),
        Method::at_level(DebugLevel::Warn, "warn", Self::warn),
        Method::at_level(DebugLevel::Error, "error", Self::error),
        Method::new("log", Self::log),
        Method::new("logWithData", Self::log_with_data),
        Method::new("setLevel", Self::set_level),
        Method::new("getLevel", Self::get_level),
        Method::new("setEnabled", Self::set_enabled),
        Method::new("isEnabled", Self::is_enabled),
        Method::new("getCapturedEntries", Self::captured_entries),
        Method::new("clearCaptured", Self::clear_captured),
        Method::new("timer", Self::timer),
        Method::new("recordEvent", Self::record_event),
        Method::new("measure", Self::measure),
        Method::new("performanceReport", Self::performance_report),
        Method::new("jsonReport", Self::json_report),
        Method::new("flameGraph", Self::flame_graph),
        Method::new("addModuleFilter", Self::add_module_filter),
        Method::new("addAdvancedFilter", Self::add_advanced_filter),
        Method::new("removeModuleFilter", Self::remove_module_filter),
        Method::new("clearModuleFilters", Self::clear_module_filters),
        Method::new("setDefaultFilterEnabled", Self::set_default_filter_enabled),
        Method::new("setFilter", Self::set_filter),
        Method::new("getFilterSummary", Self::filter_summary),
        Method::new("dump", Self::dump),
        Method::new("dumpCompact", Self::dump_compact),
        Method::new("dumpVerbose", Self::dump_verbose),
        Method::new("dumpWithOptions", Self::dump_with_options),
        Method::new("stackTrace", Self::stack_trace),
        Method::new("stackTraceJson", Self::stack_trace_json),
        Method::new("stackFrames", Self::stack_frames),
        Method::new("memoryStats", Self::memory_stats),
        Method::new("memorySnapshot", Self::memory_snapshot),
        Method::new("startProfile", Self::start_profile),
        Method::new("stopProfile", Self::stop_profile),
    ];

    fn level_gate(&self) -> Option<&AtomicU8> {
        Some(self.bridge.manager().gate())
    }
}

impl Debug {
    /// `profiles_below` is the directory below which scripts may save profiles.
    pub(crate) fn new(
        bridge: DebugBridge,
        profiles: ScriptProfiles,
        profiles_below: Option<PathBuf>,
    ) -> Self {
        Self {
            bridge,
            profiles,
            profile: Mutex::default(),
            files: Arc::new(ProfileFiles::below(profiles_below)),
            limits: DataLimits {
                depth: 32,
                nodes: 10_000,
                bytes: 1 << 20,
            },
        }
    }

    fn trace(&self, arguments: &dyn Arguments) -> Answer {
        self.message(self.call("Debug.trace", arguments), DebugLevel::Trace, 0)
    }

    fn debug(&self, arguments: &dyn Arguments) -> Answer {
        self.message(self.call("Debug.debug", arguments), DebugLevel::Debug, 0)
    }

    fn info(&self, arguments: &dyn Arguments) -> Answer {
        self.message(self.call("Debug.info", arguments), DebugLevel::Info, 0)
    }

    fn warn(&self, arguments: &dyn Arguments) -> Answer {
        self.message(self.call("Debug.warn", arguments), DebugLevel::Warn, 0)
    }

    fn error(&self, arguments: &dyn Arguments) -> Answer {
        self.message(self.call("Debug.error", arguments), DebugLevel::Error, 0)
    }

    fn log(&self, arguments: &dyn Arguments) -> Answer {
        let call = self.call("Debug.log", arguments);
        match level(call) {
            Some(level) => self.message(call, level, 1),
            None => Ok(ScriptValue::Nil),
        }
    }

    fn log_with_data(&self, arguments: &dyn Arguments) -> Answer {
        let call = self.call("Debug.logWithData", arguments);
        let Some(level) = level(call) else {
            return Ok(ScriptValue::Nil);
        };
        if let Some(entry) = self.entry(call, level, 1, 3) {
            let entry = match call.data(2) {
                Some(data) => entry.with_data(data),
                None => entry,
            };
            self.bridge.manager().emit(entry);
        }
        Ok(ScriptValue::Nil)
    }

    fn set_level(&self, arguments: &dyn Arguments) -> Answer {
        let call = self.call("Debug.setLevel", arguments);
        let Some(level) = level(call) else {
            return Ok(false.into());
        };
        if !call.allows(level) {
            return Ok(false.into());
        }
        self.bridge.manager().set_level(level);
        Ok(true.into())
    }

    fn get_level(&self, _: &dyn Arguments) -> Answer {
        Ok(self.bridge.manager().level().as_str().into())
    }

    fn set_enabled(&self, arguments: &dyn Arguments) -> Answer {
        let enabled = self.call("Debug.setEnabled", arguments).boolean(0);
        if let Some(enabled) = enabled {
            self.bridge.manager().set_enabled(enabled);
        }
        Ok(enabled.is_some().into())
    }

    fn is_enabled(&self, _: &dyn Arguments) -> Answer {
        Ok(self.bridge.manager().is_enabled().into())
    }

    fn captured_entries(&self, arguments: &dyn Arguments) -> Answer {
        let limit = match (arguments.kind(0), arguments.number(0)) {
            (ValueKind::Nil, _) => None,
            // Saturates: a limit beyond the ring's size is the ring's size.
            (_, Some(limit)) if limit >= 0.0 => Some(limit as usize),
            _ => {
                self.call("Debug.getCapturedEntries", arguments)
                    .expected(0, "a count from 0 on");
                return Ok(ScriptValue::List(Vec::new()));
            }
        };
        let entries = self.bridge.manager().captured_shared(limit);
        let shown = entries.iter().map(|entry| shown_entry(entry));
        let call = self.call("Debug.getCapturedEntries", arguments);
        Ok(call.list(shown.collect()))
    }

    fn clear_captured(&self, _: &dyn Arguments) -> Answer {
        self.bridge.manager().clear_captured();
        Ok(ScriptValue::Nil)
    }

    fn message(&self, call: CheckedCall<'_>, level: DebugLevel, at: usize) -> Answer {
        if let Some(entry) = self.entry(call, level, at, at + 1) {
            self.bridge.manager().emit(entry);
        }
        Ok(ScriptValue::Nil)
    }

    /// The entry of a message and a module, if there is a message and anybody listens to it.
    fn entry(
        &self,
        call: CheckedCall<'_>,
        level: DebugLevel,
        message: usize,
        module: usize,
    ) -> Option<DebugEntry> {
        let manager = self.bridge.manager();
        if call.arguments.count() <= message {
            call.expected(message, "a message");
            return None;
        }
        if !manager.listens(level) {
            return None;
        }
        let module = call.optional_name(module);
        if !manager.wants(level, module.as_deref()) {
            return None;
        }
        let entry = manager.entry(level, call.message(message));
        let entry = located(entry, call.arguments.place());
        Some(match module {
            Some(module) => entry.with_module(module),
            None => entry,
        })
    }

    /// A call of a function of this object.
    pub(super) fn call<'a>(
        &'a self,
        function: &'static str,
        arguments: &'a dyn Arguments,
    ) -> CheckedCall<'a> {
        CheckedCall {
            function,
            bridge: &self.bridge,
            limits: &self.limits,
            arguments,
        }
    }
}

fn level(call: CheckedCall<'_>) -> Option<DebugLevel> {
    // No level is longer than this, and the text may be. Levels have numbers too.
    let number = call.arguments.number(0).map(|number| number.to_string());
    let given = number.or_else(|| short_text(call.arguments, 0, 16));
    let level = given.and_then(|level| level.parse().ok());
    if level.is_none() {
        call.expected(0, "one of off, error, warn, info, debug, trace");
    }
    level
}

fn shown_entry(entry: &DebugEntry) -> ScriptValue {
    let place = entry.place.as_ref();
    ScriptValue::Map(vec![
        ("timestamp", entry.time.to_string().into()),
        ("level", entry.level.as_str().into()),
        ("message", entry.message.as_str().into()),
        ("module", entry.module.as_deref().into()),
        (
            "metadata",
            entry
                .data
                .clone()
                .map(|data| ScriptValue::Data(data.into()))
                .into(),
        ),
        ("file", place.map(|place| &*place.file).into()),
        ("line", place.map(|place| place.line).into()),
        ("thread", (&*entry.thread).into()),
        ("correlation_id", entry.correlation.as_deref().into()),
    ])
}
