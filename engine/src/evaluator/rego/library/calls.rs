//! The check that every function that is called is there, may be called by a policy, and gets as many arguments as it takes.

use super::{Chance, Rules, WALK, full_name, in_file};
use crate::decision::DecisionErrorKind;
use crate::evaluator::rego::fault::Fault;
use crate::evaluator::rego::syntax::{Call, Module, Shape};
use crate::rego_builtins::{self, DependsOn};
use llmspell_utils::nearest;

/// Checks every call of a module.
pub(super) fn check(module: &Module, rules: &Rules<'_>, chance: Chance) -> Result<(), Fault> {
    module
        .rules
        .iter()
        .flat_map(|rule| &rule.calls)
        .try_for_each(|call| {
            check_call(module, call, rules, chance).map_err(|fault| in_file(module, fault))
        })
}

fn check_call(
    module: &Module,
    call: &Call,
    rules: &Rules<'_>,
    chance: Chance,
) -> Result<(), Fault> {
    let name = call.path.join(".");
    let expected = rules
        .get(&full_name(module, &call.path))
        .and_then(|definitions| {
            definitions.iter().find_map(|(_, rule)| match rule.shape {
                Shape::Function(arguments) => Some(arguments),
                Shape::Value | Shape::Keyed => None,
            })
        });
    if expected.is_none() && name == WALK && call.arguments == 1 {
        // Regorus gives no result then.
        return Err(Fault::load(
            "`walk` with one argument says nothing: write `walk(value, [path, part])`",
            call.line,
        ));
    }
    let expected = match expected {
        Some(arguments) => arguments,
        None if name == "print" => return Ok(()),
        None => builtin_arguments(&name, chance, call.line)?,
    };
    // One more argument is what the result is compared with.
    if call.arguments == expected || call.arguments == expected + 1 {
        return Ok(());
    }
    Err(Fault::load(
        format!(
            "`{name}` takes {expected} arguments and is called with {}",
            call.arguments
        ),
        call.line,
    ))
}

/// How many arguments a function takes that the host or regorus has, if a policy may call it.
fn builtin_arguments(name: &str, chance: Chance, line: u32) -> Result<usize, Fault> {
    let unknown = |message| Fault::new(DecisionErrorKind::UnknownFunction, message, line);
    if let Some(reason) = rego_builtins::refusal(name) {
        return Err(unknown(format!("`{name}` {reason}")));
    }
    match rego_builtins::find(name) {
        Some(builtin) if builtin.depends_on == DependsOn::Seed && chance == Chance::Refused => {
            Err(unknown(format!(
                "`{name}` would make decisions depend on chance: decide by what the event says"
            )))
        }
        Some(builtin) => Ok(usize::from(builtin.arity)),
        None if name == WALK => Ok(1),
        None => Err(unknown(unknown_function(name))),
    }
}

fn unknown_function(name: &str) -> String {
    let known: Vec<&str> = rego_builtins::all()
        .map(|builtin| builtin.name)
        .chain([WALK])
        .collect();
    let close = nearest(name, &known);
    if close.starts_with("did") {
        format!("there is no function `{name}`: {close}")
    } else {
        format!("there is no function `{name}`")
    }
}

/// Whether the host or regorus has a function of this name.
pub(super) fn is_builtin(path: &[String]) -> bool {
    let name = path.join(".");
    name == WALK || rego_builtins::find(&name).is_some() || rego_builtins::refusal(&name).is_some()
}
