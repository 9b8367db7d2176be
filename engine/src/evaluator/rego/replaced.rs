//! Functions of the host that modules replace with `with`: regorus replaces only functions that it has itself, and rules.
//!
//! So each of them becomes a rule in a package that nobody else names, which calls the function; and every module that is
//! evaluated imports that package under the function's first name, so that regorus finds the rule there.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use regorus::Engine;
use regorus::unstable::BUILTINS;

use super::policy::path;
use super::syntax::{Module, new_engine};
use crate::rego_builtins::{self, Builtin};

/// The package of the rules.
const PACKAGE: &str = "llmspell_replaced";

/// The functions of the host that some modules replace.
pub(super) struct Replaced<'module> {
    /// Each with the module and the line that replace it first.
    functions: BTreeMap<&'static str, (&'static Builtin, &'module Module, u32)>,
    /// The first parts of their names.
    families: BTreeSet<&'static str>,
}

impl<'module> Replaced<'module> {
    /// What the modules of one evaluation replace, mostly nothing.
    pub(super) fn by(modules: impl Iterator<Item = &'module Module>) -> Self {
        let mut functions = BTreeMap::new();
        for module in modules {
            for named in module.rules.iter().flat_map(|rule| &rule.replaced) {
                let builtin = rego_builtins::find(&named.path.join("."));
                let Some(builtin) = builtin.filter(|found| !BUILTINS.contains_key(found.name))
                else {
                    continue;
                };
                let place = (builtin, module, named.line);
                functions.entry(builtin.name).or_insert(place);
            }
        }
        let families = functions.keys().filter_map(|name| name.split('.').next());
        Self {
            families: families.collect(),
            functions,
        }
    }

    /// An engine that holds this module, whose functions can be replaced.
    ///
    /// # Errors
    ///
    /// When regorus does not take it.
    pub(super) fn engine(&self, module: &Module) -> Result<Engine, String> {
        let text = match self.text(module) {
            // It was parsed before.
            Cow::Borrowed(_) => return self.with_rules(module.engine.clone()),
            Cow::Owned(text) => text,
        };
        let mut engine = new_engine();
        engine
            .add_policy(module.file.clone(), text)
            .map_err(|error| error.to_string())?;
        self.with_rules(engine)
    }

    /// The engine with the rules that stand for the functions.
    ///
    /// # Errors
    ///
    /// When regorus does not take them.
    pub(super) fn with_rules(&self, mut engine: Engine) -> Result<Engine, String> {
        for (name, (builtin, module, line)) in &self.functions {
            let Some((family, function)) = name.rsplit_once('.') else {
                continue;
            };
            let arguments: Vec<String> = (0..builtin.arity).map(|at| format!("a{at}")).collect();
            let arguments = arguments.join(", ");
            // An error of the function is told at the line that replaces it elsewhere.
            let lines = usize::try_from(line.saturating_sub(1)).unwrap_or(1).max(1);
            let lines = "\n".repeat(lines);
            let text = format!(
                "package {PACKAGE}.{family}{lines}{function}({arguments}) := {name}({arguments})\n"
            );
            engine
                .add_policy(module.file.clone(), text)
                .map_err(|error| error.to_string())?;
        }
        Ok(engine)
    }

    /// The text of a module with the imports that it needs, on the line of its package.
    ///
    /// A module that has the name for something else keeps it: what it then replaces is an error of its evaluation.
    pub(super) fn text<'text>(&self, module: &'text Module) -> Cow<'text, str> {
        let is_free = |family: &&&str| {
            let mut rules = module.rules.iter().filter_map(|rule| rule.name.first());
            !module.imports.contains_key(**family) && !rules.any(|name| name == **family)
        };
        let families = self.families.iter().filter(is_free);
        let imports: String = families
            .map(|family| {
                format!(
                    " import {}",
                    path(&[PACKAGE.to_owned(), (*family).to_owned()])
                )
            })
            .collect();
        let end = module.tree().package.refr.span().end;
        let end = usize::try_from(end).unwrap_or(usize::MAX);
        match module.text.split_at_checked(end) {
            Some((package, rest)) if !imports.is_empty() => {
                Cow::Owned(format!("{package}{imports}{rest}"))
            }
            _ => Cow::Borrowed(&module.text),
        }
    }
}
