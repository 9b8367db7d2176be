//! An embeddable host for policy scripts in Lua and JavaScript.
//!
//! A [`ScriptHost`] joins a language, the policies of a project and the debug infrastructure. Scripts
//! see the globals `Cupcake` and `Debug`, the same in both languages.

mod arguments;
mod conversion;
mod debug_bridge;
mod decision_observer;
mod globals;
mod host_object;
mod interactive;
mod javascript;
mod language;
mod lua;
mod object_dump;
mod policy_language;
mod sandbox;
mod script_config;
mod script_engine;
mod script_error;
mod script_host;
mod script_output;
mod script_profile;
mod script_value;
mod shown_text;
mod stack_trace;

pub use arguments::{Arguments, DataLimits, Entry, EntryValue, KeptFunction, Returned, ValueKind};
pub use debug_bridge::DebugBridge;
pub use decision_observer::DecisionObserver;
pub use globals::evaluate_watching_time;
pub use host_object::{HostObject, Method, MethodInfo, ScriptObject};
pub use interactive::{Candidate, CandidateKind, Completion};
pub use language::Language;
pub use object_dump::{
    DumpNode, DumpOptions, DumpShape, MAX_DUMP_BYTES, MAX_DUMP_NODES, dump, redacted_dump,
};
pub use policy_language::{policy_languages, policy_languages_within};
pub use sandbox::{SandboxLimits, StopFlag, StopHandle, StopReason, Stopper};
pub use script_config::{ScriptConfig, parse_duration, parse_size};
pub use script_engine::{RunPhases, Script, ScriptEngine};
pub use script_error::{Place, ScriptError, ScriptErrorKind};
pub use script_host::{ScriptHost, ScriptHostBuilder};
pub use script_output::{DebugEntries, KeptLines, ScriptOutput, StandardStreams};
pub use script_profile::{
    ProfileMode, ProfileOptions, ProfileSource, ProfiledCall, RunningProfile, ScriptProfiles,
};
pub use script_value::ScriptValue;
pub use shown_text::{LeftOut, ShownText, cut_text, shortened};
pub use stack_trace::{MAX_STACK_FRAMES, StackFrame, StackTrace, StackTraceOptions, Variable};
