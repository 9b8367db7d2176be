//! Functions of regorus, those within bounds that its timer does not watch or that fail in silence.
//!
//! Each is called as regorus would call it once its arguments promise a result of bearable size; else the call is an
//! error. So is a call that has no result, of which regorus would make undefined, and the rule would stay silent.

use std::sync::LazyLock;

use regorus::unstable::{BUILTINS, Expr, Ref, Span};
use regorus::{Source, Value};

use super::arguments::{MAX_BYTES, Outcome};
use super::{Builtin, BuiltinError, BuiltinErrorKind};

/// Bits by which a number may be shifted.
const MAX_SHIFT: u64 = 1_024;
/// Characters of a number that stands in a text.
const MAX_NUMBER: usize = 64;
/// Bytes of a YAML text, which takes longer to read than JSON.
const MAX_YAML: usize = 256 * 1024;

type Check = fn(&[Value]) -> bool;

/// A function of regorus that is sound by itself.
macro_rules! sound {
    ($name:literal, $arity:literal) => {
        Builtin::new($name, $arity, |arguments, _| call($name, arguments)).native()
    };
}

/// A function of regorus that is called when its arguments pass a check.
macro_rules! checked {
    ($name:literal, $arity:literal, $check:path) => {
        Builtin::new($name, $arity, |arguments, _| {
            checked_call($name, $check, arguments)
        })
    };
}

/// The functions that are used as regorus has them.
pub(super) const TABLE: &[Builtin] = &[
    sound!("abs", 1),
    sound!("array.concat", 2),
    sound!("array.reverse", 1),
    checked!("array.slice", 3, anything),
    sound!("base64.encode", 1),
    sound!("base64url.decode", 1),
    sound!("base64url.encode", 1),
    sound!("base64url.encode_no_pad", 1),
    sound!("bits.and", 2),
    checked!("bits.lsh", 2, shift_is_small),
    sound!("bits.negate", 1),
    sound!("bits.or", 2),
    sound!("bits.rsh", 2),
    sound!("bits.xor", 2),
    sound!("ceil", 1),
    checked!("concat", 2, concat_is_small),
    sound!("contains", 2),
    sound!("count", 1),
    sound!("endswith", 2),
    sound!("floor", 1),
    sound!("format_int", 2),
    sound!("graph.reachable", 2),
    sound!("hex.decode", 1),
    sound!("hex.encode", 1),
    sound!("intersection", 1),
    sound!("is_array", 1),
    sound!("is_boolean", 1),
    sound!("is_null", 1),
    sound!("is_number", 1),
    sound!("is_object", 1),
    sound!("is_set", 1),
    sound!("is_string", 1),
    sound!("json.filter", 2),
    checked!("json.patch", 2, anything),
    sound!("json.remove", 2),
    sound!("json.unmarshal", 1),
    sound!("max", 1),
    sound!("min", 1),
    sound!("object.filter", 2),
    sound!("object.get", 3),
    sound!("object.keys", 1),
    sound!("object.remove", 2),
    sound!("object.union", 2),
    sound!("object.union_n", 1),
    sound!("product", 1),
    checked!("replace", 3, replacement_is_small),
    sound!("round", 1),
    sound!("sort", 1),
    sound!("split", 2),
    sound!("startswith", 2),
    sound!("strings.any_prefix_match", 2),
    sound!("strings.any_suffix_match", 2),
    sound!("strings.reverse", 1),
    sound!("substring", 3),
    sound!("sum", 1),
    sound!("trace", 1),
    sound!("trim", 2),
    sound!("trim_left", 2),
    sound!("trim_prefix", 2),
    sound!("trim_right", 2),
    sound!("trim_space", 1),
    sound!("trim_suffix", 2),
    sound!("type_name", 1),
    sound!("union", 1),
    checked!("units.parse", 1, number_is_short),
    checked!("units.parse_bytes", 1, number_is_short),
    sound!("urlquery.encode", 1),
    sound!("urlquery.encode_object", 1),
    sound!("yaml.marshal", 1),
    checked!("yaml.unmarshal", 1, document_is_small),
];

fn checked_call(name: &'static str, check: Check, arguments: &[Value]) -> Outcome {
    if !check(arguments) {
        return Err(BuiltinError::too_large());
    }
    call(name, arguments)
}

/// Calls a function of regorus as its interpreter would; the place is added by the caller.
pub(super) fn call(name: &'static str, arguments: &[Value]) -> Outcome {
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
        return Err(BuiltinError::failed("is not there"));
    };
    let parameters = parameters.get(..arguments.len()).unwrap_or(parameters);
    match function(span, parameters, arguments, true) {
        // There is no greatest and no least of nothing, as in OPA.
        Ok(Value::Undefined) if matches!(name, "max" | "min") => Ok(Value::Undefined),
        Ok(Value::Undefined) => Err(BuiltinError::failed("has no result for these arguments")),
        Ok(result) => Ok(result),
        Err(error) => Err(refused(&error.to_string())),
    }
}

/// What regorus says, without what may come from the event: what was got, what follows a colon, and what is quoted.
fn refused(error: &str) -> BuiltinError {
    let line = error.lines().find_map(|line| line.strip_prefix("error: "));
    let line = line
        .or_else(|| error.lines().map(str::trim).find(|line| !line.is_empty()))
        .unwrap_or_default();
    let line = line.split(" Got ").next().unwrap_or(line);
    // The name of the function stands in front again when the error leaves the table.
    let said = match line.strip_prefix('`').and_then(|rest| rest.split_once('`')) {
        Some((_, rest)) => rest,
        None => line,
    };
    let said = said.split([':', '`', '\'']).next().unwrap_or_default();
    let said = said.trim().trim_end_matches('.');
    let is_ours = line.starts_with('`') && said.starts_with(|first: char| first.is_lowercase());
    let kind = if line.contains("expects") || line.contains("requires") {
        BuiltinErrorKind::Type
    } else {
        BuiltinErrorKind::Failed
    };
    let message = if is_ours {
        said.to_owned()
    } else {
        "fails for these arguments".to_owned()
    };
    BuiltinError::new(kind, message)
}

fn text_at(arguments: &[Value], index: usize) -> Option<&str> {
    match arguments.get(index) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
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

/// Whether a text with so many bytes more at so many places is of bearable size.
fn fits(text: &str, places: usize, more: usize) -> bool {
    places.saturating_mul(more).saturating_add(text.len()) <= MAX_BYTES.max(text.len())
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
