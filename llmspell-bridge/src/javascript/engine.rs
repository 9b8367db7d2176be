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
enum Installed {
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

    fn phases(&self) -> RunPhases {
        self.phases
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
        let state = self.state()?;
        let result = state.within(|js| {
            let compiled = prompt::compile_input(js, input);
            run_compiled(js, &input.name, compiled, |value| {
                Ok(prompt::shown(value, options))
            })
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
struct State {
    home: Home,
    runtime: Runtime,
}

impl State {
    fn open(
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

    fn install(&self, installed: &Installed) -> Result<(), ScriptError> {
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
        self.within(|js| run(js, script, limits, phases))
    }

    /// How many bytes the heap holds, and in how many blocks.
    fn heap(&self) -> (i64, i64) {
        let usage = self.runtime.memory_usage();
        (usage.malloc_size, usage.malloc_count)
    }

    fn within<R>(
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

/// Runs a script and all that it left to do, and converts its value.
fn run(
    js: Js<'_>,
    script: &Script,
    limits: &DataLimits,
    phases: &mut RunPhases,
) -> Result<Value, ScriptError> {
    let began = Instant::now();
    let compiled = compile(js, Cow::Borrowed(script));
    let load = began.elapsed();
    phases.load = Some(load);
    let is_loaded = compiled.is_ok();
    let result = run_compiled(js, &script.name, compiled, |value| {
        let run = began.elapsed().saturating_sub(load);
        phases.run = Some(run);
        let converted = convert::to_data(value, limits);
        phases.convert = Some(began.elapsed().saturating_sub(load + run));
        converted
    });
    if is_loaded && phases.run.is_none() {
        phases.run = Some(began.elapsed().saturating_sub(load));
    }
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

fn raised(js: Js<'_>) -> ScriptError {
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
mod tests {
    use crate::arguments::DataLimits;
    use crate::javascript::testing::Fixture;
    use crate::sandbox::{SandboxLimits, StopReason};
    use crate::script_engine::Script;
    use crate::script_error::ScriptErrorKind;

    fn small() -> SandboxLimits {
        SandboxLimits {
            memory: 8 << 20,
            ..SandboxLimits::default()
        }
    }

    #[test]
    fn the_last_value_of_a_script_is_its_result() {
        let mut fixture = Fixture::new();
        assert_eq!(
            fixture.json("const a = 2; [a, 'x', {b: null}]"),
            r#"[2,"x",{"b":null}]"#
        );
        assert_eq!(fixture.json("undefined"), "null");
        assert_eq!(fixture.json(""), "null");
    }

    #[test]
    fn a_result_that_is_no_data_is_a_conversion_error() {
        let error = Fixture::new().fail("() => 1");
        assert_eq!(error.kind(), ScriptErrorKind::Conversion);
        assert_eq!(error.message(), "`value` is a function");
    }

    #[test]
    fn scripts_are_strict() {
        assert_eq!(
            Fixture::new().fail("undeclared = 1").kind(),
            ScriptErrorKind::Runtime
        );
    }

    #[test]
    fn scripts_of_one_engine_share_their_globals() {
        let mut fixture = Fixture::new();
        fixture.run("globalThis.kept = 7");
        assert_eq!(fixture.json("kept"), "7");
    }

    #[test]
    fn a_promise_is_awaited() {
        let mut fixture = Fixture::new();
        assert_eq!(
            fixture.json("(async () => { await null; return [1]; })()"),
            "[1]"
        );
        assert_eq!(fixture.json("Promise.resolve(Promise.resolve(2))"), "2");
    }

    #[test]
    fn await_may_stand_outside_of_functions() {
        let mut fixture = Fixture::new();
        assert_eq!(
            fixture.json("const n = await Promise.resolve(20); n + 1"),
            "21"
        );
        let error = fixture.fail("await null;\nnull.x");
        assert_eq!(error.place().unwrap().line, 2);
    }

    #[test]
    fn a_promise_that_is_never_settled_is_an_error() {
        let error = Fixture::new().fail("new Promise(() => {})");
        assert_eq!(error.kind(), ScriptErrorKind::Runtime);
        assert!(error.message().contains("never settled"), "{error}");
    }

    #[test]
    fn a_rejection_that_nobody_handles_is_an_error() {
        let mut fixture = Fixture::new();
        let error = fixture.fail("Promise.reject(new TypeError('lost')); 1");
        assert_eq!(error.message(), "TypeError: lost");
        assert_eq!(fixture.json("Promise.reject(1).catch(() => {}); 2"), "2");
        assert_eq!(
            fixture.json("const p = Promise.reject(1); p.catch(() => {}); 3"),
            "3"
        );
    }

    #[test]
    fn of_many_rejections_the_first_is_told() {
        let source = "for (let i = 0; i < 5000; i++) Promise.reject(new Error('n' + i)); 1";
        assert_eq!(Fixture::new().fail(source).message(), "Error: n0");
    }

    #[test]
    fn an_exception_in_a_job_is_an_error() {
        let error = Fixture::new().fail("queueMicrotask(() => { throw new Error('later'); }); 1");
        assert_eq!(error.message(), "Error: later");
    }

    #[test]
    fn nothing_of_a_script_that_failed_runs_with_the_next_one() {
        let mut fixture = Fixture::new();
        fixture.fail(
            "globalThis.ran = 0; Promise.resolve().then(() => { ran = 1; }); throw new Error('x')",
        );
        assert_eq!(fixture.json("globalThis.ran"), "1");
        fixture.late("Promise.resolve().then(() => { globalThis.late = 1; }); for (;;);");
        assert_eq!(fixture.json("typeof late"), r#""undefined""#);
    }

    #[test]
    fn loops_without_end_are_stopped() {
        let sources = [
            "for (;;);",
            "while (true) { try { for (;;); } catch {} finally { globalThis.x = 1; } }",
            "function f() { try { for (;;); } finally { f(); } } f()",
            "(function f() { Promise.resolve().then(f); })()",
            "(async () => { for (;;) { try { await null; } catch {} } })()",
            "(async () => { for (;;) { try { for (;;); } catch {} } })().catch(() => {}); 1",
            "const t = { then(r) { for (;;); } }; (async () => { await t; })()",
            "new Proxy({}, { get() { for (;;); } }).x",
            "[1, 2].sort(() => { for (;;); })",
            "/(a*)*b/.test('a'.repeat(100000))",
            "[...{ [Symbol.iterator]() { return { next() { return { done: false }; } }; } }]",
            "host.call(() => { for (;;); })",
            "for (;;) host.swallow(() => { for (;;); })",
            "host.swallow(() => { for (;;); }); 1",
        ];
        let mut fixture = Fixture::new();
        for source in sources {
            let error = fixture.late(source);
            assert_eq!(error.kind(), ScriptErrorKind::Timeout, "{source}: {error}");
            assert_eq!(fixture.json("1 + 1"), "2", "after {source}");
        }
    }

    #[test]
    fn a_script_that_is_stopped_says_where_it_was() {
        let error = Fixture::new().late("function spin() {\n  for (;;) Math.abs(1);\n}\nspin()");
        assert_eq!(error.message(), "the script ran longer than its limit");
        assert_eq!(error.stack().frames[0].name.as_deref(), Some("spin"));
        assert_eq!(error.place().unwrap().file, "test.js");
    }

    #[test]
    fn a_stop_that_comes_first_keeps_the_script_from_running() {
        let mut fixture = Fixture::new();
        let stopper = fixture.engine.stopper();
        stopper.stop(StopReason::Request);
        stopper.stop(StopReason::Timeout);
        assert_eq!(
            fixture.fail("host.debug(1)").kind(),
            ScriptErrorKind::Stopped
        );
        stopper.clear();
        assert_eq!(fixture.json("1"), "1");
    }

    #[test]
    fn a_result_does_not_count_once_the_script_was_told_to_stop() {
        let mut fixture = Fixture::new();
        let error =
            fixture.late("(async () => { try { for (;;); } catch {} })().catch(() => 1), 'allow'");
        assert_eq!(error.kind(), ScriptErrorKind::Timeout);
    }

    #[test]
    fn memory_without_end_is_refused() {
        let sources = [
            "const all = []; for (;;) all.push(new Array(1000).fill(1));",
            "let text = 'x'; for (;;) { text += text + 'y'; text.codePointAt(0); new Set(text); }",
            "const m = new Map(); for (let i = 0; ; i++) m.set(i, { i });",
            "const b = []; for (;;) b.push(new Uint8Array(1 << 20));",
            "'x'.repeat(1 << 29)",
            "new Uint8Array(1e9)",
            "const t = []; for (;;) t.push('x'.repeat(100000) + t.length)",
            "const a = []; for (;;) { try { for (;;) a.push({}); } catch (e) { throw e; } }",
            "const all = []; for (;;) all.push(Promise.reject(1));",
            "const all = []; for (;;) all.push(host.item(1));",
            "(() => { const m = new Map(); for (let i = 0; ; i++) m.set(i, { i }); })()",
            "(() => { let n = null; for (;;) n = { n }; })()",
            "const all = []; for (let i = 0; ; i++) all.push('text ' + i);",
            "for (let i = 0; ; i++) globalThis['key' + i] = i;",
            "(async () => { const m = new Map(); for (let i = 0; ; i++) m.set(i, { i }); })()",
        ];
        let mut fixture = Fixture::with(&small());
        for source in sources {
            let error = fixture.fail(source);
            assert_eq!(error.kind(), ScriptErrorKind::Memory, "{source}: {error}");
            assert_eq!(fixture.json("1 + 1"), "2", "after {source}");
        }
    }

    #[test]
    fn null_that_a_script_throws_is_no_lack_of_memory() {
        assert_eq!(
            Fixture::with(&small()).fail("throw null").kind(),
            ScriptErrorKind::Runtime
        );
    }

    #[test]
    fn memory_that_a_script_gives_back_is_no_error() {
        // Where there is no memory even for the error, the engine throws `null`.
        let source = "let n = 0; try { const a = []; for (;;) a.push(new Array(1000).fill(1)); }
            catch (e) { n = e === null || e instanceof InternalError ? 1 : 2; } n";
        assert_eq!(Fixture::with(&small()).json(source), "1");
    }

    #[test]
    fn every_small_limit_of_memory_gives_an_error_or_a_working_engine() {
        for memory in (0..400_000).step_by(7_919) {
            let limits = SandboxLimits {
                memory,
                ..SandboxLimits::default()
            };
            let Ok(mut engine) = crate::javascript::open(&limits) else {
                continue;
            };
            let source =
                "const a = []; for (let i = 0; i < 1e5; i++) a.push({ i, f() {} }); a.length";
            let result = engine.run(&Script::new("test.js", source), &DataLimits::default());
            let error = result.unwrap_err();
            assert_eq!(
                error.kind(),
                ScriptErrorKind::Memory,
                "at {memory}: {error}"
            );
        }
    }

    #[test]
    fn the_host_survives_a_lack_of_memory_at_any_point() {
        let source = "const kept = [];
            for (let i = 0; ; i++) {
                kept.push(host.item(i), host.data({ ['key' + i]: [i, 'é' + i] }), host.answer());
                kept.push(host.dump(new Map([[i, { i }]])), host.stack(), host.place(), new Date(i));
                kept.push(Promise.reject(i), host.call(x => [x], i), host.text('é' + i));
                try { host.fail() } catch (e) { kept.push(e) }
                try { null.x } catch (e) { kept.push(e) }
            }";
        for memory in (90_000..260_000).step_by(1_361) {
            let limits = SandboxLimits {
                memory,
                ..SandboxLimits::default()
            };
            let Ok(mut engine) = crate::javascript::open(&limits) else {
                continue;
            };
            let probe = std::sync::Arc::new(crate::javascript::testing::Probe::default());
            let object: std::sync::Arc<dyn crate::host_object::HostObject> =
                std::sync::Arc::<_>::clone(&probe) as _;
            if engine.install("host", &object).is_err() {
                continue;
            }
            let result = engine.run(&Script::new("test.js", source), &DataLimits::default());
            assert!(result.is_err(), "at {memory}");
            drop(engine);
            assert_eq!(
                probe.alive.load(std::sync::atomic::Ordering::Relaxed),
                0,
                "at {memory}"
            );
        }
    }

    #[test]
    fn recursion_without_end_is_refused() {
        let sources = [
            "(function f() { f(); })()",
            "const o = { toString() { return '' + o; } }; '' + o",
            "const p = new Proxy({}, { get(t, k, r) { return r[k]; } }); p.x",
            "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; JSON.stringify(a)",
            "const f = () => host.call(f); f()",
        ];
        let mut fixture = Fixture::new();
        for source in sources {
            let error = fixture.fail(source);
            assert_eq!(error.kind(), ScriptErrorKind::Stack, "{source}: {error}");
            assert_eq!(fixture.json("1 + 1"), "2", "after {source}");
        }
    }

    #[test]
    fn a_source_that_is_nested_too_deeply_is_refused() {
        let source = format!("{}1{}", "[".repeat(200_000), "]".repeat(200_000));
        let error = Fixture::new().fail(&source);
        assert_eq!(error.kind(), ScriptErrorKind::Stack, "{error}");
    }

    fn on_a_small_thread(limits: SandboxLimits, body: impl FnOnce(&mut Fixture) + Send + 'static) {
        let run = move || body(&mut Fixture::with(&limits));
        let thread = std::thread::Builder::new().stack_size(2 << 20);
        thread.spawn(run).unwrap().join().unwrap();
    }

    #[test]
    fn limits_of_stack_outside_of_what_the_engine_can_do_are_moved_inside() {
        for stack in [0, 1, 16 << 20, usize::MAX] {
            let limits = SandboxLimits {
                stack,
                ..SandboxLimits::default()
            };
            on_a_small_thread(limits, |fixture| {
                let error = fixture.fail("(function f() { f(); })()");
                assert_eq!(error.kind(), ScriptErrorKind::Stack);
            });
        }
    }

    #[test]
    fn no_recursion_leaves_the_stack_of_a_small_thread() {
        let limits = SandboxLimits {
            stack: usize::MAX,
            timeout: None,
            memory: 256 << 20,
        };
        on_a_small_thread(limits, |fixture| {
            for source in [
                "(function f() { f(); })()",
                "(function f(...rest) { f(...rest); })(1, 2, 3)",
                "(function f() { return f.apply(this, [1, 2, 3]); })()",
                "const o = { get x() { return this.x; } }; o.x",
                "const o = { toString() { return '' + o; } }; '' + o",
                "const o = { [Symbol.toPrimitive]() { return +o; } }; +o",
                "const p = new Proxy({}, { get(t, k, r) { return r[k]; } }); p.x",
                "let p = {}; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); p.x",
                "const p = new Proxy(function () {}, { apply() { return p(); } }); p()",
                "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; JSON.stringify(a)",
                "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; a.flat(Infinity)",
                "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; String(a)",
                "const f = () => [1].flatMap(f); f()",
                "JSON.parse('['.repeat(1e6))",
                "const f = (k, v) => JSON.parse('[1]', f); f()",
                "const o = { toJSON() { return JSON.stringify(o); } }; JSON.stringify(o)",
                "const f = () => [2, 1].sort(f); f()",
                "const f = () => [2, 1].map(f); f()",
                "const f = () => 'x'.replace('x', f); f()",
                "const f = () => 'x'.replace(/x/g, f); f()",
                "const f = () => Reflect.construct(f2, []); function f2() { f(); } f()",
                "class A { constructor() { new A(); } } new A()",
                "class A { x = new A(); } new A()",
                "const f = function* () { yield* f(); }; [...f()]",
                "const f = () => eval('f()'); f()",
                "const f = async () => { await f(); }; f()",
                "const f = () => host.call(f); f()",
                "const f = () => host.call(host.call, f); f()",
                "const f = () => [1].map(() => host.call(f)); f()",
                "const o = { get x() { return host.call(() => o.x); } }; o.x",
            ] {
                let error = fixture.fail(&format!("{{ {source} }}"));
                assert_eq!(error.kind(), ScriptErrorKind::Stack, "{source}: {error}");
            }
            let nested = "new RegExp('(?:'.repeat(1e5) + ')'.repeat(1e5))";
            assert_eq!(
                fixture.fail(nested).message(),
                "SyntaxError: stack overflow"
            );
            let calm = "try { (function f() { host.call(f); })() } catch (e) { 1 }";
            assert_eq!(fixture.json(calm), "1");
        });
    }

    #[test]
    fn globals_of_the_host_survive_a_stop() {
        let mut fixture = Fixture::new();
        fixture
            .engine
            .install_data("event", &serde_json::json!({"a": [1]}).into())
            .unwrap();
        fixture.late("for (;;);");
        assert_eq!(fixture.json("[event.a[0], host.version]"), r#"[1,"1.0"]"#);
    }

    #[test]
    fn a_global_of_the_host_is_made_once() {
        let mut fixture = Fixture::new();
        let error = fixture
            .engine
            .install_data("host", &serde_json::json!(1).into())
            .unwrap_err();
        assert_eq!(error.kind(), ScriptErrorKind::Internal);
        assert_eq!(fixture.json("host.version"), r#""1.0""#);
    }

    #[test]
    fn the_heap_is_measured() {
        let mut fixture = Fixture::new();
        let before = fixture.engine.memory().script_heap.unwrap();
        fixture.run("globalThis.kept = 'x'.repeat(1 << 20); 0");
        assert!(fixture.engine.memory().script_heap.unwrap() >= before + (1 << 20));
    }

    #[test]
    fn an_engine_can_move_to_another_thread() {
        let mut fixture = Fixture::new();
        fixture.run("globalThis.n = 1");
        let mut fixture = std::thread::spawn(move || {
            fixture.run("n += 1");
            fixture
        })
        .join()
        .unwrap();
        assert_eq!(fixture.json("n"), "2");
    }

    #[test]
    fn a_name_with_a_nul_is_no_reason_to_fail() {
        let mut fixture = Fixture::new();
        let script = Script::new("a\0b.js", "'\0'.length");
        assert_eq!(
            fixture.engine.run(&script, &DataLimits::default()).unwrap(),
            1_i64.into()
        );
    }
}
