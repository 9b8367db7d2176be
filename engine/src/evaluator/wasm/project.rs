//! A Rego project as one module: compiled by `opa`, kept by its content, with an entry point for each verb.

mod build;
mod host_calls;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(super) use self::build::Sources;
use self::build::{Failure, shortened};
pub(super) use self::host_calls::{HostCalls, resolved, rewritten};
use super::module::OpaModule;
use super::policy::{Entries, Names, WasmPolicy};
use super::{ModuleCache, fault};
use crate::decision::Verb;
use crate::evaluator::PolicyFault;
use crate::evaluator::rego::{Failures, Module};
use crate::opa::OpaChoice;
use crate::value::Value;

/// Builds that a project is tried with, each without the policies that stopped the one before.
const MAX_BUILDS: usize = 8;

/// A policy that is wanted of the module.
#[derive(Debug)]
pub(crate) struct Request<'library> {
    /// The policy's module first, then those that it needs.
    pub(crate) modules: Vec<&'library Module>,
    pub(crate) verbs: Vec<Verb>,
}

/// The name under which `opa` sees the module of a number.
pub(super) fn module_file(index: usize) -> String {
    format!("module{index}.rego")
}

/// Compiles Rego projects.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RegoProject<'options> {
    pub(crate) opa: &'options OpaChoice,
    pub(crate) cache: &'options ModuleCache,
}

type Compiled = Result<WasmPolicy, PolicyFault>;

impl RegoProject<'_> {
    /// Compiles policies into one module; what OPA refuses is the error of the policies that it concerns.
    pub(crate) fn compile(self, requests: &[Request<'_>]) -> Vec<Compiled> {
        let mut faults: BTreeMap<usize, PolicyFault> = BTreeMap::new();
        for _ in 0..MAX_BUILDS {
            let wanted: Vec<(usize, &Request<'_>)> = requests
                .iter()
                .enumerate()
                .filter(|(index, _)| !faults.contains_key(index))
                .collect();
            if wanted.is_empty() {
                break;
            }
            let build = Build::of(wanted.iter().map(|(_, request)| *request));
            match self.module(&build) {
                Ok(module) => return finished(requests, faults, &Arc::new(module), &build),
                Err(failure) => {
                    let blamed = build.blamed(&failure, &wanted);
                    if blamed.is_empty() {
                        let fault = fault::load(failure.summary());
                        faults.extend(wanted.iter().map(|(index, _)| (*index, fault.clone())));
                    }
                    faults.extend(blamed);
                }
            }
        }
        let unbuilt = || Err(fault::load("`opa` could not compile the project"));
        (0..requests.len())
            .map(|index| faults.remove(&index).map_or_else(unbuilt, Err))
            .collect()
    }

    fn module(self, build: &Build<'_>) -> Result<OpaModule, Failure> {
        let bytes = build.sources.module(self.opa, self.cache)?;
        OpaModule::load(&bytes, &Value::new_object(), Failures::Fail, self.cache)
            .map_err(Failure::Fault)
    }
}

fn finished(
    requests: &[Request<'_>],
    mut faults: BTreeMap<usize, PolicyFault>,
    module: &Arc<OpaModule>,
    build: &Build<'_>,
) -> Vec<Compiled> {
    let names = Arc::new(build.names());
    let policy = |(index, request): (usize, &Request<'_>)| {
        if let Some(fault) = faults.remove(&index) {
            return Err(fault);
        }
        let verbs = request.verbs.iter().map(|verb| {
            let path = entry(request, *verb);
            let number = module.entries.get(&path).copied();
            number.map(|number| (*verb, number)).ok_or_else(|| {
                fault::load(format!(
                    "`opa` has made no entry point for `{}`",
                    verb.name()
                ))
            })
        });
        Ok(WasmPolicy {
            module: Arc::clone(module),
            entries: Entries::Verbs(verbs.collect::<Result<_, _>>()?),
            names: Arc::clone(&names),
        })
    };
    requests.iter().enumerate().map(policy).collect()
}

fn entry(request: &Request<'_>, verb: Verb) -> String {
    let package = request
        .modules
        .first()
        .map(|module| module.package.join("/"));
    format!("{}/{}", package.unwrap_or_default(), verb.name())
}

/// One run of `opa build`.
struct Build<'library> {
    /// The modules, without repetition, in a fixed order.
    modules: Vec<&'library Module>,
    sources: Sources,
}

impl<'library> Build<'library> {
    fn of<'request>(requests: impl Iterator<Item = &'request Request<'library>>) -> Self
    where
        'library: 'request,
    {
        // One file may hold several modules: rules that are named by a keyword have one of their own.
        let mut modules: BTreeMap<(&str, &[String]), &'library Module> = BTreeMap::new();
        let mut entries = BTreeSet::new();
        for request in requests {
            modules.extend(request.modules.iter().map(|module| {
                let place = (module.file.as_str(), module.package.as_slice());
                (place, *module)
            }));
            entries.extend(request.verbs.iter().map(|verb| entry(request, *verb)));
        }
        let modules: Vec<&'library Module> = modules.into_values().collect();
        let texts = modules.iter().enumerate();
        let texts = texts.map(|(index, module)| rewritten(module, index));
        Self {
            sources: Sources {
                texts: texts.collect(),
                entries,
            },
            modules,
        }
    }

    fn names(&self) -> Names {
        let files = self.modules.iter().enumerate();
        files
            .map(|(index, module)| (module_file(index), module.file.clone()))
            .collect()
    }

    /// The policies that need a file which `opa` complains about, each with its first complaint.
    fn blamed(
        &self,
        failure: &Failure,
        wanted: &[(usize, &Request<'_>)],
    ) -> BTreeMap<usize, PolicyFault> {
        let Failure::Said(text) = failure else {
            return BTreeMap::new();
        };
        let names = self.names();
        let mut blamed = BTreeMap::new();
        for (file, line, message) in text.lines().filter_map(complaint) {
            let Some(file) = names.get(file) else {
                continue;
            };
            let fault = PolicyFault {
                file: Some(file.clone()),
                line: Some(line),
                ..fault::load(format!("`opa` refuses it: {}", shortened(message)))
            };
            for (index, request) in wanted {
                if request.modules.iter().any(|module| module.file == *file) {
                    blamed.entry(*index).or_insert_with(|| fault.clone());
                }
            }
        }
        for (index, request) in wanted {
            let named = |verb: &&Verb| text.contains(&format!("`{}`", entry(request, **verb)));
            if let Some(verb) = request.verbs.iter().find(named) {
                let message = format!("`opa` does not find `{}` of this policy", verb.name());
                blamed.entry(*index).or_insert_with(|| fault::load(message));
            }
        }
        blamed
    }
}

/// A line of the form `1 error occurred: file:line: message`.
fn complaint(line: &str) -> Option<(&str, u32, &str)> {
    let (file, rest) = line.split_once(".rego:")?;
    let name_start = file.rfind("module")?;
    let name_length = file.len() - name_start + ".rego".len();
    let name = line.get(name_start..name_start + name_length)?;
    let (number, message) = rest.split_once(": ")?;
    let number = number.split(':').next()?.parse().ok()?;
    Some((name, number, message))
}
