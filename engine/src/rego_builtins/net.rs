//! Networks and addresses; nothing here asks a network.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;

use super::arguments::{Outcome, at, elements, text};
use super::{Builtin, BuiltinError, Context};
use crate::value::Value;

pub(super) const TABLE: &[Builtin] = &[
    Builtin::new("net.cidr_contains", 2, contains),
    Builtin::new("net.cidr_contains_matches", 2, contains_matches),
    Builtin::new("net.cidr_expand", 1, expand),
    Builtin::new("net.cidr_intersects", 2, intersects),
    Builtin::new("net.cidr_is_valid", 1, |arguments, _| {
        let is_valid = match at(arguments, 0) {
            Value::String(text) => network(text).is_ok(),
            _ => false,
        };
        Ok(Value::from(is_valid))
    }),
    Builtin::new("net.cidr_merge", 1, merge),
    // An old name, which means the same in OPA.
    Builtin::new("net.cidr_overlap", 2, contains),
];

/// Networks of one call, and pairs of networks and addresses that are compared.
const MAX_NETWORKS: usize = 10_000;
const MAX_PAIRS: usize = 1_000_000;
/// Bits of a network that say which address it is.
const MAX_EXPANDED_BITS: u32 = 16;

/// A network; one of version 4 that is written as one of version 6 is taken for what it is.
fn network(text: &str) -> Result<IpNet, BuiltinError> {
    let malformed = || BuiltinError::failed("expects networks such as 10.0.0.0/8");
    // The crate lets zeros stand in front, which some read as octal numbers.
    let (address, prefix) = text.split_once('/').ok_or_else(malformed)?;
    let address: IpAddr = address.parse().map_err(|_| malformed())?;
    let is_number = prefix.len() <= 3 && prefix.bytes().all(|byte| byte.is_ascii_digit());
    let prefix: u8 = prefix
        .parse()
        .ok()
        .filter(|_| is_number)
        .ok_or_else(malformed)?;
    let network = match address {
        IpAddr::V6(six) => match (six.to_ipv4_mapped(), prefix.checked_sub(96)) {
            (Some(four), Some(prefix)) => IpNet::new(IpAddr::V4(four), prefix),
            _ => IpNet::new(address, prefix),
        },
        IpAddr::V4(_) => IpNet::new(address, prefix),
    };
    network.map_err(|_| malformed())
}

/// An address by itself, as the network that holds only it.
fn single(text: &str) -> Option<IpNet> {
    let address: IpAddr = text.parse().ok()?;
    Some(IpNet::from(address.to_canonical()))
}

/// Whether a network holds another one or an address.
fn contains(arguments: &[Value], _: &Context) -> Outcome {
    let (outer, inner) = (network(text(arguments, 0)?)?, text(arguments, 1)?);
    let inner = match single(inner) {
        Some(address) => address,
        None => network(inner)?,
    };
    Ok(Value::from(holds(&outer, &inner)))
}

fn holds(outer: &IpNet, inner: &IpNet) -> bool {
    outer.contains(&inner.network()) && outer.contains(&inner.broadcast())
}

/// Every address of a network.
fn expand(arguments: &[Value], context: &Context) -> Outcome {
    let network = network(text(arguments, 0)?)?;
    let bits = u32::from(network.max_prefix_len() - network.prefix_len());
    if bits > MAX_EXPANDED_BITS {
        return Err(BuiltinError::too_large());
    }
    context.check()?;
    let first = number(network.network());
    let family = if network.addr().is_ipv4() { 32 } else { 128 };
    let addresses = (0..1_u128 << bits)
        .map(|offset| Value::from(address(first + offset, family).to_string()))
        .collect::<BTreeSet<Value>>();
    Ok(Value::from(addresses))
}

fn intersects(arguments: &[Value], _: &Context) -> Outcome {
    let (one, other) = (network(text(arguments, 0)?)?, network(text(arguments, 1)?)?);
    let common = one.contains(&other.network()) || other.contains(&one.network());
    Ok(Value::from(common))
}

/// One side of a comparison: each network or address with the key under which it stands.
fn keyed(arguments: &[Value], index: usize) -> Result<Vec<(&str, Value)>, BuiltinError> {
    let bare = |value: &'_ Value| -> Result<(), BuiltinError> {
        match value {
            Value::String(_) => Ok(()),
            other => Err(BuiltinError::expects(index, "networks inside", other)),
        }
    };
    let entries: Vec<(&Value, Value)> = match at(arguments, index) {
        value @ Value::String(_) => vec![(value, value.clone())],
        Value::Array(values) => values
            .iter()
            .enumerate()
            .map(|(position, value)| (value, Value::from(position)))
            .collect(),
        Value::Set(values) => values
            .iter_sorted()
            .map(|value| (value, value.clone()))
            .collect(),
        Value::Object(entries) => entries
            .iter_sorted()
            .map(|(key, value)| (value, key.clone()))
            .collect(),
        other => return Err(BuiltinError::expects(index, "networks", other)),
    };
    entries
        .into_iter()
        .map(|(value, key)| {
            // An array carries more than the network, which stands in front.
            let value = match value {
                Value::Array(parts) => parts.first().unwrap_or(value),
                _ => value,
            };
            bare(value)?;
            match value {
                Value::String(text) => Ok((text.as_ref(), key)),
                _ => Ok(("", key)),
            }
        })
        .collect()
}

fn contains_matches(arguments: &[Value], context: &Context) -> Outcome {
    let (networks, members) = (keyed(arguments, 0)?, keyed(arguments, 1)?);
    if networks.len().saturating_mul(members.len()) > MAX_PAIRS {
        return Err(BuiltinError::too_large());
    }
    let members = members
        .into_iter()
        .map(|(text, key)| match single(text) {
            Some(address) => Ok((address, key)),
            None => Ok((network(text)?, key)),
        })
        .collect::<Result<Vec<_>, BuiltinError>>()?;
    let mut found = BTreeSet::new();
    for (text, key) in networks {
        context.check()?;
        let network = network(text)?;
        for (member, other) in &members {
            if holds(&network, member) {
                found.insert(Value::from(vec![key.clone(), other.clone()]));
            }
        }
    }
    Ok(Value::from(found))
}

/// A run of addresses of one family, and the network that it is, while it has not been merged.
#[derive(Debug, Clone)]
struct Run {
    last: u128,
    first: u128,
    network: Option<String>,
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

/// The fewest networks that hold the same addresses.
fn merge(arguments: &[Value], context: &Context) -> Outcome {
    let mut families: [Vec<Run>; 2] = [Vec::new(), Vec::new()];
    for element in elements(arguments, 0)? {
        let Value::String(text) = element else {
            return Err(BuiltinError::expects(0, "only strings inside", element));
        };
        let network = classful(text)?;
        let run = Run {
            last: number(network.broadcast()),
            first: number(network.network()),
            network: Some(network.to_string()),
        };
        let [four, six] = &mut families;
        let family = if network.addr().is_ipv4() { four } else { six };
        family.push(run);
        if family.len() > MAX_NETWORKS {
            return Err(BuiltinError::too_large());
        }
    }
    context.check()?;
    let [four, six] = families;
    let mut merged = BTreeSet::new();
    for (runs, bits) in [(four, 32), (six, 128)] {
        for run in joined(runs) {
            match run.network {
                Some(network) => {
                    merged.insert(Value::from(network));
                }
                None => merged.extend(networks(run.first, run.last, bits)),
            }
        }
    }
    Ok(Value::from(merged))
}

/// A network; an address of version 4 by itself stands for the network of its class.
fn classful(text: &str) -> Result<IpNet, BuiltinError> {
    match text.parse::<IpAddr>() {
        Ok(address @ IpAddr::V4(four)) => {
            let prefix = match four.octets() {
                [0..=127, ..] => 8,
                [128..=191, ..] => 16,
                _ => 24,
            };
            IpNet::new(address, prefix)
                .map_err(|_| BuiltinError::failed("expects networks such as 10.0.0.0/8"))
        }
        Ok(IpAddr::V6(_)) => Err(BuiltinError::failed(
            "expects a prefix behind an address of version 6",
        )),
        Err(_) => Ok(network(text)?.trunc()),
    }
}

fn joined(mut runs: Vec<Run>) -> Vec<Run> {
    runs.sort_by_key(|run| (run.last, run.first));
    let mut joined: Vec<Run> = Vec::new();
    // From the end, because a run may swallow several that end before it.
    while let Some(mut run) = runs.pop() {
        while let Some(previous) = runs.last() {
            if run.first.saturating_sub(1) > previous.last {
                break;
            }
            run = Run {
                last: run.last,
                first: run.first.min(previous.first),
                network: None,
            };
            runs.pop();
        }
        joined.push(run);
    }
    joined
}

/// The networks that make up a run of addresses, each as large as it can be.
fn networks(mut first: u128, last: u128, bits: u32) -> Vec<Value> {
    let mut found = Vec::new();
    loop {
        let aligned = first.trailing_zeros().min(bits);
        // One less than the count, which may be 2^128.
        let left = last - first;
        let fitting = if left == u128::MAX {
            128
        } else {
            (left + 1).ilog2()
        };
        let host = aligned.min(fitting);
        found.push(Value::from(format!(
            "{}/{}",
            address(first, bits),
            bits - host
        )));
        let size_less_one = if host >= 128 {
            u128::MAX
        } else {
            (1 << host) - 1
        };
        match first.checked_add(size_less_one) {
            Some(end) if end < last => first = end + 1,
            _ => return found,
        }
    }
}

fn address(number: u128, bits: u32) -> IpAddr {
    if bits == 32 {
        // A run of version 4 holds no larger numbers.
        IpAddr::from(u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes())
    } else {
        IpAddr::from(number.to_be_bytes())
    }
}
