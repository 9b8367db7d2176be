//! An event on its way from a script, or from JSON text, to what Rego reads.

use std::hint::black_box;
use std::sync::Arc;

use llmspell_bridge::{
    Arguments, DataLimits, Language, Method, SandboxLimits, Script, ScriptError, ScriptHost,
    ScriptObject, ScriptValue,
};
use llmspell_engine::{Event, EventLimits};
use mlua::LuaSerdeExt;

use super::Work;
use crate::project::EVENT;

/// A host object that takes one argument as data and forgets it.
struct Sink;

impl ScriptObject for Sink {
    const NAME: &'static str = "Sink";
    const METHODS: &'static [Method<Self>] = &[Method::new("take", Self::take)];
}

impl Sink {
    fn take(&self, arguments: &dyn Arguments) -> Result<ScriptValue, ScriptError> {
        black_box(arguments.data(0, &DataLimits::default())?);
        Ok(ScriptValue::Nil)
    }
}

/// The event as a literal of the language, so that scripts hold a value of their own.
fn literal(language: Language, value: &serde_json::Value) -> String {
    use serde_json::Value;
    let lua = language == Language::Lua;
    match value {
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(|item| literal(language, item)).collect();
            if lua {
                format!("{{{}}}", items.join(","))
            } else {
                format!("[{}]", items.join(","))
            }
        }
        Value::Object(entries) => {
            let entries = entries.iter().map(|(key, item)| {
                let item = literal(language, item);
                if lua {
                    format!("[{key:?}]={item}")
                } else {
                    format!("{key:?}:{item}")
                }
            });
            format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
        }
        other => other.to_string(),
    }
}

fn event_literal(language: Language) -> String {
    literal(language, &serde_json::from_str(EVENT).unwrap())
}

/// From a script's value to what Rego reads, through our border.
pub fn from_script(language: Language) -> Work {
    let limits = SandboxLimits {
        timeout: None,
        ..SandboxLimits::default()
    };
    let mut host = ScriptHost::builder(language)
        .limits(limits)
        .global("sink", Arc::new(Sink))
        .build()
        .unwrap();
    let event = event_literal(language);
    Box::new(move |times| {
        let source = match language {
            Language::Lua => {
                format!("local event = {event} for i = 1, {times} do sink.take(event) end")
            }
            Language::JavaScript => {
                format!(
                    "{{ const event = {event}; for (let i = 0; i < {times}; i++) {{ sink.take(event) }} }}"
                )
            }
        };
        host.run(&Script::new("loop", source)).unwrap();
    })
}

/// From a Lua table to a `serde_json::Value`, as mlua does it.
pub fn from_lua_by_mlua() -> Work {
    let lua = mlua::Lua::new();
    let take = lua
        .create_function(|lua, value: mlua::Value| {
            black_box(lua.from_value::<serde_json::Value>(value)?);
            Ok(())
        })
        .unwrap();
    lua.globals().set("take", take).unwrap();
    lua.sandbox(true).unwrap();
    let event = event_literal(Language::Lua);
    Box::new(move |times| {
        let source = format!("local event = {event} for i = 1, {times} do take(event) end");
        lua.load(source).exec().unwrap();
    })
}

/// From a JavaScript object to a `serde_json::Value`, as rquickjs-serde does it.
pub fn from_javascript_by_rquickjs() -> Work {
    let runtime = rquickjs::Runtime::new().unwrap();
    let context = rquickjs::Context::full(&runtime).unwrap();
    context.with(|ctx| {
        let take = rquickjs::Function::new(ctx.clone(), |value: rquickjs::Value<'_>| {
            black_box(rquickjs_serde::from_value::<serde_json::Value>(value).unwrap());
        })
        .unwrap();
        ctx.globals().set("take", take).unwrap();
    });
    let event = event_literal(Language::JavaScript);
    Box::new(move |times| {
        context.with(|ctx| {
            let source = format!(
                "{{ const event = {event}; for (let i = 0; i < {times}; i++) {{ take(event) }} }}"
            );
            let () = ctx.eval(source).unwrap();
        });
    })
}

/// From JSON text to an event, guarded.
pub fn from_text() -> Work {
    Box::new(|times| {
        for _ in 0..times {
            black_box(Event::parse(black_box(EVENT.as_bytes()), &EventLimits::default()).unwrap());
        }
    })
}

/// From JSON text to a `serde_json::Value`, unguarded.
pub fn from_text_by_serde() -> Work {
    Box::new(|times| {
        for _ in 0..times {
            black_box(serde_json::from_str::<serde_json::Value>(black_box(EVENT)).unwrap());
        }
    })
}
