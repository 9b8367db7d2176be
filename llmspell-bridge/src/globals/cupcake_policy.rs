//! `Cupcake.policy`: policies that a script registers, and how they are asked in the script's own state.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use llmspell_engine::{
    Answers, Definition, Evaluator, Hook, HookDescription, HookPolicy, Moment, PolicyExplanation,
    PolicyFault, PolicySummary, RuleExplanation, RuleOutcome, Value, Verb,
};
use llmspell_utils::nearest;
use parking_lot::RwLock;

use crate::arguments::{Arguments, DataLimits, Entry, EntryValue, KeptFunction, ValueKind};
use crate::policy_language::{RECURSION, fault, say, verb_of};
use crate::sandbox::{StopReason, Stopper, alarm};
use crate::script_engine::Script;
use crate::script_error::{ScriptError, ScriptErrorKind};

/// How many policies the scripts of one host may register: each is asked in turn for every event.
const MOST: usize = 1_000;

/// What a policy of a script may say of itself besides its verbs.
const KEYS: [&str; 5] = ["id", "title", "severity", "events", "tools"];

/// The policies that the scripts of one host registered.
#[derive(Debug, Default)]
pub(crate) struct ScriptHooks {
    registered: RwLock<Arc<Vec<Registered>>>,
    /// The script that runs or ran last.
    script: RwLock<Option<Arc<Script>>>,
    /// Whether a decision is being made that asks them.
    deciding: AtomicBool,
}

/// One policy with its functions.
#[derive(Debug, Clone)]
struct Registered {
    policy: Arc<HookPolicy>,
    functions: Arc<[(Verb, KeptFunction)]>,
    script: Arc<Script>,
    /// Whether the state that had its functions is gone. It goes on to be asked, and cannot answer: a policy that is
    /// lost must not become an allow.
    is_gone: bool,
}

impl ScriptHooks {
    /// A script runs from now on.
    pub(crate) fn running(&self, script: &Script) {
        let mut running = self.script.write();
        if running.as_deref() != Some(script) {
            *running = Some(Arc::new(script.clone()));
        }
    }

    /// The state that has the functions of all policies is gone: each is an error until it is registered anew.
    pub(crate) fn state_is_gone(&self) {
        let mut all = self.registered.write();
        if !all.is_empty() {
            for registered in Arc::make_mut(&mut all) {
                registered.is_gone = true;
            }
        }
    }

    /// Registers the policy that the first argument of a call describes.
    pub(super) fn register(
        &self,
        arguments: &dyn Arguments,
        limits: &DataLimits,
    ) -> Result<(), ScriptError> {
        self.check_recursion()?;
        let place = arguments.place();
        let wrong = |message: String| {
            ScriptError::new(ScriptErrorKind::Argument, message).at(place.clone())
        };
        if arguments.kind(0) != ValueKind::Structure {
            let given = arguments.kind(0).name();
            return Err(wrong(format!("Cupcake.policy takes a policy, got {given}")));
        }
        let entries = arguments
            .entries(0, limits)
            .map_err(|error| wrong(error.message().to_owned()))?;
        let script = self.script.read().clone().unwrap_or_else(|| {
            // An embedder's own engine may run what this host knows nothing of.
            Arc::new(Script::new("script", ""))
        });
        let described = Described::of(&entries).map_err(&wrong)?;
        let description = HookDescription {
            id: described.text("id").unwrap_or_default(),
            title: described.text("title").unwrap_or_default(),
            severity: described.text("severity"),
            events: described.names("events").map_err(&wrong)?,
            tools: described.names("tools").map_err(&wrong)?,
            file: place.as_ref().map_or(&script.name, |place| &place.file),
            line: place.as_ref().map_or(1, |place| place.line),
            definitions: described.definitions(),
            source: &script.source,
        };
        let policy = HookPolicy::new(description).map_err(|fault| wrong(fault.message))?;
        let functions = described.functions.into();
        self.add(Registered {
            policy: Arc::new(policy),
            functions,
            script,
            is_gone: false,
        })
        .map_err(wrong)
    }

    fn add(&self, registered: Registered) -> Result<(), String> {
        let mut all = self.registered.write();
        let id = Arc::clone(&registered.policy.summary().id);
        let same = |known: &Registered| known.policy.summary().id == id;
        if let Some(known) = all.iter().find(|known| same(known) && !known.is_gone) {
            let file = &known.policy.summary().file;
            return Err(format!(
                "the policy `{id}` is registered already, in `{file}`"
            ));
        }
        if all.len() >= MOST {
            return Err(format!("there are {MOST} policies of scripts already"));
        }
        let all = Arc::make_mut(&mut all);
        match all.iter().position(same) {
            Some(place) => all.splice(place..=place, [registered]).for_each(drop),
            None => all.push(registered),
        }
        Ok(())
    }

    /// What is known of each policy.
    pub(super) fn summaries(&self) -> Vec<PolicySummary> {
        let registered = self.registered.read();
        let summaries = registered
            .iter()
            .map(|known| known.policy.summary().clone());
        summaries.collect()
    }

    /// Refuses what a policy must not do while it is part of a decision.
    pub(super) fn check_recursion(&self) -> Result<(), ScriptError> {
        // Relaxed: the scripts of a host run on one thread at a time.
        if !self.deciding.load(Ordering::Relaxed) {
            return Ok(());
        }
        Err(ScriptError::new(ScriptErrorKind::Runtime, RECURSION)
            .with_help("let the policy return what it has to say"))
    }

    /// Makes a decision with the policies of the scripts.
    pub(super) fn deciding<T>(
        &self,
        arguments: &dyn Arguments,
        limits: &DataLimits,
        decide: impl FnOnce(&[Hook<'_>]) -> T,
    ) -> T {
        let registered = Arc::clone(&self.registered.read());
        if registered.is_empty() {
            return decide(&[]);
        }
        let evaluators: Vec<_> = registered
            .iter()
            .map(|registered| HookEvaluator {
                registered,
                arguments,
                limits,
            })
            .collect();
        let hooks: Vec<_> = registered
            .iter()
            .zip(&evaluators)
            .map(|(known, evaluator)| Hook {
                policy: &known.policy,
                evaluator,
            })
            .collect();
        let _deciding = Deciding::begin(&self.deciding);
        decide(&hooks)
    }
}

/// A decision that is being made; it ends whatever becomes of it.
struct Deciding<'a>(&'a AtomicBool);

impl<'a> Deciding<'a> {
    fn begin(flag: &'a AtomicBool) -> Self {
        flag.store(true, Ordering::Relaxed);
        Self(flag)
    }
}

impl Drop for Deciding<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// What a script says of a policy.
struct Described<'a> {
    data: Vec<(&'a str, &'a Value)>,
    functions: Vec<(Verb, KeptFunction)>,
}

impl<'a> Described<'a> {
    fn of(entries: &'a [Entry]) -> Result<Self, String> {
        let mut described = Self {
            data: Vec::new(),
            functions: Vec::new(),
        };
        for entry in entries {
            described.add(&entry.name, &entry.value)?;
        }
        described.functions.sort_unstable_by_key(|(verb, _)| *verb);
        Ok(described)
    }

    fn add(&mut self, name: &'a str, value: &'a EntryValue) -> Result<(), String> {
        match (verb_of(name), value) {
            (Some(verb), EntryValue::Function(function)) => self.functions.push((verb, *function)),
            (Some(_), _) => return Err(format!("`{name}` of the policy is no function")),
            (None, EntryValue::Data(value)) if KEYS.contains(&name) => {
                let is_list = matches!(name, "events" | "tools");
                let is_text = matches!(value, Value::String(_));
                if !is_list && !is_text {
                    return Err(format!("`{name}` of the policy is no string"));
                }
                self.data.push((name, value));
            }
            (None, _) if KEYS.contains(&name) => {
                return Err(format!("`{name}` of the policy is no data"));
            }
            (None, _) => {
                let known: Vec<&str> = KEYS.into_iter().chain(Verb::ALL.map(Verb::name)).collect();
                let near = nearest(name, &known);
                return Err(format!("a policy has no `{name}`: {near}"));
            }
        }
        Ok(())
    }

    fn value(&self, name: &str) -> Option<&'a Value> {
        let found = self.data.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| *value)
    }

    fn text(&self, name: &str) -> Option<&'a str> {
        match self.value(name)? {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// A list of names; one name may stand for a list of it.
    fn names(&self, name: &str) -> Result<Vec<String>, String> {
        let wrong = || format!("`{name}` of the policy is no list of names");
        let text = |value: &Value| match value {
            Value::String(text) => Ok(text.to_string()),
            _ => Err(wrong()),
        };
        match self.value(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(names)) => names.iter().map(text).collect(),
            Some(Value::Object(fields)) if fields.is_empty() => Ok(Vec::new()),
            Some(value) => Ok(vec![text(value)?]),
        }
    }

    fn definitions(&self) -> Vec<Definition> {
        let definitions = self.functions.iter().map(|(verb, function)| Definition {
            verb: *verb,
            line: function.line.unwrap_or(1),
            source: String::new(),
        });
        definitions.collect()
    }
}

/// Asks a policy of the script that makes a call, in the state of that script.
struct HookEvaluator<'a> {
    registered: &'a Registered,
    arguments: &'a dyn Arguments,
    limits: &'a DataLimits,
}

impl fmt::Debug for HookEvaluator<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.registered.fmt(formatter)
    }
}

/// Stops the policy that runs, and not its script.
struct PolicyStopper(Arc<dyn Stopper>);

impl Stopper for PolicyStopper {
    fn stop(&self, _: StopReason) {
        self.0.stop_policy();
    }

    fn clear(&self) {
        self.0.end_policy();
    }

    fn reason(&self) -> Option<StopReason> {
        self.0.reason()
    }
}

impl HookEvaluator<'_> {
    fn fault(&self, error: &ScriptError) -> PolicyFault {
        let script = &self.registered.script;
        fault(error, &script.name, &script.source)
    }

    /// Asks each verb, and says what came of it.
    fn ask(
        &self,
        input: &Value,
        moment: Moment,
        answers: &mut Answers<'_, '_>,
    ) -> Vec<(Verb, RuleOutcome)> {
        let stopper: Arc<dyn Stopper> = Arc::new(PolicyStopper(self.arguments.stopper()));
        let alarm = match alarm(moment.left, Arc::clone(&stopper)) {
            Ok(alarm) => alarm,
            Err(error) => {
                answers.fail(self.fault(&error));
                return Vec::new();
            }
        };
        let mut outcomes = Vec::new();
        for (verb, function) in self.registered.functions.iter() {
            let said = match stopper.reason() {
                Some(reason) => Err(ScriptError::stopped(reason)),
                None => self.arguments.call_kept(function, input, self.limits),
            };
            let said = match stopper.reason() {
                Some(reason) => Err(ScriptError::stopped(reason)),
                None => said,
            };
            let outcome = say(*verb, self.arguments.language(), answers, said, |error| {
                self.fault(error)
            });
            outcomes.push((*verb, outcome));
        }
        drop(alarm);
        stopper.clear();
        outcomes
    }
}

impl Evaluator for HookEvaluator<'_> {
    fn evaluate(&self, input: &Value, moment: Moment, answers: &mut Answers<'_, '_>) {
        self.ask(input, moment, answers);
    }

    fn explain(
        &self,
        input: &Value,
        moment: Moment,
        answers: &mut Answers<'_, '_>,
        explanation: &mut PolicyExplanation,
    ) {
        let begun = Instant::now();
        let outcomes = self.ask(input, moment, answers);
        explanation.took(begun.elapsed());
        let functions = self.registered.functions.iter();
        for ((verb, outcome), (_, function)) in outcomes.into_iter().zip(functions) {
            explanation.rules.push(RuleExplanation {
                name: verb.name().to_owned(),
                verb: Some(verb),
                file: Arc::clone(&explanation.file),
                line: function.line.unwrap_or(1),
                outcome,
                failed: None,
            });
        }
    }
}
