//! The check that no rule with a variable in its name, such as `a[x].b`, meets one that is named in full, such as `a.c`:
//! regorus then looks at the one and forgets the other.

use super::in_file;
use crate::evaluator::rego::fault::Fault;
use crate::evaluator::rego::syntax::{Module, RuleFacts};

/// Checks the rules of modules that are evaluated together.
pub(super) fn check(modules: &[&Module]) -> Result<(), Fault> {
    for (module, rule) in rules(modules).filter(|(_, rule)| rule.is_open) {
        let name = full_name(module, rule);
        let meets = |(other_module, other): &(&Module, &RuleFacts)| {
            let other_name = full_name(other_module, other);
            other_name.len() > name.len() && other_name.starts_with(&name)
        };
        if let Some((other_module, other)) = rules(modules).find(meets) {
            let message = format!(
                "`{}` has a variable in brackets, and `{}` in line {} of `{}` has none: this evaluator cannot join them",
                rule.name.join("."),
                other.name.join("."),
                other.line,
                other_module.file
            );
            return Err(in_file(module, Fault::load(message, rule.line)));
        }
    }
    Ok(())
}

fn rules<'modules>(
    modules: &'modules [&'modules Module],
) -> impl Iterator<Item = (&'modules Module, &'modules RuleFacts)> {
    let rules = |module: &'modules &Module| module.rules.iter().map(|rule| (*module, rule));
    modules.iter().flat_map(rules)
}

fn full_name(module: &Module, rule: &RuleFacts) -> Vec<String> {
    module.package.iter().chain(&rule.name).cloned().collect()
}
