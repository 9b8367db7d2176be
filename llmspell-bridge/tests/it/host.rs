//! The host as programs embed it: threads, objects of their own, output.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::thread;

use llmspell_bridge::{
    Arguments, DebugBridge, Language, Method, Script, ScriptError, ScriptErrorKind, ScriptHost,
    ScriptObject, ScriptValue,
};
use llmspell_engine::{EngineOptions, PolicyEngine};
use llmspell_utils::debug::{DebugLevel, DebugManager};

/// An object whose methods do what a careless program might do.
struct Careless {
    name: &'static str,
}

impl ScriptObject for Careless {
    const NAME: &'static str = "Careless";
    const METHODS: &'static [Method<Self>] = &[
        Method::new("panics", |_, _| panic!("a bug")),
        Method::new("fails", |_, _| {
            Err(
                ScriptError::new(ScriptErrorKind::Argument, "this is refused")
                    .with_help("ask nicely"),
            )
        }),
        Method::new("twin", |_, _| {
            Ok(ScriptValue::Object(Arc::new(Self { name: "twin" })))
        }),
        Method::new("replaces", |_, arguments: &dyn Arguments| {
            let called = arguments.call(0, 1);
            called.map_err(|_| ScriptError::new(ScriptErrorKind::Event, "of the program"))?;
            Ok(ScriptValue::Returned)
        }),
        Method::new("exact", |_, arguments: &dyn Arguments| {
            let text = arguments.exact_text(0).transpose()?;
            Ok(text.map(|text| text.len()).into())
        }),
        Method::new("calls", |_, arguments: &dyn Arguments| {
            arguments.call(0, 1).map(|()| ScriptValue::Returned)
        }),
    ];
    const FIELDS: &'static [&'static str] = &["name", "broken"];

    fn read_field(&self, name: &str) -> Option<ScriptValue> {
        assert!(name != "broken" || self.name != "twin", "a bug");
        Some(self.name.into())
    }
}

fn host(language: Language) -> ScriptHost {
    ScriptHost::builder(language)
        .global("careless", Arc::new(Careless { name: "first" }))
        .build()
        .unwrap()
}

fn both(lua: &str, javascript: &str) -> Vec<(Language, Script)> {
    vec![
        (Language::Lua, Script::new("test", lua)),
        (Language::JavaScript, Script::new("test", javascript)),
    ]
}

#[test]
fn a_panic_of_the_program_becomes_an_error_of_the_script_and_the_host_goes_on() {
    let scripts = both(
        "local ok, raised = pcall(careless.panics) return raised.code",
        "let code; try { careless.panics() } catch (raised) { code = raised.code } code",
    );
    for (language, script) in scripts {
        let mut host = host(language);
        for _ in 0..3 {
            let value = host.run(&script).unwrap();
            assert_eq!(
                value.as_string().unwrap().as_ref(),
                "internal",
                "{language}"
            );
            if language == Language::JavaScript {
                break;
            }
        }
        let error = host
            .run(&Script::new("again", "careless.panics()"))
            .unwrap_err();
        assert_eq!(error.kind(), ScriptErrorKind::Internal, "{language}");
    }
}

#[test]
fn a_panic_of_a_field_becomes_an_error_of_the_script_too() {
    for (language, script) in both("return careless.twin().broken", "careless.twin().broken") {
        let error = host(language).run(&script).unwrap_err();
        assert_eq!(
            error.kind(),
            ScriptErrorKind::Internal,
            "{language}: {error}"
        );
    }
}

#[test]
fn exact_text_is_given_as_it_is_or_refused() {
    let scripts = both(
        "local ok, raised = pcall(careless.exact, 'a\\255')
         assert(careless.exact(1) == nil)
         return careless.exact('é\\0') .. raised.code",
        "let code; try { careless.exact('a\\ud800') } catch (raised) { code = raised.code }
         if (careless.exact(1) !== undefined) throw 1;
         careless.exact('é\\0') + code",
    );
    for (language, script) in scripts {
        let value = host(language).run(&script).unwrap();
        assert_eq!(
            value.as_string().unwrap().as_ref(),
            "3conversion",
            "{language}"
        );
    }
}

#[test]
fn an_error_shows_the_line_of_the_script() {
    for (language, script) in both("local a = 1\nerror('bad')", "const a = 1;\nnull.bad") {
        let shown = host(language).run(&script).unwrap_err().render(false);
        let line = script.source.lines().last().unwrap();
        assert!(
            shown.contains(&format!("2 | {line}")),
            "{language}: {shown}"
        );
    }
}

#[test]
fn an_uncaught_error_of_the_program_keeps_its_kind_message_advice_and_line() {
    for (language, script) in both("\ncareless.fails()", "\ncareless.fails()") {
        let error = host(language).run(&script).unwrap_err();
        assert_eq!(error.kind(), ScriptErrorKind::Argument, "{language}");
        assert_eq!(error.message(), "this is refused", "{language}");
        assert_eq!(error.help(), Some("ask nicely"), "{language}");
        assert_eq!(error.place().unwrap().line, 2, "{language}");
    }
}

#[test]
fn objects_have_fields_and_methods_that_no_script_can_change() {
    let scripts = both(
        "assert(not pcall(function() careless.name = 'x' end))
         assert(not pcall(function() careless.twin().name = 'x' end))
         return careless.name .. careless.twin().name .. careless.twin():twin().name",
        "'use strict';
         for (const change of [() => { careless.name = 'x' }, () => { careless.twin().name = 'x' }, () => { careless.twin().twin = 1 }]) {
             let refused = false;
             try { change() } catch { refused = true }
             if (!refused) throw new Error(String(change));
         }
         careless.name + careless.twin().name + careless.twin().twin().name",
    );
    for (language, script) in scripts {
        let value = host(language).run(&script).unwrap();
        assert_eq!(
            value.as_string().unwrap().as_ref(),
            "firsttwintwin",
            "{language}"
        );
    }
}

#[test]
fn no_script_replaces_a_global_of_the_host_for_later_ones() {
    let lua = [
        "Cupcake = nil",
        "Cupcake = {eval = function() return {decision = 'allow'} end}",
        "Debug = 1",
        "print = function() end",
        "careless = {}",
        "arg = {}",
        "function print() end",
        "_G.Cupcake = nil",
        "rawset(_G, 'Cupcake', nil)",
        "rawset(careless, 'name', 'x')",
        "setmetatable(_G, {__index = function() end})",
        "setmetatable(careless, {})",
        "getmetatable(_G).__index = nil",
        "table.clear(_G)",
        "table.clear(careless)",
        "string.upper = nil",
        "arg[1] = 'x'",
    ];
    let javascript = [
        "Cupcake = null",
        "globalThis.Cupcake = {}",
        "delete globalThis.Debug",
        "print = () => 1",
        "careless = {}",
        "args = []",
        "function print() {}",
        "let Cupcake = 1",
        "Object.defineProperty(globalThis, 'careless', { value: 1 })",
        "Object.setPrototypeOf(careless, {})",
        "args[0] = 'x'",
    ];
    let check = [
        "return type(Cupcake.eval) .. type(Debug.info) .. type(print) .. careless.name .. arg[1] .. type(pcall)",
        "typeof Cupcake.eval + typeof Debug.info + typeof print + careless.name + args[0] + typeof eval",
    ];
    for (language, changes, check) in [
        (Language::Lua, &lua[..], check[0]),
        (Language::JavaScript, &javascript[..], check[1]),
    ] {
        let mut host = ScriptHost::builder(language)
            .global("careless", Arc::new(Careless { name: "first" }))
            .arguments(["given".to_owned()])
            .build()
            .unwrap();
        for change in changes {
            let error = host.run(&Script::new("change", *change)).unwrap_err();
            assert!(
                matches!(
                    error.kind(),
                    ScriptErrorKind::Runtime | ScriptErrorKind::Syntax
                ),
                "{language}: {change}: {error}"
            );
            let value = host.run(&Script::new("check", check)).unwrap();
            assert_eq!(
                value.as_string().unwrap().as_ref(),
                "functionfunctionfunctionfirstgivenfunction",
                "{language}: {change}"
            );
        }
    }
}

#[test]
fn a_refused_assignment_says_which_global_and_where() {
    let error = host(Language::Lua)
        .run(&Script::new("test", "\nCupcake = {}"))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "test:2: the global `Cupcake` belongs to the host and cannot be changed"
    );
}

#[test]
fn a_script_sees_what_earlier_scripts_made_of_their_globals() {
    let steps = [
        (
            "counter = {n = 0}; function bump() counter.n = counter.n + 1; total = (total or 0) + 1 end",
            None,
        ),
        (
            "bump(); counter.n = counter.n + 10; return counter.n",
            Some(11),
        ),
        ("bump(); return counter.n", Some(12)),
        ("bump(); return total", Some(3)),
        ("total = nil; counter = nil; return 0", Some(0)),
        ("return counter == nil and total == nil and 1 or 0", Some(1)),
    ];
    let mut host = host(Language::Lua);
    for (source, expected) in steps {
        let value = host.run(&Script::new("step", source)).unwrap();
        if let Some(expected) = expected {
            assert_eq!(value.as_i64().unwrap(), expected, "{source}");
        }
    }
}

/// An object with a field that changes and a method that speaks at a level.
struct Watched {
    gate: Arc<AtomicU8>,
    reads: AtomicU64,
}

impl Watched {
    fn new(gate: &Arc<AtomicU8>) -> Self {
        Self {
            gate: Arc::clone(gate),
            reads: AtomicU64::new(0),
        }
    }
}

impl ScriptObject for Watched {
    const NAME: &'static str = "Twin";
    const METHODS: &'static [Method<Self>] = &[
        Method::new("made", |watched, _| {
            Ok(ScriptValue::Object(Arc::new(Self::new(&watched.gate))))
        }),
        Method::new("other", |_, _| Ok(ScriptValue::Object(Arc::new(Other)))),
        Method::new("who", |_, _| Ok("watched".into())),
        Method::at_level(DebugLevel::Debug, "says", |_, _| Ok("said".into())),
    ];
    const FIELDS: &'static [&'static str] = &["reads"];

    fn read_field(&self, _name: &str) -> Option<ScriptValue> {
        Some((self.reads.fetch_add(1, Ordering::Relaxed) + 1).into())
    }

    fn level_gate(&self) -> Option<&AtomicU8> {
        Some(&self.gate)
    }
}

/// An object of another type that calls its kind the same, with its methods in another order.
struct Other;

impl ScriptObject for Other {
    const NAME: &'static str = "Twin";
    const METHODS: &'static [Method<Self>] = &[
        Method::new("who", |_, _| Ok("other".into())),
        Method::new("made", |_, _| Ok("nothing".into())),
    ];
}

fn watching(language: Language, gate: &Arc<AtomicU8>) -> ScriptHost {
    ScriptHost::builder(language)
        .global("watched", Arc::new(Watched::new(gate)))
        .build()
        .unwrap()
}

#[test]
fn fields_are_read_when_a_script_reads_them() {
    let scripts = both(
        "local sum = 0
         for _ = 1, 3 do sum = sum + watched.reads end
         local made = watched.made()
         for _ = 1, 3 do sum = sum * 10 + made.reads end
         return sum",
        "let sum = 0;
         for (let i = 0; i < 3; i++) sum += watched.reads;
         const made = watched.made();
         for (let i = 0; i < 3; i++) sum = sum * 10 + made.reads;
         sum",
    );
    for (language, script) in scripts {
        let mut host = watching(language, &Arc::default());
        assert_eq!(
            host.run(&script).unwrap().as_i64().unwrap(),
            6123,
            "{language}"
        );
    }
}

#[test]
fn methods_below_the_level_do_not_run_whatever_holds_them() {
    let scripts = both(
        "local made = watched.made() return {watched.says() or 'silent', made:says() or 'silent'}",
        "(() => { const made = watched.made(); return [watched.says() ?? 'silent', made.says() ?? 'silent'] })()",
    );
    for (language, script) in scripts {
        let gate = Arc::new(AtomicU8::new(3));
        let mut host = watching(language, &gate);
        let silent = host.run(&script).unwrap();
        assert_eq!(
            serde_json::to_string(&silent).unwrap(),
            r#"["silent","silent"]"#,
            "{language}"
        );
        gate.store(4, Ordering::Relaxed);
        let said = host.run(&script).unwrap();
        assert_eq!(
            serde_json::to_string(&said).unwrap(),
            r#"["said","said"]"#,
            "{language}"
        );
    }
}

#[test]
fn two_types_that_call_their_kind_the_same_keep_their_own_methods() {
    let scripts = both(
        "local made, other = watched.made(), watched.other()
         assert(other.says == nil and other.reads == nil)
         assert(not pcall(made.says, other))
         return made:who() .. other:who() .. made:made():who() .. other:made()",
        "const made = watched.made(), other = watched.other();
         if (other.says !== undefined || other.reads !== undefined) throw 1;
         try { made.says.call(other); throw 2 } catch (error) { if (error === 2) throw error }
         made.who() + other.who() + made.made().who() + other.made()",
    );
    for (language, script) in scripts {
        let mut host = watching(language, &Arc::new(AtomicU8::new(5)));
        assert_eq!(
            host.run(&script).unwrap().as_string().unwrap().as_ref(),
            "watchedotherwatchednothing",
            "{language}"
        );
    }
}

#[test]
fn host_data_that_is_nested_too_deeply_is_an_error_of_the_script() {
    let mut data = llmspell_engine::Value::Null;
    for _ in 0..600 {
        data = llmspell_engine::Value::from(vec![data]);
    }
    for language in Language::ALL {
        let mut host = ScriptHost::builder(language)
            .event("deep", data.clone())
            .build()
            .unwrap();
        let error = host
            .run(&Script::new("deep", "Cupcake.events()"))
            .unwrap_err();
        assert_eq!(
            error.kind(),
            ScriptErrorKind::Conversion,
            "{language}: {error}"
        );
        assert_eq!(
            error.message(),
            "the host's data is nested more than 512 levels deep",
            "{language}"
        );
    }
}

#[test]
fn an_error_of_the_program_that_a_script_raises_again_keeps_its_place() {
    let scripts = both(
        "local ok, raised = pcall(function()\n careless.fails() end)\n\n\nerror(raised)",
        "let kept; try {\n careless.fails() } catch (raised) { kept = raised }\n\n\nthrow kept",
    );
    for (language, script) in scripts {
        let error = host(language).run(&script).unwrap_err();
        assert_eq!(error.kind(), ScriptErrorKind::Argument, "{language}");
        assert_eq!(error.place().unwrap().line, 2, "{language}");
        assert_eq!(error.help(), Some("ask nicely"), "{language}");
    }
}

#[test]
fn a_message_that_looks_like_a_place_is_no_place() {
    let error = host(Language::Lua)
        .run(&Script::new("test", "error('x:12: y', 0)"))
        .unwrap_err();
    assert_eq!(error.message(), "x:12: y");
    assert_eq!(error.place().unwrap().to_string(), "test:1");
}

#[test]
fn what_is_called_and_is_no_function_is_refused_in_the_same_words() {
    for (language, script) in both("careless.calls({})", "careless.calls({})") {
        let error = host(language).run(&script).unwrap_err();
        assert_eq!(
            error.message(),
            "expected a function, got a table or object",
            "{language}"
        );
    }
}

#[test]
fn a_script_function_that_the_program_calls_may_call_back_and_raise() {
    let scripts = both(
        "local depth = 0
         local function again(n) depth = depth + 1 if n > 0 then careless.calls(again, n - 1) end return depth end
         local value = careless.calls(again, 20)
         local ok, raised = pcall(careless.calls, function() error({mine = 'kept'}) end)
         return value .. raised.mine",
        "let depth = 0;
         const again = (n) => { depth++; if (n > 0) careless.calls(again, n - 1); return depth };
         let value = careless.calls(again, 20);
         try { careless.calls(() => { throw { mine: 'kept' } }) } catch (raised) { value += raised.mine }
         value",
    );
    for (language, script) in scripts {
        let value = host(language).run(&script).unwrap();
        assert_eq!(value.as_string().unwrap().as_ref(), "21kept", "{language}");
    }
}

#[test]
fn a_program_may_answer_the_error_of_a_script_function_with_its_own() {
    for (language, script) in both(
        "careless.replaces(function() error('of the script') end)",
        "careless.replaces(() => { throw new Error('of the script') })",
    ) {
        let error = host(language).run(&script).unwrap_err();
        assert_eq!(error.kind(), ScriptErrorKind::Event, "{language}: {error}");
        assert_eq!(error.message(), "of the program", "{language}");
    }
}

#[test]
fn a_host_moves_from_thread_to_thread() {
    for (language, script) in both(
        "n = (n or 0) + 1 return n",
        "var n = (globalThis.n ?? 0) + 1; n",
    ) {
        let mut host = host(language);
        for round in 1..=4 {
            host = thread::spawn({
                let script = script.clone();
                move || {
                    let value = host.run(&script).unwrap();
                    assert_eq!(value.as_i64().unwrap(), round, "{language}");
                    host
                }
            })
            .join()
            .unwrap();
        }
    }
}

#[test]
fn many_hosts_ask_the_same_policies_at_once() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/specs/project");
    let engine = Arc::new(PolicyEngine::load(&project, &EngineOptions::default()).unwrap());
    let scripts = both(
        "local denied = 0
         for i = 1, 100 do
             local command = i % 2 == 0 and 'rm -rf / now' or 'make'
             local event = {hook_event_name = 'PreToolUse', tool_name = 'Bash', tool_input = {command = command}}
             if Cupcake.eval(event).decision == 'deny' then denied = denied + 1 end
         end
         return denied",
        "let denied = 0;
         for (let i = 1; i <= 100; i++) {
             const command = i % 2 === 0 ? 'rm -rf / now' : 'make';
             const event = {hook_event_name: 'PreToolUse', tool_name: 'Bash', tool_input: {command}};
             if (Cupcake.eval(event).decision === 'deny') denied++;
         }
         denied",
    );
    thread::scope(|scope| {
        for _ in 0..4 {
            for (language, script) in &scripts {
                let engine = Arc::clone(&engine);
                scope.spawn(move || {
                    let mut host = ScriptHost::builder(*language)
                        .policies(engine)
                        .build()
                        .unwrap();
                    assert_eq!(
                        host.run(script).unwrap().as_i64().unwrap(),
                        50,
                        "{language}"
                    );
                });
            }
        }
    });
}

#[test]
fn nothing_is_left_of_a_host_that_is_dropped() {
    for language in Language::ALL {
        let object = Arc::new(Careless { name: "counted" });
        let host = ScriptHost::builder(language)
            .global(
                "careless",
                Arc::clone(&object) as Arc<dyn llmspell_bridge::HostObject>,
            )
            .build();
        let mut host = host.unwrap();
        let used = "careless.calls(function() { careless.twin() })";
        let used = if language == Language::Lua {
            used.replace("{", "").replace('}', "end")
        } else {
            used.to_owned()
        };
        host.run(&Script::new("test", used)).unwrap();
        drop(host);
        assert_eq!(Arc::strong_count(&object), 1, "{language}");
    }
}

#[test]
fn without_an_output_of_its_own_a_script_prints_into_the_debug_entries() {
    for language in Language::ALL {
        let manager = Arc::new(DebugManager::new());
        let mut host = ScriptHost::builder(language)
            .debug(DebugBridge::new(Arc::clone(&manager)))
            .build()
            .unwrap();
        host.run(&Script::new("test", "print('said', 1)")).unwrap();
        let entry = manager.captured(None).pop().unwrap();
        assert_eq!(entry.message, "said\t1", "{language}");
        assert_eq!(entry.module.as_deref(), Some("script"), "{language}");
    }
}
