//! Unique ids: made from the seed of the decision, and taken apart.

use ::uuid::{Builder, Uuid, Variant};

use super::arguments::{Outcome, at, text};
use super::builtin::DependsOn;
use super::{Builtin, Context};
use crate::value::{Value, present};

pub(super) const TABLE: &[Builtin] = &[
    Builtin::new("uuid.parse", 1, parse),
    Builtin::new("uuid.rfc4122", 1, rfc4122).depending_on(DependsOn::Seed),
];

/// Nanoseconds between two ticks of the clock inside an id.
const TICK: i64 = 100;
/// Ticks from the start of the Gregorian calendar, where that clock begins, until 1970.
const TICKS_UNTIL_1970: i64 = 0x01b2_1dd2_1381_4000;

/// An id of chance: for one key the same within a decision.
fn rfc4122(arguments: &[Value], context: &Context) -> Outcome {
    let key = at(arguments, 0).to_string();
    let id = Builder::from_random_bytes(context.chance("uuid", &key)).into_uuid();
    Ok(Value::from(id.to_string()))
}

/// What an id says about itself; undefined if it is none.
fn parse(arguments: &[Value], _: &Context) -> Outcome {
    let text = text(arguments, 0)?;
    let Ok(id) = Uuid::parse_str(text) else {
        return Ok(Value::Undefined);
    };
    let version = id.get_version_num();
    let has_clock = matches!(version, 1 | 2);
    let is_local = version == 2;
    let (low, _, _, rest) = id.as_fields();
    let domain = rest.get(1).copied().unwrap_or_default();
    let sequence = u16::from_be_bytes([rest[0] & 0x3f, rest[1]]);
    let node = rest.get(2..).unwrap_or_default();
    Ok(present([
        ("version", Some(Value::from(version))),
        ("variant", Some(Value::from(variant(&id)))),
        ("time", has_clock.then(|| Value::from(nanoseconds(&id)))),
        ("nodeid", has_clock.then(|| Value::from(address(node)))),
        ("macvariables", has_clock.then(|| Value::from(kind(node)))),
        (
            "clocksequence",
            has_clock.then(|| Value::from(u64::from(sequence))),
        ),
        ("id", is_local.then(|| Value::from(u64::from(low)))),
        ("domain", is_local.then(|| Value::from(domain_name(domain)))),
    ]))
}

fn variant(id: &Uuid) -> &'static str {
    match id.get_variant() {
        Variant::NCS => "Reserved",
        Variant::Microsoft => "Microsoft",
        Variant::Future => "Future",
        _ => "RFC4122",
    }
}

fn nanoseconds(id: &Uuid) -> i64 {
    let (low, middle, high, _) = id.as_fields();
    let ticks = i64::from(low) | i64::from(middle) << 32 | i64::from(high & 0x0fff) << 48;
    ticks.wrapping_sub(TICKS_UNTIL_1970).wrapping_mul(TICK)
}

fn address(node: &[u8]) -> String {
    let digits: Vec<String> = node.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.join("-")
}

fn kind(node: &[u8]) -> &'static str {
    match node.first().copied().unwrap_or_default() & 0b11 {
        0b11 => "local:multicast",
        0b01 => "global:multicast",
        0b10 => "local:unicast",
        _ => "global:unicast",
    }
}

fn domain_name(domain: u8) -> String {
    match domain {
        0 => "Person".to_owned(),
        1 => "Group".to_owned(),
        2 => "Org".to_owned(),
        other => format!("Domain{other}"),
    }
}
