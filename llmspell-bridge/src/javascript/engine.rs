//! One engine of JavaScript: a runtime, its one context, and what the host installed in it.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;

use llmspell_engine::Value;
use llmspell_utils::debug::MemoryUse;
use rquickjs::{Context, Runtime};

use super::profile::{self, ProfileFeed};
use super::raw::{Access, Compiled, Home, Js, Local, Outcome, Pending, PromiseState, Property};
use super::realm::Realm;
use super::sandbox::{memory_limit, settle, stack_limit};
use super::{builtins, convert, error, object, prompt};
use crate::arguments::DataLimits;
use crate::host_object::{HostObject, required_method};
use crate::interactive::{Candidates, SeenNames, Typed};
use crate::language::Language;
use crate::object_dump::{DumpNode, DumpOptions};
use crate::sandbox::{SandboxLimits, StopFlag, Stopper};
use crate::script_engine::{RunPhases, Script, ScriptEngine};
use crate::script_error::{ScriptError, ScriptErrorKind};
use crate::script_profile::ProfileSource;

/// One engine of JavaScript.
pub(super) struct JavaScriptEngine {
    limits: SandboxLimits,
    stop: Arc<StopFlag>,
    profile: Arc<ProfileFeed>,
    installed: Vec<Installed>,
    /// `None` after a script was stopped or ran out of memory: what it left behind cannot be trusted,
    /// so the next script gets a new state with the same globals.
    state: Option<State>,
    /// What the phases of the last run took.
    phases: RunPhases,
}

/// A global of the host.
pub(super) enum Installed {
    Object {
        global: String,
        object: Arc<dyn HostObject>,
    },
    Function {
        global: String,
        object: Arc<dyn HostObject>,
        index: usize,
    },
    Data {
        global: String,
        data: Value,
    },
}

impl JavaScriptEngine {
    pub(super) fn open(limits: &SandboxLimits) -> Result<Self, ScriptError> {
        let stop = Arc::new(StopFlag::default());
        let profile = Arc::new(ProfileFeed::default());
        let state = Some(State::open(limits, &stop, &profile)?);
        Ok(Self {
            limits: limits.clone(),
            stop,
            profile,
            installed: Vec::new(),
            state,
            phases: RunPhases::default(),
        })
    }

    fn state(&mut self) -> Result<&State, ScriptError> {
        let state = match self.state.take() {
            Some(state) => state,
            None => {
                let state = State::open(&self.limits, &self.stop, &self.profile)?;
                self.installed
                    .iter()
                    .try_for_each(|installed| state.install(installed))?;
                state
            }
        };
        Ok(self.state.insert(state))
    }

    fn add(&mut self, installed: Installed) -> Result<(), ScriptError> {
        self.state()?.install(&installed)?;
        self.installed.push(installed);
        Ok(())
    }
}

impl ScriptEngine for JavaScriptEngine {
    fn language(&self) -> Language {
        Language::JavaScript
    }

    fn install(&mut self, global: &str, object: &Arc<dyn HostObject>) -> Result<(), ScriptError> {
        let object = Arc::clone(object);
        self.add(Installed::Object {
            global: global.to_owned(),
            object,
        })
    }

    fn install_function(
        &mut self,
        global: &str,
        object: &Arc<dyn HostObject>,
        method: &str,
    ) -> Result<(), ScriptError> {
        let index = required_method(&**object, method)?;
        let object = Arc::clone(object);
        self.add(Installed::Function {
            global: global.to_owned(),
            object,
            index,
        })
    }

    fn install_data(&mut self, global: &str, data: &Value) -> Result<(), ScriptError> {
        self.add(Installed::Data {
            global: global.to_owned(),
            data: data.clone(),
        })
    }

    fn run(&mut self, script: &Script, limits: &DataLimits) -> Result<Value, ScriptError> {
        if let Some(reason) = self.stop.reason() {
            return Err(ScriptError::stopped(reason));
        }
        let mut phases = RunPhases::default();
        let result = self.state()?.run(script, limits, &mut phases);
        self.phases = phases;
        if result.as_ref().is_err_and(|error| is_fatal(error.kind())) {
            self.state = None;
        }
        result
    }

    fn check_input(&mut self, input: &Script) -> Result<(), ScriptError> {
        self.state()?
            .within(|js| prompt::compile_input(js, input).map(|_| ()))
    }

    fn run_input(
        &mut self,
        input: &Script,
        options: &DumpOptions,
    ) -> Result<Vec<DumpNode>, ScriptError> {
        let mut phases = RunPhases::default();
        let state = self.state()?;
        let result = state.within(|js| {
            let compile = || prompt::compile_input(js, input);
            let show = |value: &Local<'_>| Ok(prompt::shown(value, options));
            run(js, &input.name, compile, show, &mut phases)
        });
        let is_lost = match &result {
            Ok(_) => false,
            Err(error) if error.kind() == ScriptErrorKind::Memory => true,
            // Somebody who stops an input still wants the variables. A job that is left would go on in the next.
            Err(error) => is_fatal(error.kind()) && state.within(|js| Ok(js.has_jobs()))?,
        };
        if is_lost {
            self.state = None;
        }
        self.phases = phases;
        result.map_err(|error| prompt::advised(error, &input.source))
    }

    fn complete(&mut self, typed: &Typed, seen: &SeenNames, candidates: &mut Candidates<'_>) {
        if let Ok(state) = self.state() {
            // Without an engine there are no names.
            let _ = state.within(|js| {
                prompt::complete(js, typed, seen, candidates);
                Ok(())
            });
        }
    }

    fn is_afresh(&self) -> bool {
        self.state.is_none()
    }

    fn phases(&self) -> RunPhases {
        self.phases
    }

    fn stopper(&self) -> Arc<dyn Stopper> {
        Arc::<StopFlag>::clone(&self.stop)
    }

    fn profile_source(&self) -> Arc<dyn ProfileSource> {
        Arc::<ProfileFeed>::clone(&self.profile)
    }

    fn memory(&self) -> MemoryUse {
        let state = self.state.as_ref();
        // After a script was stopped there is no heap until the next one runs.
        let (bytes, blocks) = state.map_or((0, 0), State::heap);
        MemoryUse {
            script_heap: u64::try_from(bytes).ok(),
            script_heap_limit: u64::try_from(memory_limit(self.limits.memory)).ok(),
            allocations: u64::try_from(blocks).ok(),
            ..MemoryUse::default()
        }
    }
}

/// Whether the state that an error came from is not used again.
fn is_fatal(kind: ScriptErrorKind) -> bool {
    matches!(
        kind,
        ScriptErrorKind::Timeout | ScriptErrorKind::Stopped | ScriptErrorKind::Memory
    )
}

/// What scripts share until one of them is stopped.
pub(super) struct State {
    home: Home,
    runtime: Runtime,
}

impl State {
    pub(super) fn open(
        limits: &SandboxLimits,
        stop: &Arc<StopFlag>,
        profile: &Arc<ProfileFeed>,
    ) -> Result<Self, ScriptError> {
        let no_memory = |_| ScriptError::out_of_memory();
        let runtime = Runtime::new().map_err(no_memory)?;
        runtime.set_max_stack_size(stack_limit(limits.stack));
        runtime.set_host_promise_rejection_tracker(Some(Box::new(
            |ctx, promise, reason, is_handled| {
                // A context without its realm runs no script any more.
                let Some(js) = Js::of(&ctx) else {
                    return;
                };
                let promise = js.value_of(&promise);
                let mut rejections = js.realm().rejections.borrow_mut();
                if is_handled {
                    rejections.remove(&promise);
                } else {
                    rejections.add(promise, js.value_of(&reason));
                }
            },
        )));
        let context = Context::full(&runtime).map_err(no_memory)?;
        // Only now: the engine does not expect to be without memory while it builds its own globals.
        let memory = memory_limit(limits.memory);
        runtime.set_memory_limit(memory);
        let home = Home::new(context, |js| {
            Realm::new(js, Arc::clone(stop), Arc::clone(profile), memory)
        })?;
        let (flag, feed) = (Arc::clone(stop), Arc::clone(profile));
        home.on_interrupt(&runtime, move |js| {
            // A script that is to stop is not held up by a profile.
            if !flag.is_set() && feed.is_sampled() {
                profile::look(js);
            }
            flag.is_set()
        });
        let state = Self { home, runtime };
        state.within(|js| builtins::watch(js).map_err(|Pending| raised(js)))?;
        Ok(state)
    }

    pub(super) fn install(&self, installed: &Installed) -> Result<(), ScriptError> {
        self.within(|js| {
            let (Installed::Object { global, .. }
            | Installed::Function { global, .. }
            | Installed::Data { global, .. }) = installed;
            define(js, global, installed).map_err(|Pending| {
                let error = error::caught(&js.take_exception(), None);
                let message = format!("the global `{global}` cannot be made: {}", error.message());
                let kind = match error.kind() {
                    ScriptErrorKind::Runtime => ScriptErrorKind::Internal,
                    kind => kind,
                };
                ScriptError::new(kind, message)
            })
        })
    }

    fn run(
        &self,
        script: &Script,
        limits: &DataLimits,
        phases: &mut RunPhases,
    ) -> Result<Value, ScriptError> {
        self.within(|js| {
            let compile = || compile(js, Cow::Borrowed(script));
            let convert = |value: &Local<'_>| convert::to_data(value, limits);
            run(js, &script.name, compile, convert, phases)
        })
    }

    /// How many bytes the heap holds, and in how many blocks.
    fn heap(&self) -> (i64, i64) {
        let usage = self.runtime.memory_usage();
        (usage.malloc_size, usage.malloc_count)
    }

    pub(super) fn within<R>(
        &self,
        body: impl for<'js> FnOnce(Js<'js>) -> Result<R, ScriptError>,
    ) -> Result<R, ScriptError> {
        self.home
            .with(body)
            .unwrap_or_else(|| Err(ScriptError::internal("the engine was closed")))
    }
}

fn define(js: Js<'_>, global: &str, installed: &Installed) -> Outcome<()> {
    let value = match installed {
        Installed::Object { object, .. } => object::global(js, object)?,
        Installed::Function { object, index, .. } => object::bound(js, object, *index)?,
        Installed::Data { data, .. } => convert::from_data(js, data, true)?,
    };
    js.globals().define_named(global, value, Access::Fixed)
}

/// Compiles a script, runs it and all that it left to do, and converts its value; notes what each took.
fn run<'js, 's, T>(
    js: Js<'js>,
    name: &str,
    compile: impl FnOnce() -> Result<Compilation<'js, 's>, ScriptError>,
    convert: impl FnOnce(&Local<'js>) -> Result<T, ScriptError>,
    phases: &mut RunPhases,
) -> Result<T, ScriptError> {
    let began = Instant::now();
    let compiled = compile();
    if compiled.is_ok() {
        phases.load = Some(began.elapsed());
    }
    let ran_from = Instant::now();
    let mut ran_until = None;
    let result = run_compiled(js, name, compiled, |value| {
        ran_until = Some(Instant::now());
        convert(value)
    });
    let ran = ran_until.map_or_else(|| ran_from.elapsed(), |until| until - ran_from);
    phases.run = phases.load.map(|_| ran);
    phases.convert = ran_until.map(|until| until.elapsed());
    result
}

/// Runs what was compiled and all that it left to do, and makes something of its value.
fn run_compiled<'js, T>(
    js: Js<'js>,
    name: &str,
    compiled: Result<Compilation<'js, '_>, ScriptError>,
    convert: impl FnOnce(&Local<'js>) -> Result<T, ScriptError>,
) -> Result<T, ScriptError> {
    let realm = js.realm();
    realm.script.replace(name.to_owned());
    let evaluated = compiled.and_then(|compiled| evaluate(js, compiled));
    let drained = drain(js);
    let result = evaluated
        .and_then(|value| drained.map(|()| value))
        .and_then(Evaluated::settled)
        .and_then(|value| convert(&value));
    let rejections = realm.rejections.take();
    let unhandled = rejections.first(js);
    rejections.release(js);
    match (realm.stop.reason(), result) {
        // A promise may have swallowed the stop, so what the script made of it does not count.
        (Some(reason), Err(error)) if error.kind() == ScriptError::stopped(reason).kind() => {
            Err(error)
        }
        (Some(reason), _) => Err(ScriptError::stopped(reason)),
        (None, Err(error)) => Err(error),
        (None, Ok(value)) => match unhandled {
            Some(reason) => Err(error::caught(&reason, None).with_help(
                "a promise was rejected and nobody handled it: await it or add a catch",
            )),
            None => Ok(value),
        },
    }
}

/// A script's value; of a script that awaits something, a promise of an object that has it as `value`.
struct Evaluated<'js> {
    value: Local<'js>,
    is_asynchronous: bool,
}

/// A script that was compiled and not run yet.
pub(super) struct Compilation<'js, 's> {
    script: Cow<'s, Script>,
    compiled: Compiled<'js>,
    is_asynchronous: bool,
}

pub(super) fn compile<'js, 's>(
    js: Js<'js>,
    script: Cow<'s, Script>,
) -> Result<Compilation<'js, 's>, ScriptError> {
    let compile = |is_asynchronous| {
        js.compile(&script.source, &script.name, is_asynchronous)
            .map_err(|Pending| error::uncompiled(&js.take_exception()))
            .map(|compiled| (compiled, is_asynchronous))
    };
    let (compiled, is_asynchronous) = match compile(false) {
        // `await` outside of any function makes the whole script asynchronous.
        Err(error) if may_await(&script, &error) => compile(true),
        compiled => compiled,
    }?;
    Ok(Compilation {
        script,
        compiled,
        is_asynchronous,
    })
}

fn evaluate<'js>(
    js: Js<'js>,
    compilation: Compilation<'js, '_>,
) -> Result<Evaluated<'js>, ScriptError> {
    let Compilation {
        script,
        compiled,
        is_asynchronous,
    } = compilation;
    let (compiled, main) = match profile::probed(js, &script, is_asynchronous) {
        Some((probed, main)) => (probed, Some(main)),
        None => (compiled, None),
    };
    profile::begin_script(js, &script.name, main);
    let value = js.evaluate(compiled);
    profile::rest(js);
    let value = value.map_err(|Pending| raised(js))?;
    Ok(Evaluated {
        value,
        is_asynchronous,
    })
}

fn may_await(script: &Script, error: &ScriptError) -> bool {
    error.kind() == ScriptErrorKind::Syntax && script.source.contains("await")
}

/// Runs all jobs that promises left, and gives the first exception that one raised.
fn drain(js: Js<'_>) -> Result<(), ScriptError> {
    let mut result = Ok(());
    while !js.realm().stop.is_set() {
        let ran = js.run_job();
        profile::rest(js);
        match ran {
            Ok(true) => {}
            Ok(false) => break,
            Err(Pending) => {
                let error = raised(js);
                result = result.and(Err(error));
            }
        }
    }
    result
}

pub(super) fn raised(js: Js<'_>) -> ScriptError {
    error::caught(&js.take_exception(), js.realm().stop.reason())
}

impl<'js> Evaluated<'js> {
    /// The value, and of a promise what it was settled with.
    fn settled(self) -> Result<Local<'js>, ScriptError> {
        if !self.is_asynchronous {
            return awaited(self.value);
        }
        let result = awaited(self.value)?;
        match settle(result.js(), result.named("value")) {
            Some(Property::Value(value)) => awaited(value),
            _ => Err(ScriptError::internal(
                "the engine gave no value of an asynchronous script",
            )),
        }
    }
}

/// What a promise was settled with; any other value as it is.
fn awaited(value: Local<'_>) -> Result<Local<'_>, ScriptError> {
    match value.promise_state() {
        None => Ok(value),
        Some(PromiseState::Fulfilled) => Ok(value.promise_result()),
        Some(PromiseState::Rejected) => {
            let reason = value.js().realm().stop.reason();
            Err(error::caught(&value.promise_result(), reason))
        }
        Some(PromiseState::Pending) => {
            let message = "the script's promise was never settled, and nothing is left to do so";
            Err(
                ScriptError::new(ScriptErrorKind::Runtime, message).with_help(
                    "a promise is settled by `resolve`, `reject` or the end of an async function",
                ),
            )
        }
    }
}

#[cfg(test)]
mod tests;
