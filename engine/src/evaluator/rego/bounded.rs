//! Functions of regorus that its timer does not watch or that fail in silence, kept within bounds.
//!
//! Each is called as before once its arguments promise a result of bearable size; else the call is an error.
//! So is a call that has no result, of which regorus would make undefined, and the rule would stay silent.

use std::sync::LazyLock;

use regorus::unstable::{BUILTINS, Expr, Ref, Span};
use regorus::{Engine, Source, Value};

use super::fault;
use super::syntax::Call;

/// What the message of a refused call says.
pub(super) const TOO_LARGE: &str = "would be too large";

/// Bytes of a text that a function may make.
const MAX_BYTES: usize = 4 * 1024 * 1024;
/// Elements of a collection that a function may make.
const MAX_ELEMENTS: u32 = 100_000;
/// The width or precision of a number in a format.
const MAX_WIDTH: usize = 1_000;
/// Bits by which a number may be shifted.
const MAX_SHIFT: u64 = 1_024;
/// Characters of a number that stands in a text.
const MAX_NUMBER: usize = 64;
/// Edges of a graph whose every path is wanted.
const MAX_PATH_EDGES: usize = 32;
/// Bytes of a pattern.
const MAX_PATTERN: usize = 4_096;
/// Bytes of a YAML text, which takes longer to read than JSON.
const MAX_YAML: usize = 256 * 1024;

type Check = fn(&[Value]) -> bool;

/// The functions and the checks of their arguments.
const BOUNDED: [(&str, u8, Check); 17] = [
    ("array.slice", 3, anything),
    ("bits.lsh", 2, shift_is_small),
    ("concat", 2, concat_is_small),
    ("glob.match", 3, pattern_is_small),
    ("graph.reachable_paths", 2, graph_is_small),
    ("json.patch", 2, anything),
    ("net.cidr_expand", 1, network_is_small),
    ("numbers.range", 2, range_is_small),
    ("numbers.range_step", 3, range_is_small),
    ("regex.replace", 3, pattern_replacement_is_small),
    ("regex.template_match", 4, anything),
    ("replace", 3, replacement_is_small),
    ("sprintf", 2, format_is_small),
    ("time.add_date", 4, anything),
    ("units.parse", 1, number_is_short),
    ("units.parse_bytes", 1, number_is_short),
    ("yaml.unmarshal", 1, document_is_small),
];

/// Why a bounded function gave no result.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct CallError(String);

/// Puts the bounded functions that these calls use in front of those of regorus.
///
/// # Errors
///
/// When regorus has such a function in front already, which means that it was called twice.
pub(super) fn install<'call>(
    engine: &mut Engine,
    calls: impl Iterator<Item = &'call Call>,
) -> Result<(), String> {
    let mut names: Vec<String> = calls
        .filter(|call| !is_harmless(call))
        .map(|call| call.path.join("."))
        .collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let installed = match name.as_str() {
            "strings.count" => engine.add_extension(
                name,
                2,
                Box::new(|arguments: Vec<Value>| count(&arguments).map_err(Into::into)),
            ),
            "strings.replace_n" => engine.add_extension(
                name,
                2,
                Box::new(|arguments: Vec<Value>| replace_all(&arguments).map_err(Into::into)),
            ),
            _ => match BOUNDED.iter().find(|(bounded, ..)| *bounded == name) {
                None => Ok(()),
                Some((bounded, arity, check)) => {
                    let (bounded, check): (&'static str, Check) = (bounded, *check);
                    let call = move |arguments: Vec<Value>| {
                        checked_call(bounded, check, &arguments).map_err(Into::into)
                    };
                    engine.add_extension(name, *arity, Box::new(call))
                }
            },
        };
        installed.map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Whether a call needs no check, because all that the check would read stands in the source.
fn is_harmless(call: &Call) -> bool {
    let format = call
        .first
        .as_deref()
        .filter(|_| call.path.iter().eq(["sprintf"]));
    format.is_some_and(widths_are_small)
}

/// Whether a call promises a result of bearable size; of what is not bounded, every call does.
pub(super) fn is_bearable(name: &str, arguments: &[Value]) -> bool {
    let mut bounded = BOUNDED.iter();
    bounded
        .find(|(bounded, ..)| *bounded == name)
        .is_none_or(|(_, _, check)| check(arguments))
}

fn checked_call(name: &str, check: Check, arguments: &[Value]) -> Result<Value, CallError> {
    if !check(arguments) {
        return Err(CallError(format!("the result of `{name}` {TOO_LARGE}")));
    }
    builtin(name, arguments)
}

/// Calls a function of regorus as its interpreter would; the place is added by the caller.
fn builtin(name: &str, arguments: &[Value]) -> Result<Value, CallError> {
    static NOWHERE: LazyLock<Option<(Span, Vec<Ref<Expr>>)>> = LazyLock::new(|| {
        let source = Source::from_contents("host".to_owned(), "null".to_owned()).ok()?;
        let span = Span {
            source,
            line: 1,
            col: 1,
            start: 0,
            end: 4,
        };
        let parameter = || {
            Ref::new(Expr::Null {
                span: span.clone(),
                value: Value::Null,
                eidx: 0,
            })
        };
        Some((
            span.clone(),
            vec![parameter(), parameter(), parameter(), parameter()],
        ))
    });
    let function = BUILTINS.get(name).map(|(function, _)| function);
    let (Some(function), Some((span, parameters))) = (function, NOWHERE.as_ref()) else {
        return Err(CallError(format!("there is no function `{name}`")));
    };
    let parameters = parameters.get(..arguments.len()).unwrap_or(parameters);
    match function(span, parameters, arguments, true) {
        Ok(Value::Undefined) => Err(CallError(format!(
            "`{name}` has no result for these arguments"
        ))),
        Ok(result) => Ok(result),
        Err(error) => Err(CallError(fault::message(&error.to_string()).to_owned())),
    }
}

/// The number of times that a text stands in another, without overlap; the function of regorus panics if it is empty.
fn count(arguments: &[Value]) -> Result<Value, CallError> {
    match arguments {
        [Value::String(text), Value::String(wanted)] if wanted.is_empty() => {
            Ok(Value::from(text.chars().count().saturating_add(1)))
        }
        [Value::String(text), Value::String(wanted)] => {
            Ok(Value::from(text.matches(wanted.as_ref()).count()))
        }
        _ => Err(CallError("`strings.count` expects two strings".to_owned())),
    }
}

/// Every replacement after the other, each checked against what the ones before have made.
fn replace_all(arguments: &[Value]) -> Result<Value, CallError> {
    let [Value::Object(patterns), text @ Value::String(_)] = arguments else {
        return Err(CallError(
            "`strings.replace_n` expects an object and a string".to_owned(),
        ));
    };
    patterns
        .iter_sorted()
        .try_fold(text.clone(), |text, (old, new)| {
            checked_call(
                "replace",
                replacement_is_small,
                &[text, old.clone(), new.clone()],
            )
        })
}

fn text_at(arguments: &[Value], index: usize) -> Option<&str> {
    match arguments.get(index) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

fn number_at(arguments: &[Value], index: usize) -> Option<f64> {
    arguments.get(index).and_then(|value| value.as_f64().ok())
}

// A check that cannot read its arguments lets the call pass: the function then says what is wrong with them.

const fn anything(_: &[Value]) -> bool {
    true
}

fn shift_is_small(arguments: &[Value]) -> bool {
    arguments
        .get(1)
        .is_none_or(|bits| bits.as_u64().is_ok_and(|bits| bits <= MAX_SHIFT))
}

fn concat_is_small(arguments: &[Value]) -> bool {
    let lengths: (usize, usize) = match arguments.get(1) {
        Some(Value::Array(parts)) => sum_of_lengths(parts.iter()),
        Some(Value::Set(parts)) => sum_of_lengths(parts.iter()),
        _ => return true,
    };
    let (parts, bytes) = lengths;
    let delimiter = text_at(arguments, 0).map_or(0, str::len);
    delimiter.saturating_mul(parts).saturating_add(bytes) <= MAX_BYTES
}

fn sum_of_lengths<'value>(values: impl Iterator<Item = &'value Value>) -> (usize, usize) {
    values.fold((0, 0), |(count, bytes), value| match value {
        Value::String(text) => (count + 1, bytes.saturating_add(text.len())),
        _ => (count + 1, bytes),
    })
}

fn pattern_is_small(arguments: &[Value]) -> bool {
    text_at(arguments, 0).is_none_or(|pattern| pattern.len() <= MAX_PATTERN)
}

fn graph_is_small(arguments: &[Value]) -> bool {
    let Some(Value::Object(graph)) = arguments.first() else {
        return true;
    };
    let edges = graph.values().map(|targets| match targets {
        Value::Array(targets) => targets.len(),
        Value::Set(targets) => targets.len(),
        _ => 0,
    });
    edges.sum::<usize>() <= MAX_PATH_EDGES
}

fn network_is_small(arguments: &[Value]) -> bool {
    let Some((address, prefix)) = text_at(arguments, 0).and_then(|network| network.split_once('/'))
    else {
        return true;
    };
    let bits: u32 = if address.contains(':') { 128 } else { 32 };
    prefix
        .parse::<u32>()
        .map_or(true, |prefix| bits.saturating_sub(prefix) <= 16)
}

fn range_is_small(arguments: &[Value]) -> bool {
    let (Some(from), Some(to)) = (number_at(arguments, 0), number_at(arguments, 1)) else {
        return true;
    };
    let step = number_at(arguments, 2).map_or(1.0, |step| step.abs().max(1.0));
    (to - from).abs() / step <= f64::from(MAX_ELEMENTS)
}

fn replacement_is_small(arguments: &[Value]) -> bool {
    let [Value::String(text), Value::String(old), Value::String(new)] = arguments else {
        return true;
    };
    let found = if old.is_empty() {
        text.chars().count() + 1
    } else {
        text.matches(old.as_ref()).count()
    };
    fits(text, found, new.len().saturating_sub(old.len()))
}

fn pattern_replacement_is_small(arguments: &[Value]) -> bool {
    let [
        Value::String(text),
        Value::String(pattern),
        Value::String(new),
    ] = arguments
    else {
        return true;
    };
    let groups = new.matches('$').count();
    let each = new.len();
    if groups == 0 && fits(text, text.len() + 1, each) {
        return true;
    }
    let every = [
        Value::String(pattern.clone()),
        Value::String(text.clone()),
        Value::from(-1_i64),
    ];
    let found = builtin("regex.find_n", &every).ok();
    let found = found
        .as_ref()
        .and_then(|found| found.as_array().ok())
        .map_or(0, |found| found.len());
    fits(text, found, each) && text.len().saturating_mul(groups + 1) <= MAX_BYTES.max(text.len())
}

/// Whether a text with so many bytes more at so many places is of bearable size.
fn fits(text: &str, places: usize, more: usize) -> bool {
    places.saturating_mul(more).saturating_add(text.len()) <= MAX_BYTES.max(text.len())
}

fn format_is_small(arguments: &[Value]) -> bool {
    text_at(arguments, 0).is_none_or(widths_are_small)
}

/// Whether every width and precision is small, and made of digits that regorus can read.
fn widths_are_small(format: &str) -> bool {
    format.split('%').skip(1).all(|verb| {
        let width: String = verb
            .chars()
            .take_while(|character| character.is_numeric() || *character == '.')
            .collect();
        width.split('.').all(|digits| {
            digits.is_empty()
                || digits
                    .parse::<usize>()
                    .is_ok_and(|width| width <= MAX_WIDTH)
        })
    })
}

fn number_is_short(arguments: &[Value]) -> bool {
    let Some(text) = text_at(arguments, 0) else {
        return true;
    };
    let exponent = text.split(['e', 'E']).nth(1).unwrap_or_default();
    let digits = exponent.chars().filter(char::is_ascii_digit).count();
    text.len() <= MAX_NUMBER && digits <= 3
}

fn document_is_small(arguments: &[Value]) -> bool {
    text_at(arguments, 0).is_none_or(|text| text.len() <= MAX_YAML)
}

#[cfg(test)]
mod tests {
    use regorus::unstable::BUILTINS;

    #[test]
    fn every_function_of_the_evaluator_is_among_those_that_the_integration_test_tries() {
        // A new function belongs into the list of `tests/it/builtins.rs`.
        assert_eq!(BUILTINS.len(), 118);
    }
}
