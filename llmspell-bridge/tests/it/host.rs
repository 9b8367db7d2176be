//! The host as programs embed it: threads, objects of their own, output.

use std::path::Path;
use std::sync::Arc;
use std::thread;

use llmspell_bridge::{
    Arguments, DebugBridge, Language, Method, Script, ScriptError, ScriptErrorKind, ScriptHost,
    ScriptObject, ScriptValue,
};
use llmspell_engine::{EngineOptions, PolicyEngine};
use llmspell_utils::debug::DebugManager;

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
