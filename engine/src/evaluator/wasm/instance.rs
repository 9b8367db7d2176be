//! One running module: it takes an input, answers entry points, and gives its memory back for the next input.

use std::sync::Arc;
use std::time::Instant;

use wasmtime::{
    Instance as Linked, Memory, MemoryType, Module, Store, TypedFunc, UpdateDeadline, WasmParams,
    WasmResults,
};

use super::fault;
use super::imports::{self, Exports, Functions, State};
use super::runtime::{self, MAX_MEMORY, Time};
use super::wire;
use crate::evaluator::PolicyFault;
use crate::rego_builtins::BuiltinErrorKind;
use crate::value::Value;

/// Bytes of a page of WebAssembly.
const PAGE: u64 = 65_536;
const MEMORY: &str = "memory";

/// An instance with its store; no two calls use it at once.
pub(super) struct Instance {
    store: Store<State>,
    linked: Linked,
    exports: Exports,
    calls: Calls,
    /// The address of the data document; 0 is none.
    data: i32,
    /// Where the heap begins that belongs to one input.
    heap: i32,
    /// The address of the input; 0 is none.
    input: i32,
}

impl std::fmt::Debug for Instance {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Instance")
            .field("heap", &self.heap)
            .finish_non_exhaustive()
    }
}

/// The functions of the module that evaluate.
struct Calls {
    heap_get: TypedFunc<(), i32>,
    heap_set: TypedFunc<i32, ()>,
    context: TypedFunc<(), i32>,
    set_input: TypedFunc<(i32, i32), ()>,
    set_data: TypedFunc<(i32, i32), ()>,
    set_entry: TypedFunc<(i32, i32), ()>,
    eval: TypedFunc<i32, i32>,
    result: TypedFunc<i32, i32>,
}

impl Instance {
    /// Makes an instance and loads the data document into it.
    pub(super) fn new(
        module: &Module,
        functions: Arc<Functions>,
        data: &str,
        time: Time,
    ) -> Result<Self, PolicyFault> {
        let engine = runtime::engine()?;
        let mut store = Store::new(engine, State::new(functions, time));
        store.limiter(|state| &mut state.limiter);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|store| {
            if Instant::now() >= store.data().time.until {
                Ok(UpdateDeadline::Interrupt)
            } else {
                Ok(UpdateDeadline::Continue(1))
            }
        });
        let linked = link(&mut store, module)?;
        let exports = exports(&mut store, &linked)?;
        store.data_mut().exports = Some(exports.clone());
        let calls = Calls::of(&mut store, &linked)?;
        let mut instance = Self {
            store,
            linked,
            exports,
            calls,
            data: 0,
            heap: 0,
            input: 0,
        };
        instance.data = instance.parsed(data)?;
        let heap_get = instance.calls.heap_get.clone();
        instance.heap = instance.call(&heap_get, ())?;
        Ok(instance)
    }

    /// Gives the module an input, after the memory of the one before was taken back.
    ///
    /// After a fault the instance must not be used again.
    pub(super) fn begin(&mut self, input: Option<&str>, time: Time) -> Result<(), PolicyFault> {
        let state = self.store.data_mut();
        state.time = time;
        state.prints.clear();
        state.first_error = None;
        let heap_set = self.calls.heap_set.clone();
        self.call(&heap_set, self.heap)?;
        self.input = match input {
            Some(input) => self.parsed(input)?,
            None => 0,
        };
        Ok(())
    }

    /// What an entry point says; undefined if it says nothing.
    pub(super) fn answer(&mut self, entry: i32) -> Result<Value, PolicyFault> {
        let calls = self.calls.clone();
        let context = self.call(&calls.context, ())?;
        if self.input != 0 {
            self.call(&calls.set_input, (context, self.input))?;
        }
        self.call(&calls.set_data, (context, self.data))?;
        self.call(&calls.set_entry, (context, entry))?;
        match self.call(&calls.eval, context)? {
            0 => {}
            code => {
                return Err(fault::evaluation(format!(
                    "the module failed with the code {code}"
                )));
            }
        }
        let result = self.call(&calls.result, context)?;
        only_result(self.dumped(result)?)
    }

    /// What was printed since the last look.
    pub(super) fn take_prints(&mut self) -> Vec<String> {
        self.store.data_mut().take_prints()
    }

    /// What kind of error the first function had that failed.
    pub(super) fn first_error(&self) -> Option<BuiltinErrorKind> {
        self.store.data().first_error
    }

    /// Takes over which function each number stands for.
    pub(super) fn know(&mut self, functions: Arc<Functions>) {
        self.store.data_mut().functions = functions;
    }

    /// The value that a function without arguments gives.
    pub(super) fn table(&mut self, name: &str) -> Result<Value, PolicyFault> {
        let function = function::<(), i32>(&mut self.store, &self.linked, name)?;
        let address = self.call(&function, ())?;
        self.dumped(address)
    }

    /// The number of a constant.
    pub(super) fn constant(&mut self, name: &str) -> Option<i32> {
        let global = self.linked.get_global(&mut self.store, name)?;
        global.get(&mut self.store).i32()
    }

    fn parsed(&mut self, text: &str) -> Result<i32, PolicyFault> {
        let length = i32::try_from(text.len()).map_err(|_| fault::memory())?;
        let (malloc, parse) = (
            self.exports.malloc.clone(),
            self.exports.value_parse.clone(),
        );
        let address = self.call(&malloc, length)?;
        let memory = self.exports.memory;
        imports::write_at(memory.data_mut(&mut self.store), address, text.as_bytes())?;
        match self.call(&parse, (address, length))? {
            0 => Err(fault::evaluation("the module cannot read its input")),
            value => Ok(value),
        }
    }

    fn dumped(&mut self, value: i32) -> Result<Value, PolicyFault> {
        let dump = self.exports.value_dump.clone();
        let address = self.call(&dump, value)?;
        let memory = self.exports.memory.data(&self.store);
        let text = imports::text_at(memory, address, imports::MAX_TEXT)?;
        wire::read(text)
            .map_err(|error| fault::malformed(format!("what the module says is no value: {error}")))
    }

    fn call<P: WasmParams, R: WasmResults>(
        &mut self,
        function: &TypedFunc<P, R>,
        parameters: P,
    ) -> Result<R, PolicyFault> {
        if Instant::now() >= self.store.data().time.until {
            return Err(fault::timeout());
        }
        let outcome = function.call(&mut self.store, parameters);
        let refused = self.store.data().limiter.refused;
        match outcome {
            // What goes on without the memory that it wanted has not said everything.
            Ok(_) if refused => Err(fault::memory()),
            outcome => outcome.map_err(|error| fault::of_call(&error, refused)),
        }
    }
}

/// The one result of an entry point: OPA gives a set with one object, or nothing.
fn only_result(results: Value) -> Result<Value, PolicyFault> {
    let results: Vec<Value> = match results {
        Value::Set(results) => results.iter().cloned().collect(),
        Value::Array(results) => results.iter().cloned().collect(),
        _ => return Err(fault::malformed("the module gives no list of results")),
    };
    match results.as_slice() {
        [] => Ok(Value::Undefined),
        [Value::Object(result)] => match result.get(&Value::from("result")) {
            Some(value) if result.len() == 1 => Ok(value.clone()),
            _ => Err(fault::malformed(
                "the result of the module is not an object with `result`",
            )),
        },
        [_] => Err(fault::malformed(
            "the result of the module is not an object",
        )),
        several => Err(fault::malformed(format!(
            "the module gives {} results instead of one",
            several.len()
        ))),
    }
}

fn link(store: &mut Store<State>, module: &Module) -> Result<Linked, PolicyFault> {
    let cannot =
        |error: &wasmtime::Error| fault::load(format!("the module cannot be linked: {error}"));
    let mut linker = imports::linker(store.engine()).map_err(|error| cannot(&error))?;
    if let Some(wanted) = wanted_memory(module) {
        let memory = own_memory(store, &wanted, image_pages(module))?;
        linker
            .define(&mut *store, imports::MODULE, MEMORY, memory)
            .map_err(|error| cannot(&error))?;
    }
    linker.instantiate(&mut *store, module).map_err(|error| {
        let is_of_start = error.is::<wasmtime::Trap>() || error.is::<fault::Carried>();
        let refused = store.data().limiter.refused;
        if is_of_start || refused {
            fault::of_call(&error, refused)
        } else {
            cannot(&error)
        }
    })
}

/// The memory that the module imports.
fn wanted_memory(module: &Module) -> Option<MemoryType> {
    let mut imports = module.imports();
    imports.find_map(|import| {
        let is_memory = import.module() == imports::MODULE && import.name() == MEMORY;
        is_memory.then(|| import.ty().memory().cloned()).flatten()
    })
}

/// The pages that all data of the module would fill.
fn image_pages(module: &Module) -> u64 {
    let image = module.image_range();
    let bytes = image.end.addr().saturating_sub(image.start.addr());
    u64::try_from(bytes).map_or(u64::MAX, |bytes| bytes / PAGE + 1)
}

/// A memory as large as the module wants, and a little more, within the limit.
///
/// OPA 1.7.1 now and then wants a page less than its last constants need, and then no instance can be made.
fn own_memory(
    store: &mut Store<State>,
    wanted: &MemoryType,
    more: u64,
) -> Result<Memory, PolicyFault> {
    let limit = u64::try_from(MAX_MEMORY).unwrap_or(u64::MAX) / PAGE;
    let maximum = wanted.maximum().map_or(limit, |maximum| maximum.min(limit));
    if wanted.minimum() > maximum {
        return Err(fault::memory());
    }
    let minimum = wanted.minimum().saturating_add(more).min(maximum);
    let (Ok(minimum), Ok(maximum)) = (u32::try_from(minimum), u32::try_from(maximum)) else {
        return Err(fault::memory());
    };
    Memory::new(store, MemoryType::new(minimum, Some(maximum))).map_err(|_| fault::memory())
}

fn exports(store: &mut Store<State>, linked: &Linked) -> Result<Exports, PolicyFault> {
    let memory = linked
        .get_memory(&mut *store, MEMORY)
        .ok_or_else(|| fault::load("the module exports no `memory`"))?;
    Ok(Exports {
        memory,
        malloc: function(store, linked, "opa_malloc")?,
        value_parse: function(store, linked, "opa_value_parse")?,
        value_dump: function(store, linked, "opa_value_dump")?,
    })
}

impl Calls {
    fn of(store: &mut Store<State>, linked: &Linked) -> Result<Self, PolicyFault> {
        Ok(Self {
            heap_get: function(store, linked, "opa_heap_ptr_get")?,
            heap_set: function(store, linked, "opa_heap_ptr_set")?,
            context: function(store, linked, "opa_eval_ctx_new")?,
            set_input: function(store, linked, "opa_eval_ctx_set_input")?,
            set_data: function(store, linked, "opa_eval_ctx_set_data")?,
            set_entry: function(store, linked, "opa_eval_ctx_set_entrypoint")?,
            eval: function(store, linked, "eval")?,
            result: function(store, linked, "opa_eval_ctx_get_result")?,
        })
    }
}

impl Clone for Calls {
    fn clone(&self) -> Self {
        Self {
            heap_get: self.heap_get.clone(),
            heap_set: self.heap_set.clone(),
            context: self.context.clone(),
            set_input: self.set_input.clone(),
            set_data: self.set_data.clone(),
            set_entry: self.set_entry.clone(),
            eval: self.eval.clone(),
            result: self.result.clone(),
        }
    }
}

fn function<P: WasmParams, R: WasmResults>(
    store: &mut Store<State>,
    linked: &Linked,
    name: &str,
) -> Result<TypedFunc<P, R>, PolicyFault> {
    let function = linked.get_func(&mut *store, name).ok_or_else(|| {
        fault::load(format!(
            "the module has no function `{name}`, as those of OPA have"
        ))
    })?;
    function.typed(&*store).map_err(|_| {
        fault::load(format!(
            "the function `{name}` of the module has other arguments than OPA's"
        ))
    })
}
