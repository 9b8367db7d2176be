//! Engines and host objects for the tests of this folder.

use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use llmspell_engine::Value;
use llmspell_utils::debug::DebugLevel;
use rquickjs::{Context, Runtime};

use super::raw::{Home, Js};
use super::realm::Realm;
use crate::arguments::{Arguments, DataLimits};
use crate::host_object::{HostObject, Method, ScriptObject};
use crate::object_dump::{DumpOptions, dump};
use crate::sandbox::{SandboxLimits, alarm};
use crate::script_engine::{Script, ScriptEngine};
use crate::script_error::{ScriptError, ScriptErrorKind};
use crate::script_value::ScriptValue;
use crate::stack_trace::StackTraceOptions;

/// An engine with the global `host`.
pub(super) struct Fixture {
    pub(super) engine: Box<dyn ScriptEngine>,
    pub(super) probe: Arc<Probe>,
}

impl Fixture {
    pub(super) fn new() -> Self {
        Self::with(&SandboxLimits::default())
    }

    pub(super) fn with(limits: &SandboxLimits) -> Self {
        let mut engine = super::open(limits).unwrap();
        let probe = Arc::new(Probe::default());
        let object: Arc<dyn HostObject> = Arc::<Probe>::clone(&probe);
        engine.install("host", &object).unwrap();
        Self { engine, probe }
    }

    pub(super) fn try_run(&mut self, source: &str) -> Result<Value, ScriptError> {
        self.engine
            .run(&Script::new("test.js", source), &DataLimits::default())
    }

    pub(super) fn run(&mut self, source: &str) -> Value {
        self.try_run(source)
            .unwrap_or_else(|error| panic!("{source}: {}", error.render(false)))
    }

    /// What the script gives, as JSON.
    pub(super) fn json(&mut self, source: &str) -> String {
        serde_json::to_string(&self.run(source)).unwrap()
    }

    pub(super) fn fail(&mut self, source: &str) -> ScriptError {
        self.try_run(source).expect_err(source)
    }

    /// Runs a script that a deadline has to stop.
    pub(super) fn late(&mut self, source: &str) -> ScriptError {
        let stopper = self.engine.stopper();
        let watch = alarm(Duration::from_millis(30), Arc::clone(&stopper)).unwrap();
        let error = self.fail(source);
        drop(watch);
        stopper.clear();
        error
    }
}

/// Runs `body` in an engine with a limit of memory.
pub(super) fn inside(memory: usize, body: impl for<'js> FnOnce(Js<'js>)) {
    let runtime = Runtime::new().unwrap();
    let context = Context::full(&runtime).unwrap();
    runtime.set_memory_limit(memory);
    let home = Home::new(context, |js| {
        Realm::new(js, Arc::default(), Arc::default(), memory)
    });
    let home = home.map_err(ScriptError::from).unwrap();
    home.with(body).unwrap();
}

/// A host object with a method for each thing that arguments can do.
#[derive(Default)]
pub(super) struct Probe {
    pub(super) gate: AtomicU8,
    pub(super) said: Mutex<Vec<String>>,
    pub(super) alive: Arc<AtomicUsize>,
}

impl ScriptObject for Probe {
    const NAME: &'static str = "Probe";
    const METHODS: &'static [Method<Self>] = &[
        Method::new("data", |_, arguments| {
            arguments
                .data(0, &DataLimits::default())
                .map(ScriptValue::Data)
        }),
        Method::new("show", |_, arguments| {
            arguments.display(0, 1 << 20).map(Into::into)
        }),
        Method::new("dump", |_, arguments| {
            Ok(dumped(arguments, &DumpOptions::compact()).into())
        }),
        Method::new("types", |_, arguments| {
            let options = DumpOptions {
                show_types: true,
                ..DumpOptions::compact()
            };
            Ok(dumped(arguments, &options).into())
        }),
        Method::new("wide", |_, arguments| {
            let options = DumpOptions {
                max_array_elements: usize::MAX,
                ..DumpOptions::default()
            };
            Ok(dumped(arguments, &options).into())
        }),
        Method::new("kind", |_, arguments| Ok(arguments.kind(0).name().into())),
        Method::new("count", |_, arguments| Ok(arguments.count().into())),
        Method::new("text", |_, arguments| Ok(arguments.text(0).into())),
        Method::new("number", |_, arguments| Ok(arguments.number(0).into())),
        Method::new("boolean", |_, arguments| Ok(arguments.boolean(0).into())),
        Method::new("call", |_, arguments| {
            arguments.call(0, 1).map(|()| ScriptValue::Returned)
        }),
        Method::new("swallow", |_, arguments| {
            Ok(arguments
                .call(0, 1)
                .map_or_else(|error| error.kind().code(), |()| "done")
                .into())
        }),
        Method::new("stack", |_, arguments| {
            Ok(arguments
                .stack(&StackTraceOptions::default())
                .to_text()
                .into())
        }),
        Method::new("place", |_, arguments| {
            Ok(arguments.place().map(|place| place.to_string()).into())
        }),
        Method::new("fail", |_, _| {
            Err(
                ScriptError::new(ScriptErrorKind::Event, "the event has no name")
                    .with_help("give it one"),
            )
        }),
        Method::new("panic", |_, _| panic!("on purpose")),
        Method::new("item", |probe, arguments| {
            let item = Item::new(&probe.alive, arguments.number(0).unwrap_or_default());
            Ok(ScriptValue::Object(Arc::new(item)))
        }),
        Method::new("other", |_, _| Ok(ScriptValue::Object(Arc::new(Other)))),
        Method::new("answer", |_, _| {
            Ok(ScriptValue::Map(vec![
                (
                    "list",
                    vec![ScriptValue::Integer(1), ScriptValue::Nil, "x".into()].into(),
                ),
                ("gone", ScriptValue::Nil),
                ("half", ScriptValue::Number(0.5)),
                ("data", ScriptValue::Data(Value::from("d"))),
            ]))
        }),
        Method::at_level(DebugLevel::Debug, "debug", |probe, arguments| {
            probe
                .said
                .lock()
                .unwrap()
                .push(arguments.display(0, 1 << 20)?);
            Ok(true.into())
        }),
    ];
    const FIELDS: &'static [&'static str] = &["version"];

    fn read_field(&self, name: &str) -> Option<ScriptValue> {
        (name == "version").then(|| "1.0".into())
    }

    fn level_gate(&self) -> Option<&AtomicU8> {
        Some(&self.gate)
    }
}

fn dumped(arguments: &dyn Arguments, options: &DumpOptions) -> String {
    dump(&arguments.inspect(0, options), None, options)
}

/// An object that counts how many of its kind are alive.
pub(super) struct Item {
    alive: Arc<AtomicUsize>,
    size: f64,
}

impl Item {
    fn new(alive: &Arc<AtomicUsize>, size: f64) -> Self {
        alive.fetch_add(1, Ordering::Relaxed);
        Self {
            alive: Arc::clone(alive),
            size,
        }
    }
}

impl Drop for Item {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, Ordering::Relaxed);
    }
}

impl ScriptObject for Item {
    const NAME: &'static str = "Item";
    const METHODS: &'static [Method<Self>] =
        &[Method::new(
            "double",
            |item, _| Ok((item.size * 2.0).into()),
        )];
    const FIELDS: &'static [&'static str] = &["size"];

    fn read_field(&self, _name: &str) -> Option<ScriptValue> {
        Some(self.size.into())
    }
}

/// An object of an embedding program that panics whatever it is asked.
pub(super) struct Broken;

impl ScriptObject for Broken {
    const NAME: &'static str = "Broken";
    const METHODS: &'static [Method<Self>] = &[
        Method::at_level(DebugLevel::Debug, "say", |_, _| Ok(true.into())),
        Method::new("self", |_, _| Ok(ScriptValue::Object(Arc::new(Self)))),
    ];
    const FIELDS: &'static [&'static str] = &["field"];

    fn read_field(&self, _name: &str) -> Option<ScriptValue> {
        panic!("on purpose")
    }

    fn level_gate(&self) -> Option<&AtomicU8> {
        panic!("on purpose")
    }
}

/// An object of another kind.
struct Other;

impl ScriptObject for Other {
    const NAME: &'static str = "Other";
    const METHODS: &'static [Method<Self>] = &[];
}
