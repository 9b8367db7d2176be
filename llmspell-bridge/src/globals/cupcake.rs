//! `Cupcake`: asks the policies of a project about events. Raises when it cannot, because silence would
//! be an allow.

mod evaluation_frames;
mod policy_source;
mod respond;

use std::sync::Arc;

use llmspell_engine::{
    EngineOptions, Event, EventError, Harness, PolicyEngine, PolicySummary, Value,
};
use llmspell_utils::debug::SlowOperation;

use crate::arguments::{Arguments, DataLimits, ValueKind};
use crate::debug_bridge::DebugBridge;
use crate::decision_observer::DecisionObserver;
use crate::globals::cupcake_policy::ScriptHooks;
use crate::globals::slow_evaluation::{self, EvaluationTime, PolicyTimes, decision_time};
use crate::host_object::{Method, ScriptObject};
use crate::script_error::{ScriptError, ScriptErrorKind};
use crate::script_profile::{RunningProfile, ScriptProfiles};
use crate::script_value::ScriptValue;

use evaluation_frames::{Both, EvaluationFrames};
pub(crate) use policy_source::PolicySource;

/// The policy engine as scripts see it.
pub(crate) struct Cupcake {
    pub(crate) source: PolicySource,
    pub(crate) bridge: DebugBridge,
    pub(crate) profiles: ScriptProfiles,
    pub(crate) limits: DataLimits,
    /// What the evaluations have taken so far.
    pub(crate) evaluated: Arc<EvaluationTime>,
    /// The events that the host was started with: a name and the event.
    pub(crate) events: Vec<(String, Value)>,
    pub(crate) observer: Option<Arc<dyn DecisionObserver>>,
    /// The policies that scripts registered.
    pub(crate) hooks: Arc<ScriptHooks>,
}

type Answer = Result<ScriptValue, ScriptError>;

impl ScriptObject for Cupcake {
    const NAME: &'static str = "Cupcake";
    const METHODS: &'static [Method<Self>] = &[
        Method::new("eval", Self::eval),
        Method::new("evalBatch", Self::eval_batch),
        Method::new("explain", Self::explain),
        Method::new("respond", Self::respond),
        Method::new("policy", Self::policy),
        Method::new("events", Self::events),
        Method::new("policies", Self::policies),
        Method::new("init", Self::init),
        Method::new("isReady", Self::is_ready),
        Method::new("version", Self::version),
    ];
}

impl Cupcake {
    fn eval(&self, arguments: &dyn Arguments) -> Answer {
        let profile = self.profiles.running();
        let _call = profile
            .as_deref()
            .map(|profile| profile.call("Cupcake.eval", arguments));
        self.hooks.check_recursion()?;
        let engine = self.source.engine()?;
        let event = self.event("Cupcake.eval", &engine, arguments)?;
        let decision = self.decide(&engine, &event, profile.as_deref(), arguments);
        Ok(ScriptValue::Data(decision))
    }

    fn eval_batch(&self, arguments: &dyn Arguments) -> Answer {
        let profile = self.profiles.running();
        let _call = profile
            .as_deref()
            .map(|profile| profile.call("Cupcake.evalBatch", arguments));
        self.hooks.check_recursion()?;
        let engine = self.source.engine()?;
        let given = arguments.data(0, &self.limits)?;
        let events = match &given {
            Value::Array(events) => events.to_vec(),
            // An empty table is a map in Lua as long as nobody says otherwise.
            Value::Object(fields) if fields.is_empty() => Vec::new(),
            _ => {
                return Err(expected(
                    "Cupcake.evalBatch",
                    "a list of events",
                    arguments,
                    0,
                ));
            }
        };
        let mut decisions = Vec::with_capacity(events.len());
        for (index, event) in events.into_iter().enumerate() {
            // Each event may take its time, and the script's own must not pass unseen meanwhile.
            if let Some(reason) = arguments.stop_reason() {
                return Err(ScriptError::stopped(reason));
            }
            let event = Event::from_value(event, engine.event_limits())
                .map_err(|error| from_event(&error, Some(index + 1)))?;
            let decision = self.decide(&engine, &event, profile.as_deref(), arguments);
            decisions.push(ScriptValue::Data(decision));
        }
        Ok(ScriptValue::List(decisions))
    }

    fn explain(&self, arguments: &dyn Arguments) -> Answer {
        self.hooks.check_recursion()?;
        let engine = self.source.engine()?;
        let event = self.event("Cupcake.explain", &engine, arguments)?;
        let explanation = self.hooks.deciding(arguments, &self.limits, |hooks| {
            engine.explain_with(&event, hooks)
        });
        if let Some(reason) = arguments.stop_reason() {
            return Err(ScriptError::stopped(reason));
        }
        let shown = serde_json::to_string(&explanation)
            .ok()
            .and_then(|text| Value::from_json_str(&text).ok());
        let shown = shown
            .ok_or_else(|| ScriptError::internal("the explanation cannot be written as data"))?;
        Ok(ScriptValue::Data(shown))
    }

    fn policy(&self, arguments: &dyn Arguments) -> Answer {
        self.hooks.register(arguments, &self.limits)?;
        Ok(true.into())
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
        let registered = self.hooks.summaries();
        let all = engine.policies();
        let all = all.iter().chain(&registered);
        Ok(ScriptValue::List(all.map(shown_policy).collect()))
    }

    fn init(&self, arguments: &dyn Arguments) -> Answer {
        self.hooks.check_recursion()?;
        let options = self.init_options(arguments)?;
        let project = match arguments.kind(0) {
            ValueKind::Text => self
                .source
                .allowed(&arguments.text(0).unwrap_or_default())?,
            ValueKind::Nil => match (&self.source.project, arguments.kind(1)) {
                (Some(project), ValueKind::Structure) => project.clone(),
                _ => return self.source.engine().map(|_| true.into()),
            },
            _ => {
                return Err(expected(
                    "Cupcake.init",
                    "the path of a project",
                    arguments,
                    0,
                ));
            }
        };
        self.source.replace(&project, &options)?;
        Ok(true.into())
    }

    /// The host's options with what a script may change of them: whose policies are loaded.
    fn init_options(&self, arguments: &dyn Arguments) -> Result<EngineOptions, ScriptError> {
        let mut options = self.source.options.clone();
        let given = match arguments.kind(1) {
            ValueKind::Nil => return Ok(options),
            _ => arguments.data(1, &self.limits)?,
        };
        let Value::Object(given) = given else {
            return Err(expected(
                "Cupcake.init",
                "a table or object of options",
                arguments,
                1,
            ));
        };
        for (name, value) in given.iter() {
            let known = Value::from("harness");
            let harness = value
                .as_string()
                .ok()
                .and_then(|name| Harness::from_name(name));
            match harness {
                Some(harness) if *name == known => options.harness = Some(harness),
                _ => {
                    let what = "only the option `harness`: claude, cursor, factory or opencode";
                    return Err(expected("Cupcake.init", what, arguments, 1));
                }
            }
        }
        Ok(options)
    }

    fn is_ready(&self, _: &dyn Arguments) -> Answer {
        Ok(self.source.is_loaded().into())
    }

    fn version(&self, _: &dyn Arguments) -> Answer {
        Ok(env!("CARGO_PKG_VERSION").into())
    }

    /// The event of a call: a table or an object, or JSON text.
    fn event(
        &self,
        function: &str,
        engine: &PolicyEngine,
        arguments: &dyn Arguments,
    ) -> Result<Event, ScriptError> {
        match arguments.kind(0) {
            ValueKind::Structure => {
                Event::from_value(arguments.data(0, &self.limits)?, engine.event_limits())
            }
            ValueKind::Text => {
                // Exactly as it is: the policies must not judge another text than the agent sent.
                let text = arguments.exact_text(0).transpose()?.unwrap_or_default();
                Event::parse(text.as_bytes(), engine.event_limits())
            }
            _ => {
                return Err(expected(
                    function,
                    "an event: a table, an object or JSON text",
                    arguments,
                    0,
                ));
            }
        }
        .map_err(|error| from_event(&error, None))
    }

    fn decide(
        &self,
        engine: &PolicyEngine,
        event: &Event,
        profile: Option<&RunningProfile>,
        arguments: &dyn Arguments,
    ) -> Value {
        let host = self.bridge.host();
        let slow = host.slow_threshold(SlowOperation::Evaluation);
        let mut policies = slow.map(|_| PolicyTimes::new(host.clock()));
        let decision = self.hooks.deciding(arguments, &self.limits, |hooks| {
            let evaluate = |probe| engine.evaluate_with(event, hooks, probe);
            match (profile, &mut policies) {
                (None, None) => evaluate(None),
                (Some(profile), None) => evaluate(Some(&mut EvaluationFrames(profile))),
                (None, Some(policies)) => evaluate(Some(policies)),
                (Some(profile), Some(policies)) => {
                    evaluate(Some(&mut Both(EvaluationFrames(profile), policies)))
                }
            }
        });
        let took = decision_time(&decision);
        self.bridge
            .manager()
            .profiler()
            .record("Cupcake.eval", took);
        self.evaluated.add(took);
        slow_evaluation::report(host, &decision, policies, || arguments.place());
        let decision = decision.to_value();
        if let Some(observer) = &self.observer {
            observer.decided(event.value(), &decision);
        }
        decision
    }
}

fn expected(function: &str, what: &str, arguments: &dyn Arguments, at: usize) -> ScriptError {
    let given = arguments.kind(at).name();
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
