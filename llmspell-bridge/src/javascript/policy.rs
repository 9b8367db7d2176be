//! Policies in JavaScript: one context for all of them, frozen before the first one runs.

mod deep_stack;
mod kept;
mod module;
mod registered;

use std::sync::Arc;

use llmspell_engine::Value;

use super::engine::{Installed, State, raised};
use super::profile::ProfileFeed;
use super::raw::{Given, Js, Kind, Local, Native, Outcome, Pending, Property, function};
use super::sandbox::settle;
use super::{convert, error};
use crate::arguments::DataLimits;
use crate::host_object::required_method;
use crate::policy_language::{
    Defined, LEFT_BEHIND, PolicyClock, PolicyPrints, PolicyState, Program, Said,
};
use crate::sandbox::{SandboxLimits, StopFlag, Stopper};
use crate::script_error::{Place, ScriptError, ScriptErrorKind};

pub(super) use kept::PolicyRealm;
pub(super) use registered::{call_kept, entries};

/// What runs in a new context before any policy does.
const PRELUDE: &str = include_str!("policy/prelude.js");

/// How many functions a policy may define.
const MOST_FUNCTIONS: usize = 10_000;

/// A state in which policies run.
///
/// INVARIANT: what policies share is frozen: the global object, all that can be reached from it, and the event. What a
/// policy makes lives in the closures of one call of its module.
pub(super) struct JavaScriptPolicies {
    stop: Arc<StopFlag>,
    clock: Arc<PolicyClock>,
    prints: Arc<PolicyPrints>,
    state: State,
    /// How many modules the context keeps.
    compiled: usize,
}

impl JavaScriptPolicies {
    pub(super) fn open(limits: &SandboxLimits) -> Result<Self, ScriptError> {
        let stop = Arc::new(StopFlag::default());
        let clock = Arc::new(PolicyClock::default());
        let prints = Arc::new(PolicyPrints::default());
        let state = State::open(limits, &stop, &Arc::new(ProfileFeed::default()))?;
        let console = prints.console();
        state.install(&Installed::Function {
            global: "print".to_owned(),
            index: required_method(&*console, "print")?,
            object: Arc::clone(&console),
        })?;
        state.install(&Installed::Object {
            global: "console".to_owned(),
            object: console,
        })?;
        state.within(|js| prepare(js, &clock).map_err(|Pending| raised(js)))?;
        Ok(Self {
            stop,
            clock,
            prints,
            state,
            compiled: 0,
        })
    }
}

/// A function that gives a number of the decision's clock.
struct Reading(Arc<PolicyClock>, fn(&PolicyClock) -> f64);

impl Native for Reading {
    fn call<'js>(&self, js: Js<'js>, _: &Local<'js>, _: Given<'js>) -> Outcome<Local<'js>> {
        Ok(js.number(self.1(&self.0)))
    }
}

/// Notes a getter that only gives a value.
struct Trust;

impl Native for Trust {
    fn call<'js>(&self, js: Js<'js>, _: &Local<'js>, given: Given<'js>) -> Outcome<Local<'js>> {
        let mut policies = js.realm().policies.borrow_mut();
        policies.trusted.extend(given.get(0).address());
        Ok(js.undefined())
    }
}

fn prepare(js: Js<'_>, clock: &Arc<PolicyClock>) -> Outcome<()> {
    let reading = |name, read| function(js, name, Reading(Arc::clone(clock), read));
    let given = [
        reading("now", PolicyClock::milliseconds)?,
        reading("random", PolicyClock::random)?,
        function(js, "trust", Trust)?,
    ];
    let prelude = js.evaluate(js.compile(PRELUDE, "(host)", false)?)?;
    let traced = prelude.call(&js.undefined(), &given)?;
    js.realm().policies.borrow_mut().traced = Some(traced.keep());
    Ok(())
}

/// The function that runs a policy's module.
fn module<'js>(js: Js<'js>, program: &Program) -> Result<Local<'js>, ScriptError> {
    let known = js.realm().policies.borrow();
    if let Some(module) = known.modules.get(&program.number) {
        return Ok(module.get(js));
    }
    drop(known);
    let uncompiled = |Pending| error::uncompiled(&js.take_exception());
    // First as what it is: the engine says best what is wrong with it, and bounds how deeply it is nested.
    drop(
        js.compile_module(&program.text, &program.file)
            .map_err(uncompiled)?,
    );
    let text = module::as_function(&program.text).map_err(|(message, line)| {
        let place = Place {
            file: program.file.clone(),
            line,
            column: None,
        };
        ScriptError::new(ScriptErrorKind::Syntax, message).at(Some(place))
    })?;
    let compiled = js
        .compile(&text, &program.file, false)
        .map_err(uncompiled)?;
    let module = js.evaluate(compiled).map_err(|Pending| raised(js))?;
    let mut policies = js.realm().policies.borrow_mut();
    policies
        .modules
        .insert(program.number, module.clone().keep());
    Ok(module)
}

/// What a module exports: functions by their names, in the order of the names.
fn exports<'js>(exported: &Local<'js>) -> Result<Vec<(String, Local<'js>)>, ScriptError> {
    let js = exported.js();
    let wrong = |what: String| ScriptError::new(ScriptErrorKind::Syntax, what);
    if exported.class() != js.realm().plain || exported.kind() != Kind::Object {
        let what = "the policy exports no plain object of functions";
        return Err(wrong(what.to_owned()));
    }
    let keys = exported.all_keys().map_err(|Pending| raised(js))?;
    if keys.len() > MOST_FUNCTIONS {
        return Err(wrong("the policy exports too many names".to_owned()));
    }
    let mut found = Vec::with_capacity(keys.len());
    for atom in keys.iter() {
        let name = js.name(atom).map_err(|Pending| raised(js))?.lossy();
        match exported.property(atom).map_err(|Pending| raised(js))? {
            Property::Value(value) => found.push((name, value)),
            _ => return Err(wrong(format!("`{name}` is computed by a getter"))),
        }
    }
    found.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    Ok(found)
}

fn defined(name: &str, value: &Local<'_>) -> Defined {
    Defined {
        name: name.to_owned(),
        line: line_of(value),
        not_a_function: (!value.is_function()).then(|| kind_of(value).to_owned()),
    }
}

/// The line where a function is defined; a proxy is asked nothing.
fn line_of(value: &Local<'_>) -> Option<u32> {
    let js = value.js();
    if !value.is_function() || value.is_proxy() {
        return None;
    }
    let getter = js.realm().originals.line_of(js);
    match settle(js, getter.call(value, &[]))?.kind() {
        Kind::Integer(line) => u32::try_from(line).ok(),
        _ => None,
    }
}

fn kind_of(value: &Local<'_>) -> &'static str {
    match value.kind() {
        Kind::Undefined => "undefined",
        Kind::Null => "null",
        Kind::Bool(_) => "a boolean",
        Kind::Integer(_) | Kind::Float(_) | Kind::BigInteger => "a number",
        Kind::Text => "a string",
        _ => "an object",
    }
}

/// The event as an object that all policies of a decision get.
fn event<'js>(js: Js<'js>, input: &Value) -> Result<Local<'js>, ScriptError> {
    let known = js.realm().policies.borrow();
    if let Some((event, kept)) = &known.event
        && is_same(event, input)
    {
        return Ok(kept.get(js));
    }
    drop(known);
    let made = convert::from_data(js, input, true).map_err(|Pending| raised(js))?;
    let mut policies = js.realm().policies.borrow_mut();
    let old = policies.event.replace((input.clone(), made.clone().keep()));
    drop(policies);
    if let Some((_, old)) = old {
        old.release(js);
    }
    Ok(made)
}

/// Whether both are one event: what is shared does not change.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            std::ptr::eq(&raw const **one, &raw const **other)
        }
        _ => false,
    }
}

fn kept_function(js: Js<'_>, place: usize) -> Result<Local<'_>, ScriptError> {
    let policies = js.realm().policies.borrow();
    let function = policies.functions.get(place);
    function
        .map(|function| function.get(js))
        .ok_or_else(|| ScriptError::internal("the policy has no such function"))
}

fn call(js: Js<'_>, place: usize, input: Option<&Value>) -> Result<Said, ScriptError> {
    let function = kept_function(js, place)?;
    let given: Vec<_> = input
        .map(|input| event(js, input))
        .transpose()?
        .into_iter()
        .collect();
    let returned = function
        .call(&js.undefined(), &given)
        .map_err(|Pending| raised(js))?;
    match returned.kind() {
        Kind::Undefined => Ok(Said::Nothing),
        _ => convert::to_data(&returned, &DataLimits::default()).map(Said::Value),
    }
}

fn trace(js: Js<'_>, place: usize, input: &Value) -> Result<Vec<String>, ScriptError> {
    let function = kept_function(js, place)?;
    let event = event(js, input)?;
    let traced = js.realm().policies.borrow();
    let Some(traced) = traced.traced.as_ref().map(|traced| traced.get(js)) else {
        return Ok(Vec::new());
    };
    let made = traced
        .call(&js.undefined(), &[event])
        .map_err(|Pending| raised(js))?;
    let part = |at| match made.element(at) {
        Ok(Property::Value(value)) => Ok(value),
        _ => Err(ScriptError::internal("the event cannot be traced")),
    };
    let (stand_in, paths) = (part(0)?, part(1)?);
    // What it raises was raised before, with the event itself.
    if let Err(Pending) = function.call(&js.undefined(), &[stand_in]) {
        drop(js.take_exception());
    }
    match convert::to_data(&paths, &DataLimits::default())? {
        Value::Array(paths) => Ok(paths
            .iter()
            .filter_map(|path| path.as_string().ok().map(|path| path.to_string()))
            .collect()),
        _ => Ok(Vec::new()),
    }
}

/// Looks at what a policy left behind: nobody would hear of what it does after its answer.
fn check_left(js: Js<'_>) -> Result<(), ScriptError> {
    let rejections = js.realm().rejections.take();
    let unhandled = rejections.first(js).is_some();
    rejections.release(js);
    if js.has_jobs() || unhandled {
        return Err(ScriptError::new(ScriptErrorKind::Runtime, LEFT_BEHIND));
    }
    Ok(())
}

impl PolicyState for JavaScriptPolicies {
    fn stopper(&self) -> Arc<dyn Stopper> {
        Arc::<StopFlag>::clone(&self.stop)
    }

    fn clock(&self) -> &PolicyClock {
        &self.clock
    }

    fn prints(&self) -> &PolicyPrints {
        &self.prints
    }

    fn begin(&mut self, program: &Program) -> Result<Vec<Defined>, ScriptError> {
        let (found, compiled) = self.state.within(|js| {
            let module = module(js, program)?;
            let exported = module
                .call(&js.undefined(), &[])
                .map_err(|Pending| raised(js))?;
            let functions = exports(&exported)?;
            let found: Vec<_> = functions
                .iter()
                .map(|(name, value)| defined(name, value))
                .collect();
            let mut policies = js.realm().policies.borrow_mut();
            policies.end(js);
            policies.functions = functions
                .into_iter()
                .map(|(_, value)| value.keep())
                .collect();
            Ok((found, policies.modules.len()))
        })?;
        self.compiled = compiled;
        Ok(found)
    }

    fn call(&mut self, function: usize, input: Option<&Value>) -> Result<Said, ScriptError> {
        self.state.within(|js| call(js, function, input))
    }

    fn trace(&mut self, function: usize, input: &Value) -> Result<Vec<String>, ScriptError> {
        self.state.within(|js| trace(js, function, input))
    }

    fn end(&mut self) -> Result<(), ScriptError> {
        self.state.within(|js| {
            js.realm().policies.borrow_mut().end(js);
            check_left(js)
        })
    }

    fn compiled(&self) -> usize {
        self.compiled
    }
}
