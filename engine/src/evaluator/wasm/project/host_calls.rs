//! Has a module call the functions of the host where it would call those of OPA's library.
//!
//! A function of OPA's library that fails makes undefined of its call, and so does arithmetic with what is no number,
//! so that a rule that should deny stays silent. The same function of the host is an error, and operands go through a
//! function of the host that gives them back if they are what they should be. Each call gets a name of its own, which
//! says where it stands. Where an array is made of a set, its elements come in their order: those of OPA's library come in
//! that of their hashes.

use std::collections::BTreeMap;

use super::super::imports::Function;
use crate::evaluator::rego::{Module, Wanted};
use crate::rego_builtins;

/// What the names of such functions begin with.
const HOST: &str = "host";
/// What stands before the name of a function, because `contains` alone is a keyword.
const FUNCTION: &str = "f_";
/// The functions that operands go through.
const OPERANDS: [(Wanted, &str); 8] = [
    (Wanted::Number, "number"),
    (Wanted::Divisor, "divisor"),
    (Wanted::Whole, "whole"),
    (Wanted::WholeDivisor, "whole_divisor"),
    (Wanted::NumberOrSet, "number_or_set"),
    (Wanted::Set, "set"),
    (Wanted::Collection, "collection"),
    (Wanted::Ordered, "ordered"),
];

/// A text whose calls lead to the host.
#[derive(Debug)]
pub(in crate::evaluator::wasm) struct HostCalls {
    pub(in crate::evaluator::wasm) text: String,
    /// The names that it calls, each with its number of arguments.
    pub(in crate::evaluator::wasm) declared: BTreeMap<String, u8>,
}

/// Something that is written into the text.
struct Insertion {
    at: usize,
    /// Of those at one place, what belongs to the longer stretch of text comes first.
    length: usize,
    text: String,
}

/// The text of a module, the one of this number, with its calls led to the host.
pub(in crate::evaluator::wasm) fn rewritten(module: &Module, number: usize) -> HostCalls {
    let module = module.for_opa();
    let mut declared = BTreeMap::new();
    let mut insertions = calls(module, number, &mut declared);
    insertions.extend(operands(module, number, &mut declared));
    insertions.sort_by(|one, other| (one.at, other.length).cmp(&(other.at, one.length)));
    let mut text = String::with_capacity(module.text.len());
    let mut done = 0;
    for insertion in insertions {
        text.push_str(module.text.get(done..insertion.at).unwrap_or_default());
        text.push_str(&insertion.text);
        done = insertion.at;
    }
    text.push_str(module.text.get(done..).unwrap_or_default());
    HostCalls { text, declared }
}

/// The prefixes of the functions that are called.
fn calls(module: &Module, number: usize, declared: &mut BTreeMap<String, u8>) -> Vec<Insertion> {
    let mut calls: Vec<(String, u32, usize)> = module.outside_calls().collect();
    calls.sort_by_key(|(_, _, start)| *start);
    calls.dedup();
    let mut insertions = Vec::new();
    for (name, line, at) in calls {
        let (Some(builtin), Some(rest)) = (rego_builtins::find(&name), module.text.get(at..))
        else {
            continue;
        };
        // A function that a test replaces has to keep its name, and one in brackets has none to prefix.
        if !rest.starts_with(&name) || module.text.contains(&format!("with {name} as")) {
            continue;
        }
        let text = format!("{}{FUNCTION}", prefix(number, line));
        declared.insert(format!("{text}{name}"), builtin.arity);
        let length = 0;
        insertions.push(Insertion { at, length, text });
    }
    insertions
}

/// The functions around operands.
fn operands(module: &Module, number: usize, declared: &mut BTreeMap<String, u8>) -> Vec<Insertion> {
    let mut insertions = Vec::new();
    for operand in module.operands() {
        let named = OPERANDS
            .iter()
            .find(|(wanted, _)| *wanted == operand.wanted);
        let Some((_, function)) = named else { continue };
        let name = format!("{}operand.{function}", prefix(number, operand.line));
        insertions.push(Insertion {
            at: operand.range.start,
            length: operand.range.len(),
            text: format!("{name}("),
        });
        insertions.push(Insertion {
            at: operand.range.end,
            length: 0,
            text: ")".to_owned(),
        });
        declared.insert(name, 1);
    }
    insertions
}

fn prefix(number: usize, line: u32) -> String {
    format!("{HOST}.m{number}.l{line}.")
}

/// The function of such a name.
pub(in crate::evaluator::wasm) fn resolved(name: &str) -> Option<Function> {
    let rest = name.strip_prefix(HOST)?.strip_prefix(".m")?;
    let (module, rest) = rest.split_once(".l")?;
    let (line, name) = rest.split_once('.')?;
    let place = (module.parse().ok()?, line.parse().ok()?);
    if let Some(operand) = name.strip_prefix("operand.") {
        let (wanted, _) = OPERANDS.iter().find(|(_, name)| *name == operand)?;
        return Some(Function::Operand(*wanted, place));
    }
    let name = name.strip_prefix(FUNCTION)?;
    rego_builtins::find(name).map(|builtin| Function::Rego {
        builtin,
        place: Some(place),
    })
}
