//! What a module may call: OPA's six imports, and nothing else.

use std::collections::BTreeMap;
use std::mem;
use std::sync::Arc;

use wasmtime::{Caller, Engine, Error, Linker, Memory, TypedFunc};

use super::fault::{self, Carried};
use super::project::module_file;
use super::runtime::{Limiter, Time};
use super::wire;
use crate::decision::DecisionErrorKind;
use crate::evaluator::PolicyFault;
use crate::evaluator::rego::{Failures, Wanted};
use crate::rego_builtins::{Builtin, BuiltinErrorKind, Context};
use crate::value::{Value, described};

/// Where OPA's imports come from.
pub(super) const MODULE: &str = "env";
/// Bytes of a text that a module hands over.
pub(super) const MAX_TEXT: usize = 16 * 1024 * 1024;
/// Bytes of a message.
const MAX_MESSAGE: usize = 4096;
/// Lines that one evaluation may print.
const MAX_PRINTS: usize = 1000;
/// The function that OPA makes of `print`.
pub(super) const PRINT: &str = "internal.print";

/// What the store of an instance holds.
pub(super) struct State {
    pub(super) limiter: Limiter,
    pub(super) time: Time,
    pub(super) functions: Arc<Functions>,
    pub(super) exports: Option<Exports>,
    pub(super) prints: Vec<String>,
    /// What kind of error the first function had that failed.
    pub(super) first_error: Option<BuiltinErrorKind>,
}

/// What a number of the module's own table of functions stands for.
#[derive(Debug)]
pub(super) struct Functions {
    pub(super) by_number: BTreeMap<i32, Function>,
    /// What becomes of a call that has no result.
    pub(super) failures: Failures,
}

impl Functions {
    pub(super) const fn none() -> Self {
        Self {
            by_number: BTreeMap::new(),
            failures: Failures::Fail,
        }
    }
}

/// A function that a module wants of its host.
#[derive(Debug, Clone, Copy)]
pub(super) enum Function {
    Print,
    /// Gives its argument back if it is what an operator wants.
    Operand(Wanted, (usize, u32)),
    Rego {
        builtin: &'static Builtin,
        /// The module and the line of the call, where each call has a function of its own.
        place: Option<(usize, u32)>,
    },
}

/// The functions of a module that the host calls.
#[derive(Clone)]
pub(super) struct Exports {
    pub(super) memory: Memory,
    pub(super) malloc: TypedFunc<i32, i32>,
    pub(super) value_parse: TypedFunc<(i32, i32), i32>,
    pub(super) value_dump: TypedFunc<i32, i32>,
}

/// The imports, linked; the memory is added for each store.
pub(super) fn linker(engine: &Engine) -> Result<Linker<State>, Error> {
    let mut linker = Linker::new(engine);
    linker.func_wrap(MODULE, "opa_abort", abort)?;
    linker.func_wrap(MODULE, "opa_println", println)?;
    linker.func_wrap(
        MODULE,
        "opa_builtin0",
        |caller: Caller<'_, State>, id: i32, _: i32| call(caller, id, &[]),
    )?;
    linker.func_wrap(
        MODULE,
        "opa_builtin1",
        |caller: Caller<'_, State>, id: i32, _: i32, a: i32| call(caller, id, &[a]),
    )?;
    linker.func_wrap(
        MODULE,
        "opa_builtin2",
        |caller: Caller<'_, State>, id: i32, _: i32, a: i32, b: i32| call(caller, id, &[a, b]),
    )?;
    linker.func_wrap(
        MODULE,
        "opa_builtin3",
        |caller: Caller<'_, State>, id: i32, _: i32, a: i32, b: i32, c: i32| {
            call(caller, id, &[a, b, c])
        },
    )?;
    linker.func_wrap(
        MODULE,
        "opa_builtin4",
        |caller: Caller<'_, State>, id: i32, _: i32, a: i32, b: i32, c: i32, d: i32| {
            call(caller, id, &[a, b, c, d])
        },
    )?;
    Ok(linker)
}

fn carried(fault: PolicyFault) -> Error {
    Error::new(Carried(fault))
}

/// The memory during `start`, when the module's own exports are not known yet.
fn memory(caller: &mut Caller<'_, State>) -> Option<Memory> {
    let known = caller.data().exports.as_ref().map(|exports| exports.memory);
    known.or_else(|| caller.get_export("memory")?.into_memory())
}

fn abort(mut caller: Caller<'_, State>, address: i32) -> Result<(), Error> {
    let text = memory(&mut caller)
        .and_then(|memory| text_at(memory.data(&caller), address, MAX_MESSAGE).ok())
        .map(|text| String::from_utf8_lossy(text).into_owned());
    Err(carried(match text {
        Some(text) => fault::of_abort(&text),
        None => fault::evaluation("the module ended itself and gives no readable reason"),
    }))
}

fn println(mut caller: Caller<'_, State>, address: i32) -> Result<(), Error> {
    let text = memory(&mut caller)
        .and_then(|memory| text_at(memory.data(&caller), address, MAX_MESSAGE).ok())
        .map(|text| String::from_utf8_lossy(text).into_owned())
        .ok_or_else(|| carried(fault::malformed("the module prints what is not its own")))?;
    print(&mut caller, text);
    Ok(())
}

fn print(caller: &mut Caller<'_, State>, text: String) {
    let prints = &mut caller.data_mut().prints;
    if prints.len() < MAX_PRINTS {
        prints.push(text);
    }
}

/// Calls a function of the host: the arguments and the result are addresses of values of the module.
fn call(mut caller: Caller<'_, State>, id: i32, addresses: &[i32]) -> Result<i32, Error> {
    let function = caller
        .data()
        .functions
        .by_number
        .get(&id)
        .copied()
        .ok_or_else(|| {
            carried(fault::evaluation(
                "the module calls a function that it has not named",
            ))
        })?;
    let exports = caller.data().exports.clone().ok_or_else(|| {
        carried(fault::evaluation(
            "the module calls a function before it is ready",
        ))
    })?;
    let arguments = addresses
        .iter()
        .map(|address| taken(&mut caller, &exports, *address))
        .collect::<Result<Vec<Value>, Error>>()?;
    let result = match function {
        Function::Print => {
            print(&mut caller, printed(arguments.first()));
            return handed(&mut caller, &exports, &Value::from(true));
        }
        Function::Operand(wanted, place) => {
            let value = arguments.first().cloned().unwrap_or(Value::Undefined);
            let failures = caller.data().functions.failures;
            match (unfit(wanted, &value), failures) {
                (None, _) => match in_order(wanted, &value) {
                    Some(ordered) => ordered,
                    None => return Ok(addresses.first().copied().unwrap_or_default()),
                },
                (Some(_), Failures::Undefined) => Value::Undefined,
                (Some((kind, message)), Failures::Fail) => {
                    caller.data_mut().first_error.get_or_insert(kind);
                    return Err(carried(placed(fault::evaluation(message), Some(place))));
                }
            }
        }
        Function::Rego { builtin, place } => {
            run(&mut caller, builtin, &arguments).map_err(|fault| carried(placed(fault, place)))?
        }
    };
    match result {
        Value::Undefined => Ok(0),
        result => handed(&mut caller, &exports, &result),
    }
}

fn run(
    caller: &mut Caller<'_, State>,
    builtin: &Builtin,
    arguments: &[Value],
) -> Result<Value, PolicyFault> {
    let time = caller.data().time;
    let context = Context {
        now: time.now,
        seed: seed(time),
        deadline: Some(time.until),
    };
    let failures = caller.data().functions.failures;
    builtin.call(arguments, &context).or_else(|error| {
        let may_be_undefined = matches!(
            error.kind,
            BuiltinErrorKind::Type | BuiltinErrorKind::Failed
        );
        if failures == Failures::Undefined && may_be_undefined {
            return Ok(Value::Undefined);
        }
        caller.data_mut().first_error.get_or_insert(error.kind);
        let kind = match error.kind {
            BuiltinErrorKind::TimedOut => return Err(fault::timeout()),
            BuiltinErrorKind::TooLarge => DecisionErrorKind::Memory,
            BuiltinErrorKind::Type | BuiltinErrorKind::Failed => DecisionErrorKind::Evaluation,
        };
        Err(PolicyFault {
            kind,
            ..fault::evaluation(error.message.into_owned())
        })
    })
}

/// Why a value is not what an operator wants.
fn unfit(wanted: Wanted, value: &Value) -> Option<(BuiltinErrorKind, String)> {
    let is_number = matches!(value, Value::Number(_));
    let (expected, is_fit) = match wanted {
        Wanted::Divisor | Wanted::WholeDivisor if *value == Value::from(0_u64) => {
            return Some((BuiltinErrorKind::Failed, "divide by zero".to_owned()));
        }
        Wanted::Whole | Wanted::WholeDivisor if has_fraction(value) => {
            let message = "modulo of a number with a fraction".to_owned();
            return Some((BuiltinErrorKind::Failed, message));
        }
        Wanted::Number | Wanted::Divisor | Wanted::Whole | Wanted::WholeDivisor => {
            ("a number", is_number)
        }
        Wanted::Set => ("a set", matches!(value, Value::Set(_))),
        Wanted::Collection | Wanted::Ordered => {
            let message = || format!("`some … in` goes through {}", described(value));
            let is_fit = matches!(value, Value::Array(_) | Value::Set(_) | Value::Object(_));
            return (!is_fit).then(|| (BuiltinErrorKind::Type, message()));
        }
        Wanted::NumberOrSet => (
            "a number or a set",
            matches!(value, Value::Number(_) | Value::Set(_)),
        ),
    };
    let message = || format!("an operand is {}, not {expected}", described(value));
    (!is_fit).then(|| (BuiltinErrorKind::Type, message()))
}

/// The elements of a set that an array is made of; none, if it is no set.
fn in_order(wanted: Wanted, value: &Value) -> Option<Value> {
    match (wanted, value) {
        (Wanted::Ordered, Value::Set(elements)) => {
            Some(elements.iter().cloned().collect::<Vec<_>>().into())
        }
        _ => None,
    }
}

fn has_fraction(value: &Value) -> bool {
    value.as_f64().is_ok_and(|number| number.fract() != 0.0)
}

/// The fault at the place of the call.
fn placed(fault: PolicyFault, place: Option<(usize, u32)>) -> PolicyFault {
    let (file, line) = place
        .map(|(module, line)| (module_file(module), line))
        .unzip();
    PolicyFault {
        file,
        line,
        ..fault
    }
}

/// What functions of chance draw from: the time of the decision, which whoever repeats it knows.
fn seed(time: Time) -> [u8; 16] {
    let since = time.now.duration_since(std::time::UNIX_EPOCH);
    since.map_or([0; 16], |since| since.as_nanos().to_le_bytes())
}

/// A value of the module.
fn taken(caller: &mut Caller<'_, State>, exports: &Exports, address: i32) -> Result<Value, Error> {
    let text = exports.value_dump.call(&mut *caller, address)?;
    let text = text_at(exports.memory.data(&*caller), text, MAX_TEXT).map_err(carried)?;
    wire::read(text).map_err(|error| {
        carried(fault::malformed(format!(
            "the module hands over what is no value: {error}"
        )))
    })
}

/// A value of ours, made one of the module's.
fn handed(caller: &mut Caller<'_, State>, exports: &Exports, value: &Value) -> Result<i32, Error> {
    let text = wire::write(value).map_err(|error| carried(fault::evaluation(error.to_string())))?;
    let length = i32::try_from(text.len()).map_err(|_| carried(fault::memory()))?;
    let address = exports.malloc.call(&mut *caller, length)?;
    write_at(
        exports.memory.data_mut(&mut *caller),
        address,
        text.as_bytes(),
    )
    .map_err(carried)?;
    match exports.value_parse.call(&mut *caller, (address, length))? {
        0 => Err(carried(fault::evaluation(
            "the module cannot read the result of a function",
        ))),
        value => Ok(value),
    }
}

/// What `print` shows: each argument is a set with its value, or an empty one if it is undefined.
fn printed(arguments: Option<&Value>) -> String {
    let Some(Value::Array(arguments)) = arguments else {
        return String::new();
    };
    let shown = arguments.iter().map(|argument| match argument {
        Value::Set(values) => match values.iter().next() {
            None => "<undefined>".to_owned(),
            Some(Value::String(text)) => text.to_string(),
            Some(value) => value.to_string(),
        },
        value => value.to_string(),
    });
    shown.collect::<Vec<_>>().join(" ")
}

/// The bytes up to the next zero, within the memory and within a limit.
pub(super) fn text_at(memory: &[u8], address: i32, limit: usize) -> Result<&[u8], PolicyFault> {
    let start = offset(address);
    let rest = memory
        .get(start..)
        .filter(|_| start > 0)
        .ok_or_else(|| fault::malformed("the module points outside of its memory"))?;
    let rest = rest.get(..limit.saturating_add(1)).unwrap_or(rest);
    match rest.iter().position(|byte| *byte == 0) {
        Some(length) => Ok(rest.get(..length).unwrap_or_default()),
        None => Err(fault::malformed(
            "the module hands over a text that does not end within its limit",
        )),
    }
}

/// Writes bytes at an address of the module.
pub(super) fn write_at(memory: &mut [u8], address: i32, bytes: &[u8]) -> Result<(), PolicyFault> {
    let start = offset(address);
    let end = start.saturating_add(bytes.len());
    let target = memory.get_mut(start..end).filter(|_| start > 0);
    target
        .map(|target| target.copy_from_slice(bytes))
        .ok_or_else(|| fault::malformed("the module offers memory that it does not have"))
}

/// An address is 32 bits without a sign.
fn offset(address: i32) -> usize {
    usize::try_from(address.cast_unsigned()).unwrap_or(usize::MAX)
}

impl State {
    pub(super) fn new(functions: Arc<Functions>, time: Time) -> Self {
        Self {
            limiter: Limiter::default(),
            time,
            functions,
            exports: None,
            prints: Vec::new(),
            first_error: None,
        }
    }

    pub(super) fn take_prints(&mut self) -> Vec<String> {
        mem::take(&mut self.prints)
    }
}
