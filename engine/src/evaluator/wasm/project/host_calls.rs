//! Has a module call the functions of the host where it would call those of OPA's library.
//!
//! A function of OPA's library that fails makes undefined of its call, so that a rule that should deny stays silent;
//! the same function of the host is an error. Each call gets a name of its own, which says where it stands.

use std::collections::BTreeMap;

use crate::evaluator::rego::Module;
use crate::rego_builtins::{self, Builtin};

/// What the names of such functions begin with.
const HOST: &str = "host";

/// A text whose calls lead to the host.
#[derive(Debug)]
pub(in crate::evaluator::wasm) struct HostCalls {
    pub(in crate::evaluator::wasm) text: String,
    /// The names that it calls, each with its number of arguments.
    pub(in crate::evaluator::wasm) declared: BTreeMap<String, u8>,
}

/// The text of a module, the one of this number, with its calls led to the host.
pub(in crate::evaluator::wasm) fn rewritten(module: &Module, number: usize) -> HostCalls {
    let mut calls: Vec<(String, u32, usize)> = module.outside_calls().collect();
    calls.sort_by_key(|(_, _, start)| *start);
    calls.dedup();
    let mut text = String::with_capacity(module.text.len());
    let mut declared = BTreeMap::new();
    let mut done = 0;
    for (name, line, start) in calls {
        let Some(builtin) = rego_builtins::find(&name) else {
            continue;
        };
        let (Some(before), Some(rest)) = (module.text.get(done..start), module.text.get(start..))
        else {
            continue;
        };
        // A function that a test replaces has to keep its name, and one in brackets has none to prefix.
        if !rest.starts_with(&name) || module.text.contains(&format!("with {name} as")) {
            continue;
        }
        let prefix = format!("{HOST}.m{number}.l{line}.");
        text.push_str(before);
        text.push_str(&prefix);
        done = start;
        declared.insert(format!("{prefix}{name}"), builtin.arity);
    }
    text.push_str(module.text.get(done..).unwrap_or_default());
    HostCalls { text, declared }
}

/// The function of such a name, and the number of the module and the line where it is called.
pub(in crate::evaluator::wasm) fn resolved(name: &str) -> Option<(&'static Builtin, usize, u32)> {
    let rest = name.strip_prefix(HOST)?.strip_prefix(".m")?;
    let (module, rest) = rest.split_once(".l")?;
    let (line, name) = rest.split_once('.')?;
    let builtin = rego_builtins::find(name)?;
    Some((builtin, module.parse().ok()?, line.parse().ok()?))
}
