//! The modules of a project, and the check that everything a policy names is among them.
//!
//! Rego makes undefined of whatever is not there, and a policy that tests something undefined stays silent.
//! So a name that leads nowhere is refused when the policy is loaded.

mod bound;
mod calls;
mod heads;
mod levels;

use std::collections::{BTreeMap, BTreeSet};

use super::fault::Fault;
use super::syntax::{Module, RuleFacts};
use crate::decision::Verb;
use llmspell_utils::nearest;

const DATA: &str = "data";
/// The function that regorus understands itself, because it has many results.
const WALK: &str = "walk";

/// What a name may stand for that leads to no module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Names {
    /// Nothing: a project has no data besides what its modules define.
    #[default]
    AreModules,
    /// Data that comes from elsewhere.
    MayBeData,
}

/// Whether functions may be called that give another result for the same event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Chance {
    Refused,
    Allowed,
}

/// Every module of a project that could be parsed.
#[derive(Debug, Default)]
pub(crate) struct Library {
    names: Names,
    modules: Vec<Module>,
    /// The modules of each package.
    packages: BTreeMap<Vec<String>, Vec<usize>>,
    /// The packages and files of what is broken, as far as their text names a package.
    broken: Vec<(Vec<String>, String)>,
}

/// The rules of some modules by their full names, without `data`.
type Rules<'library> = BTreeMap<Vec<String>, Vec<(&'library Module, &'library RuleFacts)>>;

impl Library {
    pub(super) fn new(names: Names) -> Self {
        Self {
            names,
            ..Self::default()
        }
    }

    pub(super) fn modules(&self) -> impl Iterator<Item = &Module> {
        self.modules.iter()
    }

    /// Checks every module of a library whose names may be data, and one more that asks them.
    ///
    /// # Errors
    ///
    /// When one of them names or calls what is not there, or they call too deep.
    pub(super) fn check_all(&self, query: &Module) -> Result<(), Fault> {
        let modules: Vec<&Module> = self.modules.iter().collect();
        let rules = rules_of(&modules);
        heads::check(&modules)?;
        for module in modules.into_iter().chain([query]) {
            self.needed_by(module)?;
            calls::check(module, &rules, Chance::Allowed)?;
            bound::check(module, &rules)?;
            levels::check(module, &rules)?;
        }
        Ok(())
    }

    /// Adds a module, and those of its rules that are named by a keyword; gives the module's own place.
    pub(crate) fn add(&mut self, mut module: Module) -> usize {
        let others = std::mem::take(&mut module.others);
        let index = self.add_one(module);
        for other in others {
            self.add_one(other);
        }
        index
    }

    fn add_one(&mut self, module: Module) -> usize {
        let index = self.modules.len();
        self.packages
            .entry(module.package.clone())
            .or_default()
            .push(index);
        self.modules.push(module);
        index
    }

    /// Remembers a file that could not be read as a module, so that those who need it can say so.
    pub(crate) fn add_broken(&mut self, file: &str, text: &str) {
        let named = text
            .lines()
            .find_map(|line| line.trim().strip_prefix("package "));
        let name = named.and_then(|name| name.split_whitespace().next());
        if let Some(name) = name {
            let package = name.split('.').map(str::to_owned).collect();
            self.broken.push((package, file.to_owned()));
        }
    }

    /// The file of the first module of a package.
    pub(crate) fn first_of(&self, package: &[String]) -> Option<&str> {
        let index = self.packages.get(package)?.first()?;
        Some(self.modules.get(*index)?.file.as_str())
    }

    pub(crate) fn module(&self, index: usize) -> Option<&Module> {
        self.modules.get(index)
    }

    /// A module and those that it needs.
    ///
    /// # Errors
    ///
    /// As of `needs`.
    pub(crate) fn with_needs(&self, index: usize) -> Result<Vec<&Module>, Fault> {
        let needs = self.needs(index)?;
        Ok(self.modules.get(index).into_iter().chain(needs).collect())
    }

    /// The modules that a module needs, itself not counted, in the order of the library.
    ///
    /// # Errors
    ///
    /// When one of them names what is not there, or they call too deep.
    pub(super) fn needs(&self, index: usize) -> Result<Vec<&Module>, Fault> {
        let needed = self.needed_indices(index)?;
        Ok(needed
            .iter()
            .filter_map(|index| self.modules.get(*index))
            .collect())
    }

    /// The same by their places.
    ///
    /// # Errors
    ///
    /// As [`needs`](Self::needs).
    pub(super) fn needed_indices(&self, index: usize) -> Result<BTreeSet<usize>, Fault> {
        let mut seen = BTreeSet::from([index]);
        let mut pending = vec![index];
        while let Some(module) = pending.pop().and_then(|index| self.modules.get(index)) {
            let found = self.needed_by(module)?;
            pending.extend(found.into_iter().filter(|index| seen.insert(*index)));
        }
        let modules: Vec<&Module> = seen
            .iter()
            .filter_map(|index| self.modules.get(*index))
            .collect();
        let rules = rules_of(&modules);
        heads::check(&modules)?;
        if let Some(module) = self.modules.get(index) {
            check_verbs(module, &modules)?;
        }
        for module in &modules {
            calls::check(module, &rules, Chance::Refused)?;
            bound::check(module, &rules)?;
        }
        if let Some(module) = self.modules.get(index) {
            levels::check(module, &rules)?;
        }
        seen.remove(&index);
        Ok(seen)
    }

    fn needed_by(&self, module: &Module) -> Result<Vec<usize>, Fault> {
        let mut needed = Vec::new();
        let named = module
            .rules
            .iter()
            .flat_map(|rule| &rule.references)
            .chain(&module.imported);
        let called = module.rules.iter().flat_map(|rule| &rule.calls);
        let called = called.map(|call| (&call.path, call.line, calls::is_builtin(&call.path)));
        for (path, line, is_builtin_call) in named
            .map(|named| (&named.path, named.line, false))
            .chain(called)
        {
            let Some(full) = absolute(module, path) else {
                continue;
            };
            if !is_builtin_call {
                check_way_back(module, path, &full, line)?;
            }
            let path = full;
            let found = self.packages_of(&path);
            let fault = if found.is_empty() {
                Some(self.missing_package(module, &path, line))
            } else {
                self.check_name(module, &path, line).err()
            };
            match fault {
                // An imported name may be that of a family of builtin functions, as `json` in `json.unmarshal`.
                Some(_) if is_builtin_call || self.names == Names::MayBeData => {}
                Some(fault) => return Err(fault),
                None => needed.extend(found),
            }
        }
        Ok(needed)
    }

    /// The modules of the packages that hold a path, or lie inside it.
    ///
    /// Of the packages that hold it, one that stands above another counts only for what it defines itself: a helper
    /// of `cupcake.system.commands` has no need of `cupcake.system`, which looks at every policy.
    fn packages_of(&self, path: &[String]) -> Vec<usize> {
        let holders = || {
            let all = self.packages.iter();
            all.filter(|(package, _)| path.starts_with(package))
        };
        let nearest = holders().map(|(package, _)| package.len()).max();
        let inside = self
            .packages
            .iter()
            .filter(|(package, _)| package.len() > path.len() && package.starts_with(path));
        let holders = holders().filter(|(package, modules)| {
            Some(package.len()) == nearest || self.define(modules, path.get(package.len()))
        });
        holders
            .chain(inside)
            .flat_map(|(_, modules)| modules.iter().copied())
            .collect()
    }

    /// Whether one of these modules has a rule of this name.
    fn define(&self, modules: &[usize], name: Option<&String>) -> bool {
        modules
            .iter()
            .filter_map(|index| self.modules.get(*index))
            .flat_map(|module| &module.rules)
            .any(|rule| rule.name.first() == name)
    }

    /// Checks that the part behind a package's name is one of its rules.
    fn check_name(&self, module: &Module, path: &[String], line: u32) -> Result<(), Fault> {
        let Some((package, modules)) = self
            .packages
            .iter()
            .filter(|(package, _)| path.starts_with(package))
            .max_by_key(|(package, _)| package.len())
        else {
            return Ok(());
        };
        let Some(name) = path.get(package.len()) else {
            return Ok(());
        };
        let rules = || {
            modules
                .iter()
                .filter_map(|index| self.modules.get(*index))
                .flat_map(|module| &module.rules)
        };
        let leads_on = self
            .packages
            .keys()
            .any(|other| other.len() > package.len() && other.starts_with(path));
        if leads_on || rules().any(|rule| rule.name.first() == Some(name)) {
            return Ok(());
        }
        if let Some(file) = self.broken_file(path) {
            return Err(is_broken(module, path, file, line));
        }
        let known: BTreeSet<&str> = rules()
            .filter_map(|rule| rule.name.first())
            .map(String::as_str)
            .collect();
        let known: Vec<&str> = known.into_iter().collect();
        Err(in_file(
            module,
            Fault::load(
                format!(
                    "`{name}` is not defined in `{}`: {}",
                    package.join("."),
                    nearest(name, &known)
                ),
                line,
            ),
        ))
    }

    /// The broken file of a package that holds a path, or lies inside it.
    fn broken_file(&self, path: &[String]) -> Option<&str> {
        let mut broken = self.broken.iter();
        broken
            .find(|(package, _)| path.starts_with(package) || package.starts_with(path))
            .map(|(_, file)| file.as_str())
    }

    fn missing_package(&self, module: &Module, path: &[String], line: u32) -> Fault {
        if let Some(file) = self.broken_file(path) {
            return is_broken(module, path, file, line);
        }
        let name = format!("{DATA}.{}", path.join("."));
        let known: Vec<String> = self
            .packages
            .keys()
            .map(|package| format!("{DATA}.{}", package.join(".")))
            .collect();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let close = nearest(&name, &known);
        let hint = if close.starts_with("did") {
            format!(": {close}")
        } else {
            String::new()
        };
        in_file(
            module,
            Fault::load(format!("`{name}` is not in this project{hint}"), line),
        )
    }
}

fn is_broken(module: &Module, path: &[String], file: &str, line: u32) -> Fault {
    let name = format!("{DATA}.{}", path.join("."));
    in_file(
        module,
        Fault::load(format!("`{name}` needs `{file}`, which is broken"), line),
    )
}

/// Checks that what a policy says comes from its own file: no other module may define its verbs.
fn check_verbs(policy: &Module, modules: &[&Module]) -> Result<(), Fault> {
    for other in modules.iter().filter(|other| other.file != policy.file) {
        for rule in &other.rules {
            let name: Vec<String> = other.package.iter().chain(&rule.name).cloned().collect();
            let is_verb = |part: &String| Verb::ALL.iter().any(|verb| part == verb.name());
            let inside = name.strip_prefix(policy.package.as_slice());
            let defines_verb = inside.is_some_and(|rest| rest.first().is_none_or(is_verb));
            if defines_verb || policy.package.starts_with(&name) {
                let message = format!(
                    "`{}` of `{}` belongs to the package of `{}`, whose verbs stand in its own file only",
                    rule.name.join("."),
                    other.file,
                    policy.file
                );
                return Err(in_file(other, Fault::load(message, rule.line)));
            }
        }
    }
    Ok(())
}

/// Checks that no import leads back to the module's own package: regorus makes undefined of what is named so.
fn check_way_back(
    module: &Module,
    path: &[String],
    full: &[String],
    line: u32,
) -> Result<(), Fault> {
    let target = path.first().and_then(|name| module.imports.get(name));
    let leads_back = target.is_some_and(|target| target.len() <= module.package.len() + 1);
    match full.strip_prefix(module.package.as_slice()) {
        Some(rest) if leads_back => {
            let advice = match rest.first() {
                Some(rule) => format!(": write `{rule}` alone"),
                None => String::new(),
            };
            let message = format!(
                "`{}` leads back to its own package through an import{advice}",
                path.join(".")
            );
            Err(in_file(module, Fault::load(message, line)))
        }
        _ => Ok(()),
    }
}

/// The path without `data` that a name stands for; none for input, for local names and for builtin functions.
pub(super) fn absolute(module: &Module, path: &[String]) -> Option<Vec<String>> {
    let (first, rest) = path.split_first()?;
    if first == DATA {
        return Some(rest.to_vec());
    }
    let target = module.imports.get(first)?;
    let (root, start) = target.split_first()?;
    (root == DATA).then(|| start.iter().chain(rest).cloned().collect())
}

fn rules_of<'library>(modules: &[&'library Module]) -> Rules<'library> {
    let mut rules = Rules::new();
    for module in modules {
        for rule in &module.rules {
            let name = module.package.iter().chain(&rule.name).cloned().collect();
            rules.entry(name).or_default().push((module, rule));
        }
    }
    rules
}

/// Where a name of a module leads: through its imports, or to its own package.
fn full_name(module: &Module, path: &[String]) -> Vec<String> {
    absolute(module, path).unwrap_or_else(|| module.package.iter().chain(path).cloned().collect())
}

/// A fault that lies in this module's file, which may be another than the policy's.
fn in_file(module: &Module, fault: Fault) -> Fault {
    Fault {
        file: Some(module.file.clone()),
        ..fault
    }
}
