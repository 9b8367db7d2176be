//! The check that every name in a rule's head or behind `not` has a value when it is needed.

use super::{DATA, Rules, in_file};
use crate::evaluator::rego::fault::Fault;
use crate::evaluator::rego::syntax::{self, Module, Reference};

/// Checks that every name in a rule's head or behind `not` is bound in the rule, or is that of a rule, an import or a
/// document.
pub(super) fn check(module: &Module, rules: &Rules<'_>) -> Result<(), Fault> {
    let is_rule = |name: &String| {
        let path: Vec<String> = module.package.iter().chain([name]).cloned().collect();
        rules
            .range(path.clone()..)
            .next()
            .is_some_and(|(found, _)| found.starts_with(&path))
    };
    let is_known = |name: &String| {
        matches!(name.as_str(), "input" | DATA)
            || module.imports.contains_key(name)
            || is_rule(name)
    };
    let unknown = |named: &Reference| {
        let name = named.path.first().filter(|name| !is_known(name))?;
        Some((name.clone(), named.line))
    };
    for rule in &module.rules {
        let fault = if let Some((name, line)) = rule.unbound.iter().find_map(unknown) {
            Fault::load(format!("`{name}` is not defined"), line)
        } else if let Some((name, line)) = rule.negated.iter().find_map(unknown) {
            let message = format!(
                "`{name}` stands behind `not` and has no value there: bind it before, such as with `some`"
            );
            Fault::load(message, line)
        } else if let Some((name, line)) = rule.early.iter().find_map(unknown) {
            syntax::early(&name, line)
        } else {
            continue;
        };
        return Err(in_file(module, fault));
    }
    Ok(())
}
