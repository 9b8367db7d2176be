//! `Cupcake`: asks the policies of a project about events. Raises when it cannot, because silence would
//! be an allow.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use llmspell_engine::{
    Decision, EngineError, EngineOptions, Event, EventError, PolicyEngine, PolicySummary, Value,
};
use llmspell_utils::debug::{DebugLevel, debug_log};
use parking_lot::RwLock;

use crate::arguments::{Arguments, DataLimits, ValueKind};
use crate::debug_bridge::DebugBridge;
use crate::host_object::{Method, ScriptObject};
use crate::script_error::{ScriptError, ScriptErrorKind};
use crate::script_value::ScriptValue;

/// Where the policies come from, and the engine once it is loaded.
///
/// Loading waits until a script asks: a script that decides nothing pays for no policies.
#[derive(Debug, Default)]
pub(crate) struct PolicySource {
    /// The project that the host chose.
    pub(crate) project: Option<PathBuf>,
    /// The directory below which scripts may choose a project themselves.
    pub(crate) projects_below: Option<PathBuf>,
    pub(crate) options: EngineOptions,
    engine: RwLock<Option<Arc<PolicyEngine>>>,
}

impl PolicySource {
    /// A source that is loaded already.
    pub(crate) fn loaded(engine: Arc<PolicyEngine>) -> Self {
        Self {
            engine: RwLock::new(Some(engine)),
            ..Self::default()
        }
    }

    fn engine(&self) -> Result<Arc<PolicyEngine>, ScriptError> {
        if let Some(engine) = &*self.engine.read() {
            return Ok(Arc::clone(engine));
        }
        match &self.project {
            Some(project) => self.load(project),
            None => Err(ScriptError::new(ScriptErrorKind::Project, "there are no policies to ask")
                .with_help("put a `.cupcake` directory beside the script, or name a project: `--project DIR`")),
        }
    }

    fn load(&self, project: &Path) -> Result<Arc<PolicyEngine>, ScriptError> {
        // The lock is held while loading, so that two threads do not load the same project twice.
        let mut slot = self.engine.write();
        let engine = Arc::new(PolicyEngine::load(project, &self.options).map_err(from_engine)?);
        *slot = Some(Arc::clone(&engine));
        Ok(engine)
    }

    /// The project that a script names, if it may.
    fn allowed(&self, path: &str) -> Result<PathBuf, ScriptError> {
        let refused = |why: &str| {
            ScriptError::new(
                ScriptErrorKind::Project,
                format!("the project `{path}` {why}"),
            )
            .with_help(
                "call `Cupcake.init()` for the host's own project, or let the host allow others",
            )
        };
        let root = self
            .projects_below
            .as_deref()
            .ok_or_else(|| refused("is not the script's to choose"))?;
        let root = root.canonicalize().map_err(|_| refused("is not there"))?;
        let chosen = root
            .join(path)
            .canonicalize()
            .map_err(|_| refused("is not there"))?;
        if chosen.starts_with(&root) {
            Ok(chosen)
        } else {
            Err(refused("lies outside of what the host allows"))
        }
    }
}

/// The policy engine as scripts see it.
pub(crate) struct Cupcake {
    pub(crate) source: PolicySource,
    pub(crate) bridge: DebugBridge,
    pub(crate) limits: DataLimits,
    /// The events that the host was started with: a name and the event.
    pub(crate) events: Vec<(String, Value)>,
}

type Answer = Result<ScriptValue, ScriptError>;

impl ScriptObject for Cupcake {
    const NAME: &'static str = "Cupcake";
    const METHODS: &'static [Method<Self>] = &[
        Method::new("eval", Self::eval),
        Method::new("evalBatch", Self::eval_batch),
        Method::new("events", Self::events),
        Method::new("policies", Self::policies),
        Method::new("init", Self::init),
        Method::new("isReady", Self::is_ready),
        Method::new("version", Self::version),
    ];
}

impl Cupcake {
    fn eval(&self, arguments: &dyn Arguments) -> Answer {
        let engine = self.source.engine()?;
        let event = self.event(&engine, arguments)?;
        Ok(ScriptValue::Data(self.decide(&engine, &event)))
    }

    fn eval_batch(&self, arguments: &dyn Arguments) -> Answer {
        let engine = self.source.engine()?;
        let Value::Array(events) = arguments.data(0, &self.limits)? else {
            return Err(expected("Cupcake.evalBatch", "a list of events", arguments));
        };
        let decisions: Result<Vec<_>, _> = events
            .iter()
            .enumerate()
            .map(|(index, event)| {
                let event = Event::from_value(event.clone(), engine.event_limits())
                    .map_err(|error| from_event(&error, Some(index + 1)))?;
                Ok(ScriptValue::Data(self.decide(&engine, &event)))
            })
            .collect();
        decisions.map(ScriptValue::List)
    }

    fn events(&self, _: &dyn Arguments) -> Answer {
        let events = self.events.iter().map(|(name, event)| {
            ScriptValue::Map(vec![
                ("name", name.as_str().into()),
                ("event", ScriptValue::Data(event.clone())),
            ])
        });
        Ok(ScriptValue::List(events.collect()))
    }

    fn policies(&self, _: &dyn Arguments) -> Answer {
        let engine = self.source.engine()?;
        Ok(ScriptValue::List(
            engine.policies().iter().map(shown_policy).collect(),
        ))
    }

    fn init(&self, arguments: &dyn Arguments) -> Answer {
        match arguments.kind(0) {
            ValueKind::Nil => drop(self.source.engine()?),
            ValueKind::Text => {
                let path = arguments.text(0).unwrap_or_default();
                let project = self.source.allowed(&path)?;
                self.source.load(&project)?;
            }
            _ => return Err(expected("Cupcake.init", "the path of a project", arguments)),
        }
        Ok(true.into())
    }

    fn is_ready(&self, _: &dyn Arguments) -> Answer {
        Ok(self.source.engine.read().is_some().into())
    }

    fn version(&self, _: &dyn Arguments) -> Answer {
        Ok(env!("CARGO_PKG_VERSION").into())
    }

    /// The event of a call: a table or an object, or JSON text.
    fn event(
        &self,
        engine: &PolicyEngine,
        arguments: &dyn Arguments,
    ) -> Result<Event, ScriptError> {
        match arguments.kind(0) {
            ValueKind::Structure => {
                Event::from_value(arguments.data(0, &self.limits)?, engine.event_limits())
            }
            ValueKind::Text => {
                let text = arguments.text(0).unwrap_or_default();
                Event::parse(text.as_bytes(), engine.event_limits())
            }
            _ => {
                return Err(expected(
                    "Cupcake.eval",
                    "an event: a table, an object or JSON text",
                    arguments,
                ));
            }
        }
        .map_err(|error| from_event(&error, None))
    }

    fn decide(&self, engine: &PolicyEngine, event: &Event) -> Value {
        let decision = engine.evaluate(event);
        self.note(&decision);
        decision.to_value()
    }

    fn note(&self, decision: &Decision) {
        let manager = self.bridge.manager();
        let total = decision.timings_us.total;
        manager
            .profiler()
            .record("Cupcake.eval", Duration::from_secs_f64(total / 1e6));
        debug_log!(
            manager,
            DebugLevel::Debug,
            module: "cupcake",
            "{} for {} {}in {total:.0} µs{}{}",
            decision.decision.name(),
            decision.event,
            decision.tool.as_deref().map(|tool| format!("{tool} ")).unwrap_or_default(),
            if decision.reason.is_empty() { "" } else { ": " },
            decision.reason,
        );
    }
}

fn expected(function: &str, what: &str, arguments: &dyn Arguments) -> ScriptError {
    let given = arguments.kind(0).name();
    ScriptError::new(
        ScriptErrorKind::Argument,
        format!("{function} takes {what}, got {given}"),
    )
    .at(arguments.place())
}

fn shown_policy(policy: &PolicySummary) -> ScriptValue {
    let texts = |texts: &[String]| {
        ScriptValue::List(texts.iter().map(|text| text.as_str().into()).collect())
    };
    let verbs = policy.verbs.iter().map(|verb| verb.name().into()).collect();
    ScriptValue::Map(vec![
        ("id", (&*policy.id).into()),
        ("title", policy.title.as_str().into()),
        ("file", (&*policy.file).into()),
        ("package", policy.package.as_str().into()),
        ("events", texts(&policy.events)),
        ("tools", texts(&policy.tools)),
        ("verbs", ScriptValue::List(verbs)),
        (
            "error",
            policy
                .error
                .as_ref()
                .map(|error| error.message.as_str())
                .into(),
        ),
    ])
}

fn from_engine(error: EngineError) -> ScriptError {
    let message = match &error.place {
        Some(place) => format!("{place}: {}", error.message),
        None => error.message,
    };
    ScriptError::new(ScriptErrorKind::Project, message).with_help(error.help)
}

fn from_event(error: &EventError, number: Option<usize>) -> ScriptError {
    let which = number
        .map(|number| format!("event {number}: "))
        .unwrap_or_default();
    let place = match (error.line, error.column) {
        (Some(line), Some(column)) => format!("line {line}, column {column}: "),
        _ => String::new(),
    };
    ScriptError::new(
        ScriptErrorKind::Event,
        format!("{which}{place}{}", error.message),
    )
    .with_help(error.help.clone())
}
