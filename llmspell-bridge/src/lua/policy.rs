//! Policies in Lua: one state for all of them, and an environment of its own for each evaluation.

mod trace;

use std::collections::HashMap;
use std::sync::Arc;

use llmspell_engine::Value as Data;
use mlua::{Function, Lua, MultiValue, Table, Value};

use crate::arguments::DataLimits;
use crate::lua::convert;
use crate::lua::engine::LuaEngine;
use crate::lua::error::from_mlua;
use crate::lua::shelf::shelf;
use crate::policy_language::{Defined, PolicyClock, PolicyPrints, PolicyState, Program, Said};
use crate::sandbox::{SandboxLimits, Stopper};
use crate::script_engine::{Script, ScriptEngine as _};
use crate::script_error::{ScriptError, ScriptErrorKind};

/// Where randomness begins in every evaluation: the same event must get the same decision.
const SEED: u32 = 20_240_229;

/// How many functions a policy may define.
const MOST_FUNCTIONS: usize = 10_000;

/// A state in which policies run.
///
/// INVARIANT: what policies share is read-only: the libraries, the metatable of strings, and the event. What a policy
/// makes lives in the closures and the environment of one evaluation.
pub(super) struct LuaPolicies {
    engine: LuaEngine,
    clock: Arc<PolicyClock>,
    prints: Arc<PolicyPrints>,
    /// The metatable of environments, which leads to the libraries.
    outside: Option<Table>,
    seed: Function,
    /// The compiled policies by their programs' numbers.
    chunks: HashMap<u64, Function>,
    /// The functions of the policy that began.
    functions: Vec<Function>,
    /// The last event and the same as a table, which no policy can change: all policies of a decision get the same.
    event: Option<(Data, Value)>,
}

impl LuaPolicies {
    pub(super) fn open(limits: &SandboxLimits) -> Result<Self, ScriptError> {
        let mut engine = LuaEngine::new(limits)?;
        let clock = Arc::new(PolicyClock::default());
        let prints = Arc::new(PolicyPrints::default());
        engine.install_function("print", &prints.console(), "print")?;
        let seed = one_time(&engine.lua, &clock).map_err(from_mlua)?;
        let outside = engine.environment()?.metatable();
        Ok(Self {
            engine,
            clock,
            prints,
            outside,
            seed,
            chunks: HashMap::new(),
            functions: Vec::new(),
            event: None,
        })
    }

    fn chunk(&mut self, program: &Program) -> Result<Function, ScriptError> {
        if let Some(chunk) = self.chunks.get(&program.number) {
            return Ok(chunk.clone());
        }
        let script = Script::new(program.file.as_str(), program.text.as_str());
        let chunk = self.engine.load(&script)?;
        self.chunks.insert(program.number, chunk.clone());
        Ok(chunk)
    }

    fn environment(&self) -> mlua::Result<Table> {
        let environment = self.engine.lua.create_table()?;
        environment.set_metatable(self.outside.clone())?;
        environment.set_safeenv(true);
        Ok(environment)
    }

    fn event(&mut self, input: &Data) -> Result<Value, ScriptError> {
        if let Some((known, value)) = &self.event
            && is_same(known, input)
        {
            return Ok(value.clone());
        }
        let value = convert::from_data(&self.engine.lua, input, true).map_err(from_mlua)?;
        self.event = Some((input.clone(), value.clone()));
        Ok(value)
    }

    fn function(&self, place: usize) -> Result<Function, ScriptError> {
        let function = self.functions.get(place).cloned();
        function.ok_or_else(|| ScriptError::internal("the policy has no such function"))
    }

    fn run(&self, function: Function, input: Option<Value>) -> Result<MultiValue, ScriptError> {
        let called = self.engine.call(function, input.into_iter().collect());
        called.map_err(|error| self.engine.explain(error))
    }
}

/// Whether both are one event: what is shared does not change.
fn is_same(one: &Data, other: &Data) -> bool {
    match (one, other) {
        (Data::Object(one), Data::Object(other)) => {
            std::ptr::eq(&raw const **one, &raw const **other)
        }
        _ => false,
    }
}

/// Gives the libraries the time of the decision, and gives the function that begins randomness anew.
fn one_time(lua: &Lua, clock: &Arc<PolicyClock>) -> mlua::Result<Function> {
    let globals = lua.globals();
    let os: Table = globals.raw_get("os")?;
    let seconds = |clock: &PolicyClock| (clock.milliseconds() / 1_000.0).floor();
    let (time, now): (Function, _) = (os.raw_get("time")?, Arc::clone(clock));
    let of_table = move |_: &Lua, of: Value| match of {
        Value::Nil => Ok(Value::Number(seconds(&now))),
        of => time.call(of),
    };
    os.raw_set("time", lua.create_function(of_table)?)?;
    let (date, now): (Function, _) = (os.raw_get("date")?, Arc::clone(clock));
    let at_time = move |lua: &Lua, (format, at): (Value, Value)| {
        let format = match format {
            Value::Nil => Value::String(lua.create_string("%c")?),
            format => format,
        };
        let at = match at {
            Value::Nil => Value::Number(seconds(&now)),
            at => at,
        };
        date.call::<Value>((format, at))
    };
    os.raw_set("date", lua.create_function(at_time)?)?;
    let now = Arc::clone(clock);
    let clock = move |_: &Lua, ()| Ok(now.milliseconds() / 1_000.0);
    os.raw_set("clock", lua.create_function(clock)?)?;
    globals.raw_get::<Table>("math")?.raw_get("randomseed")
}

/// What the top level of a policy returned: the functions by their names, in the order of the names.
fn functions_of(results: MultiValue) -> Result<Vec<(String, Value)>, ScriptError> {
    let wrong = |what: &str| {
        let message = format!("the policy returned {what}, not one table of functions");
        Err(ScriptError::new(ScriptErrorKind::Syntax, message))
    };
    let mut results = results.into_iter();
    let table = match (results.next(), results.next()) {
        (Some(Value::Table(table)), None) => table,
        (None | Some(Value::Nil), _) => return wrong("nothing"),
        (Some(_), Some(_)) => return wrong("more than one value"),
        (Some(other), None) => return wrong(&format!("a {}", other.type_name())),
    };
    if table.metatable().is_some() {
        return wrong("a table with a metatable");
    }
    let mut functions = Vec::new();
    for pair in table.pairs::<Value, Value>() {
        match pair.map_err(from_mlua)? {
            (Value::String(name), function) if functions.len() < MOST_FUNCTIONS => {
                functions.push((name.to_string_lossy(), function));
            }
            (Value::String(_), _) => return wrong("a table of too many entries"),
            _ => return wrong("a list"),
        }
    }
    functions.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    Ok(functions)
}

fn defined(name: &str, value: &Value) -> Defined {
    let line = match value {
        Value::Function(function) => function.info().line_defined,
        _ => None,
    };
    Defined {
        name: name.to_owned(),
        line: line.and_then(|line| u32::try_from(line).ok()),
        not_a_function: (!value.is_function()).then(|| format!("a {}", value.type_name())),
    }
}

impl PolicyState for LuaPolicies {
    fn stopper(&self) -> Arc<dyn Stopper> {
        self.engine.stopper()
    }

    fn clock(&self) -> &PolicyClock {
        &self.clock
    }

    fn prints(&self) -> &PolicyPrints {
        &self.prints
    }

    fn begin(&mut self, program: &Program) -> Result<Vec<Defined>, ScriptError> {
        let chunk = self.chunk(program)?;
        let fresh = || {
            self.seed.call::<()>(SEED)?;
            chunk.set_environment(self.environment()?)
        };
        fresh().map_err(from_mlua)?;
        let results = self.run(chunk, None)?;
        let functions = functions_of(results)?;
        let found = functions
            .iter()
            .map(|(name, value)| defined(name, value))
            .collect();
        // What is no function keeps its place, and is refused before it is called.
        self.functions = functions
            .into_iter()
            .map_while(|(_, value)| value.as_function().cloned())
            .collect();
        Ok(found)
    }

    fn call(&mut self, function: usize, input: Option<&Data>) -> Result<Said, ScriptError> {
        let input = input.map(|input| self.event(input)).transpose()?;
        let mut results = self.run(self.function(function)?, input)?;
        let first = results.pop_front().unwrap_or(Value::Nil);
        if results.iter().any(|value| !value.is_nil()) {
            return Ok(Said::Several);
        }
        if first.is_nil() {
            return Ok(Said::Nothing);
        }
        let lua = &self.engine.lua;
        let data = shelf(lua)?.data(lua, &first, &DataLimits::default());
        data.map(Said::Value)
            .map_err(|error| self.engine.explain(error))
    }

    fn trace(&mut self, function: usize, input: &Data) -> Result<Vec<String>, ScriptError> {
        let event = self.event(input)?;
        let traced = trace::Traced::new(&self.engine.lua, event).map_err(from_mlua)?;
        // What it raises was raised before, with the event itself.
        drop(self.run(self.function(function)?, Some(traced.event())));
        Ok(traced.paths())
    }

    fn end(&mut self) -> Result<(), ScriptError> {
        self.functions.clear();
        Ok(())
    }

    fn compiled(&self) -> usize {
        self.chunks.len()
    }
}
