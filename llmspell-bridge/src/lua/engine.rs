//! The Luau engine: a sandboxed state that runs scripts one after the other.

#![expect(
    unsafe_code,
    reason = "what Luau calls back is known by its address only"
)]

use std::sync::Arc;
use std::time::Instant;

use llmspell_engine::Value as Data;
use llmspell_utils::debug::{DebugManager, MemoryUse};
use mlua::chunk::ChunkMode;
use mlua::{Function, IntoLua, Lua, MultiValue, Table, Value};
use parking_lot::Mutex;

use crate::arguments::DataLimits;
use crate::host_object::{HostObject, required_method};
use crate::interactive::{Candidates, SeenNames, Typed};
use crate::language::Language;
use crate::lua::error::{from_mlua, from_raised, from_script};
use crate::lua::inspect::inspect;
use crate::lua::object::{as_table, bound_method};
use crate::lua::profile::LuaProfiles;
use crate::lua::sandbox::{self, LuaStopper};
use crate::lua::shelf::{Shelf, memory, shelf};
use crate::lua::stack_trace::capture;
use crate::lua::{convert, error, prompt};
use crate::object_dump::{DumpNode, DumpOptions};
use crate::sandbox::{SandboxLimits, StopFlag, Stopper};
use crate::script_engine::{RunPhases, Script, ScriptEngine};
use crate::script_error::{ScriptError, ScriptErrorKind};
use crate::script_profile::ProfileSource;
use crate::stack_trace::{StackTrace, StackTraceOptions};

/// How deep and how detailed the stack of an uncaught error is.
const ERROR_STACK: StackTraceOptions = StackTraceOptions {
    max_depth: 30,
    capture_locals: true,
    capture_upvalues: false,
    include_source: true,
};

/// A Luau state with what it needs to run scripts.
pub(super) struct LuaEngine {
    // Before the state in this struct, and detached in `drop`: nobody may reach a closed state.
    stopper: Arc<LuaStopper>,
    profiles: Arc<LuaProfiles>,
    /// The language's own `xpcall`: the error handler runs before the stack is gone.
    protected_call: Function,
    handler: Function,
    /// The stack at the point of the last error.
    raised_at: Arc<Mutex<StackTrace>>,
    /// The names of the globals that the host made.
    installed: Vec<String>,
    /// The environment of scripts, once the globals are closed.
    environment: Option<Table>,
    /// What the phases of the last run took.
    phases: RunPhases,
    pub(super) lua: Lua,
}

impl LuaEngine {
    pub(super) fn new(limits: &SandboxLimits) -> Result<Self, ScriptError> {
        let lua = sandbox::open(limits)?;
        let stop = Arc::new(StopFlag::default());
        let empty_list = convert::prepare(&lua).map_err(from_mlua)?;
        let stopper = Arc::new(LuaStopper::new(&lua, Arc::clone(&stop)));
        let profiles = LuaProfiles::new(Arc::clone(&stopper));
        lua.set_app_data(Arc::new(Shelf::new(
            stop,
            Arc::clone(&stopper),
            empty_list,
            limits.memory,
        )));
        let prepare = || {
            error::prepare(&lua)?;
            let raised_at = Arc::new(Mutex::new(StackTrace::default()));
            let handler = handler(&lua, Arc::clone(&raised_at))?;
            Ok((lua.globals().raw_get("xpcall")?, handler, raised_at))
        };
        let (protected_call, handler, raised_at) = prepare().map_err(from_mlua)?;
        // SAFETY: `drop` detaches them.
        unsafe { profiles.attach(&lua) };
        Ok(Self {
            stopper,
            profiles,
            protected_call,
            handler,
            raised_at,
            installed: Vec::new(),
            environment: None,
            phases: RunPhases::default(),
            lua,
        })
    }

    /// The environment of scripts. The first script closes the globals.
    pub(super) fn environment(&mut self) -> Result<Table, ScriptError> {
        let environment = match self.environment.take() {
            Some(environment) => environment,
            None => sandbox::close(&self.lua, &self.installed).map_err(from_mlua)?,
        };
        Ok(self.environment.insert(environment).clone())
    }

    fn set_global(&mut self, name: &str, value: impl IntoLua) -> Result<(), ScriptError> {
        if self.environment.is_some() {
            return Err(ScriptError::internal(
                "globals are installed before the first script runs",
            ));
        }
        if self.installed.iter().any(|installed| installed == name) {
            let message = format!("the global `{name}` cannot be made: there is one already");
            return Err(ScriptError::internal(message));
        }
        self.lua.globals().raw_set(name, value).map_err(from_mlua)?;
        self.installed.push(name.to_owned());
        Ok(())
    }

    pub(super) fn load(&mut self, script: &Script) -> Result<Function, ScriptError> {
        let environment = self.environment()?;
        // A name ends at its first NUL for Luau.
        let name = script.name.replace('\0', "\u{fffd}");
        let chunk = self
            .lua
            .load(script.source.as_str())
            .set_name(format!("@{name}"))
            .set_environment(environment)
            .set_mode(ChunkMode::Text);
        let loaded = shelf(&self.lua)?.load(&name, || chunk.into_function());
        loaded.map_err(|error| from_script(&self.lua, error))
    }

    /// The names of the globals that the host made.
    pub(super) fn installed(&self) -> &[String] {
        &self.installed
    }

    /// Calls a chunk, and gives all that it returns.
    pub(super) fn call(
        &self,
        chunk: Function,
        arguments: MultiValue,
    ) -> Result<MultiValue, ScriptError> {
        *self.raised_at.lock() = StackTrace::default();
        let called: mlua::Result<MultiValue> =
            self.protected_call.call((chunk, &self.handler, arguments));
        let stack = || std::mem::take(&mut *self.raised_at.lock());
        let mut results =
            called.map_err(|error| from_script(&self.lua, error).with_stack(stack()))?;
        match results.pop_front() {
            Some(Value::Boolean(true)) => Ok(results),
            _ => {
                let raised = results.pop_front().unwrap_or(Value::Nil);
                Err(from_raised(&self.lua, &raised, stack()))
            }
        }
    }

    /// What came of a script, after an error with the reason that it was stopped and with room for the next one.
    fn finish<T>(&self, ran: Result<T, ScriptError>) -> Result<T, ScriptError> {
        ran.map_err(|error| {
            let error = self.explain(error);
            if error.kind() == ScriptErrorKind::Memory {
                // What filled the heap is garbage by now, and the next script needs the room.
                let _ = self.lua.gc_collect();
            }
            error
        })
    }

    /// Whatever a stopped script raised, the reason is that it was stopped.
    pub(super) fn explain(&self, error: ScriptError) -> ScriptError {
        match self.stopper.reason() {
            Some(reason) => ScriptError::stopped(reason).with_stack(error.stack().clone()),
            None => error,
        }
    }
}

fn handler(lua: &Lua, raised_at: Arc<Mutex<StackTrace>>) -> mlua::Result<Function> {
    lua.create_function(move |lua, raised: Value| {
        *raised_at.lock() = capture(lua, &ERROR_STACK);
        Ok(raised)
    })
}

impl ScriptEngine for LuaEngine {
    fn language(&self) -> Language {
        Language::Lua
    }

    fn install(&mut self, global: &str, object: &Arc<dyn HostObject>) -> Result<(), ScriptError> {
        let table = as_table(&self.lua, object).map_err(from_mlua)?;
        self.set_global(global, table)
    }

    fn install_function(
        &mut self,
        global: &str,
        object: &Arc<dyn HostObject>,
        method: &str,
    ) -> Result<(), ScriptError> {
        let index = required_method(&**object, method)?;
        let function = bound_method(&self.lua, global, object, index, None).map_err(from_mlua)?;
        self.set_global(global, function)
    }

    fn install_data(&mut self, global: &str, data: &Data) -> Result<(), ScriptError> {
        let value = convert::from_data(&self.lua, data, true).map_err(from_mlua)?;
        self.set_global(global, value)
    }

    fn run(&mut self, script: &Script, limits: &DataLimits) -> Result<Data, ScriptError> {
        self.profiles.loading(&self.lua, &script.name);
        let began = Instant::now();
        let loaded = self.load(script);
        let load = began.elapsed();
        let called = loaded.and_then(|chunk| {
            self.profiles.running(&script.name);
            self.call(chunk, MultiValue::new())
        });
        let run = began.elapsed() - load;
        self.profiles.ended(&self.lua);
        let ran = called.and_then(|mut values| {
            let value = values.pop_front().unwrap_or(Value::Nil);
            shelf(&self.lua)?.data(&self.lua, &value, limits)
        });
        self.phases = RunPhases {
            load: Some(load),
            run: Some(run),
            convert: ran.is_ok().then(|| began.elapsed() - load - run),
        };
        self.finish(ran)
    }

    fn check_input(&mut self, input: &Script) -> Result<(), ScriptError> {
        prompt::compile(self, input).map(|_| ())
    }

    fn run_input(
        &mut self,
        input: &Script,
        options: &DumpOptions,
    ) -> Result<Vec<DumpNode>, ScriptError> {
        self.profiles.loading(&self.lua, &input.name);
        let began = Instant::now();
        let compiled = prompt::compile(self, input);
        let load = began.elapsed();
        let called = compiled.and_then(|chunk| {
            self.profiles.running(&input.name);
            prompt::call(self, chunk)
        });
        let run = began.elapsed() - load;
        self.profiles.ended(&self.lua);
        let shown: Result<Vec<_>, ScriptError> = called.map(|values| {
            prompt::worth_showing(input, values)
                .iter()
                .map(|value| inspect(&self.lua, value, options))
                .collect()
        });
        self.phases = RunPhases {
            load: Some(load),
            run: Some(run),
            convert: shown.is_ok().then(|| began.elapsed() - load - run),
        };
        self.finish(shown)
    }

    fn complete(&mut self, typed: &Typed, _: &SeenNames, candidates: &mut Candidates<'_>) {
        prompt::complete(self, typed, candidates);
    }

    fn is_afresh(&self) -> bool {
        false
    }

    fn phases(&self) -> RunPhases {
        self.phases
    }

    fn redact_with(&mut self, manager: &Arc<DebugManager>) {
        if let Ok(shelf) = shelf(&self.lua) {
            shelf.redact_with(manager);
        }
    }

    fn stopper(&self) -> Arc<dyn Stopper> {
        Arc::clone(&self.stopper) as Arc<dyn Stopper>
    }

    fn profile_source(&self) -> Arc<dyn ProfileSource> {
        Arc::clone(&self.profiles) as Arc<dyn ProfileSource>
    }

    fn memory(&self) -> MemoryUse {
        memory(&self.lua)
    }
}

impl Drop for LuaEngine {
    fn drop(&mut self) {
        self.profiles.detach(&self.lua);
        self.stopper.detach();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::script_profile::{ProfileMode, ProfileOptions, ScriptProfiles};

    #[test]
    fn a_thousand_profiles_leave_no_thread_and_no_interrupt() {
        let mut engine = LuaEngine::new(&SandboxLimits::default()).unwrap();
        let clock = Arc::new(llmspell_utils::debug::ManualClock::new());
        let profiles = ScriptProfiles::new(
            engine.profile_source(),
            Arc::new(DebugManager::with_clock(clock)),
        );
        let script = Script::new("test.lua", "for i = 1, 10 do end");
        let holders = Arc::strong_count(&engine.stopper);
        for round in 0..1_000 {
            let mode = match round % 2 {
                0 => ProfileMode::Sampled,
                _ => ProfileMode::Exact,
            };
            let options = ProfileOptions {
                mode,
                // However slow the machine is, no sample becomes due.
                interval: Duration::from_secs(3600),
                ..ProfileOptions::default()
            };
            assert!(profiles.start(options).unwrap());
            assert_eq!(engine.stopper.is_armed(), mode == ProfileMode::Exact);
            if round % 100 == 0 {
                engine.run(&script, &DataLimits::default()).unwrap();
            }
            assert!(profiles.stop().is_some());
            assert!(!engine.stopper.is_armed());
            // The thread of a sampler holds the stopper.
            assert_eq!(Arc::strong_count(&engine.stopper), holders);
        }
        assert!(!engine.profiles.follows_coroutines());
    }

    #[test]
    fn a_stop_goes_before_a_profile() {
        let engine = LuaEngine::new(&SandboxLimits::default()).unwrap();
        let clock = Arc::new(llmspell_utils::debug::ManualClock::new());
        let profiles = ScriptProfiles::new(
            engine.profile_source(),
            Arc::new(DebugManager::with_clock(clock)),
        );
        let run = || {
            let chunk = engine.lua.load("for i = 1, 10 do end");
            chunk.exec()
        };
        for mode in [ProfileMode::Sampled, ProfileMode::Exact] {
            engine.stopper.stop(crate::sandbox::StopReason::Request);
            let options = ProfileOptions {
                mode,
                ..ProfileOptions::default()
            };
            profiles.start(options).unwrap();
            engine.profiles.arm();
            assert!(run().is_err());
            profiles.stop().unwrap();
            assert!(run().is_err(), "the end of a profile is no end of a stop");
            engine.stopper.clear();
            assert!(run().is_ok());
            assert!(!engine.stopper.is_armed());
        }
    }
}
