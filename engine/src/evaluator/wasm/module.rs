//! A module that was read, checked and compiled, and the instances of it that wait for work.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use wasmtime::{ExternType, Module};

use super::imports::{self, Function, Functions};
use super::instance::Instance;
use super::project::resolved;
use super::runtime::{self, Time};
use super::{ModuleCache, deadline, fault};
use crate::decision::DecisionErrorKind;
use crate::evaluator::PolicyFault;
use crate::evaluator::rego::Failures;
use crate::rego_builtins;
use crate::value::Value;

/// Bytes of a module.
pub(crate) const MAX_MODULE_BYTES: usize = 16 * 1024 * 1024;
/// The version of the interface between a module and its host.
const ABI: i32 = 1;
/// Instances that wait for work; more are made where more work is at once, and thrown away after it.
const MAX_WAITING: usize = 16;
/// Functions and entry points of a module.
const MAX_NAMES: usize = 100_000;
/// What a module may import.
const IMPORTS: [&str; 8] = [
    "memory",
    "opa_abort",
    "opa_println",
    "opa_builtin0",
    "opa_builtin1",
    "opa_builtin2",
    "opa_builtin3",
    "opa_builtin4",
];

/// A module that is ready to answer, from several threads at once.
#[derive(Debug)]
pub(super) struct OpaModule {
    module: Module,
    functions: Arc<Functions>,
    /// The numbers of the entry points by their paths.
    pub(super) entries: BTreeMap<String, i32>,
    /// The data document, as text.
    data: String,
    waiting: Mutex<Vec<Instance>>,
}

impl OpaModule {
    /// Compiles a module, or takes it from the cache, and makes the first instance.
    ///
    /// # Errors
    ///
    /// When it is not a module, not one of OPA's, or wants what this host does not have.
    pub(super) fn load(
        bytes: &[u8],
        data: &Value,
        failures: Failures,
        cache: &ModuleCache,
    ) -> Result<Self, PolicyFault> {
        if bytes.len() > MAX_MODULE_BYTES {
            return Err(fault::load(format!(
                "the module is larger than {MAX_MODULE_BYTES} bytes"
            )));
        }
        let engine = runtime::engine()?;
        let module = cache.module(engine, bytes)?;
        check_imports(&module)?;
        let data = super::wire::write(data)
            .map_err(|error| fault::load(format!("the data cannot be handed over: {error}")))?;
        let _ticking = deadline::ticking(engine).ok_or_else(no_clock)?;
        let mut first = Instance::new(
            &module,
            Arc::new(Functions::none()),
            &data,
            Time::for_loading(),
        )?;
        check_abi(&mut first)?;
        let named = functions(numbers(&first.table("builtins")?, "functions")?)?;
        let functions = Arc::new(Functions {
            by_number: named,
            failures,
        });
        let entries = numbers(&first.table("entrypoints")?, "entry points")?;
        first.know(Arc::clone(&functions));
        Ok(Self {
            module,
            functions,
            entries,
            data,
            waiting: Mutex::new(vec![first]),
        })
    }

    /// An instance that nobody else uses; whoever gives it back keeps it from being made anew.
    pub(super) fn take(&self, time: Time) -> Result<Instance, PolicyFault> {
        if let Some(instance) = self.waiting.lock().pop() {
            return Ok(instance);
        }
        Instance::new(&self.module, Arc::clone(&self.functions), &self.data, time)
    }

    /// Gives an instance back that has ended its work without a fault.
    pub(super) fn give_back(&self, instance: Instance) {
        let mut waiting = self.waiting.lock();
        if waiting.len() < MAX_WAITING {
            waiting.push(instance);
        }
    }
}

/// There is no thread for the clock, and without a clock nothing may run.
pub(super) fn no_clock() -> PolicyFault {
    fault::load("no thread could be started that watches the deadline")
}

fn check_imports(module: &Module) -> Result<(), PolicyFault> {
    for import in module.imports() {
        let is_known = import.module() == imports::MODULE && IMPORTS.contains(&import.name());
        let has_kind = match import.ty() {
            ExternType::Memory(_) => import.name() == "memory",
            ExternType::Func(_) => import.name() != "memory",
            _ => false,
        };
        if !is_known || !has_kind {
            return Err(fault::load(format!(
                "the module wants `{}.{}` of its host, which is none of OPA's imports",
                shown(import.module()),
                shown(import.name())
            )));
        }
    }
    Ok(())
}

/// A name of the module's own choice, short and without control characters.
fn shown(name: &str) -> String {
    name.chars()
        .filter(|character| !character.is_control())
        .take(64)
        .collect()
}

fn check_abi(instance: &mut Instance) -> Result<(), PolicyFault> {
    let version = instance.constant("opa_wasm_abi_version");
    let minor = instance.constant("opa_wasm_abi_minor_version");
    match (version, minor) {
        (Some(ABI), Some(0..)) => Ok(()),
        (Some(version), Some(minor)) => Err(fault::load(format!(
            "the module speaks version {version}.{minor} of OPA's interface, and this host version {ABI}"
        ))),
        _ => Err(fault::load(
            "the module does not say which version of OPA's interface it speaks",
        )),
    }
}

/// A table of names and numbers, as `builtins` and `entrypoints` give it.
fn numbers(table: &Value, what: &str) -> Result<BTreeMap<String, i32>, PolicyFault> {
    let broken = || fault::load(format!("the module's table of {what} is broken"));
    let Value::Object(table) = table else {
        return Err(broken());
    };
    if table.len() > MAX_NAMES {
        return Err(broken());
    }
    let pair = |(name, number): (&Value, &Value)| {
        let name = crate::value::text(name).ok_or_else(broken)?;
        let number = number
            .as_i64()
            .ok()
            .and_then(|number| i32::try_from(number).ok());
        Ok((name.to_string(), number.ok_or_else(broken)?))
    };
    table.iter_sorted().map(pair).collect()
}

fn functions(names: BTreeMap<String, i32>) -> Result<BTreeMap<i32, Function>, PolicyFault> {
    let mut functions = BTreeMap::new();
    for (name, number) in names {
        let function = function(&name)?;
        if functions.insert(number, function).is_some() {
            return Err(fault::load(
                "the module's table of functions names one number twice",
            ));
        }
    }
    Ok(functions)
}

fn function(name: &str) -> Result<Function, PolicyFault> {
    if name == imports::PRINT {
        return Ok(Function::Print);
    }
    if let Some(function) = resolved(name) {
        return Ok(function);
    }
    let builtin = rego_builtins::find(name).map(|builtin| Function::Rego {
        builtin,
        place: None,
    });
    builtin.ok_or_else(|| {
        let name = shown(name);
        let message = match rego_builtins::refusal(&name) {
            Some(reason) => format!("`{name}` {reason}"),
            None => format!("there is no function `{name}`, which the module needs"),
        };
        PolicyFault {
            kind: DecisionErrorKind::UnknownFunction,
            ..fault::load(message)
        }
    })
}
