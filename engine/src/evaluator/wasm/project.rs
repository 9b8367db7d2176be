//! A Rego project as one module: compiled by `opa`, kept by its content, with an entry point for each verb.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::bundle::Bundle;
use super::cache::hexadecimal;
use super::module::{MAX_MODULE_BYTES, OpaModule};
use super::policy::{Entries, Names, WasmPolicy};
use super::{ModuleCache, fault};
use crate::decision::Verb;
use crate::evaluator::PolicyFault;
use crate::evaluator::rego::Module;
use crate::opa::{OPA_VERSION, Opa, OpaChoice, Workplace};
use crate::rego_builtins;
use crate::value::Value;

const BUNDLE: &str = "bundle.tar.gz";
const CAPABILITIES: &str = "capabilities.json";
/// Builds that a project is tried with, each without the policies that stopped the one before.
const MAX_BUILDS: usize = 8;

/// A policy that is wanted of the module.
#[derive(Debug)]
pub(crate) struct Request<'library> {
    /// The policy's module first, then those that it needs.
    pub(crate) modules: Vec<&'library Module>,
    pub(crate) verbs: Vec<Verb>,
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
        let name = format!("{}.wasm", build.digest(self.opa));
        if let Some(bytes) = self.cache.read(&name) {
            return OpaModule::load(&bytes, &Value::new_object(), self.cache)
                .map_err(Failure::Fault);
        }
        let bytes = build.run(self.opa)?;
        let module =
            OpaModule::load(&bytes, &Value::new_object(), self.cache).map_err(Failure::Fault)?;
        self.cache.write(&name, &bytes);
        Ok(module)
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

/// Why there is no module.
#[derive(Debug)]
enum Failure {
    /// What `opa` said about the sources.
    Said(String),
    /// Something that no source is to blame for.
    Fault(PolicyFault),
}

impl Failure {
    fn of(message: String) -> Self {
        Self::Fault(fault::load(message))
    }

    fn summary(&self) -> String {
        match self {
            Self::Fault(fault) => fault.message.clone(),
            Self::Said(text) => {
                let line = text.lines().map(str::trim).find(|line| !line.is_empty());
                format!(
                    "`opa` could not compile the project: {}",
                    shortened(line.unwrap_or("it gives no reason"))
                )
            }
        }
    }
}

fn shortened(text: &str) -> String {
    text.chars()
        .filter(|character| !character.is_control())
        .take(300)
        .collect::<String>()
        .replace('"', "`")
}

/// One run of `opa build`.
struct Build<'library> {
    /// The modules, without repetition, in a fixed order.
    modules: Vec<&'library Module>,
    entries: BTreeSet<String>,
}

impl<'library> Build<'library> {
    fn of<'request>(requests: impl Iterator<Item = &'request Request<'library>>) -> Self
    where
        'library: 'request,
    {
        let mut modules: BTreeMap<&str, &'library Module> = BTreeMap::new();
        let mut entries = BTreeSet::new();
        for request in requests {
            modules.extend(
                request
                    .modules
                    .iter()
                    .map(|module| (module.file.as_str(), *module)),
            );
            entries.extend(request.verbs.iter().map(|verb| entry(request, *verb)));
        }
        Self {
            modules: modules.into_values().collect(),
            entries,
        }
    }

    /// The name under which `opa` sees a module.
    fn name(index: usize) -> String {
        format!("module{index}.rego")
    }

    fn names(&self) -> Names {
        let files = self.modules.iter().enumerate();
        files
            .map(|(index, module)| (Self::name(index), module.file.clone()))
            .collect()
    }

    /// Everything on which the module depends.
    fn digest(&self, opa: &OpaChoice) -> String {
        let mut digest = Sha256::new();
        let mut add = |part: &str| {
            digest.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
            digest.update(part);
        };
        add(if opa.any_version { "any" } else { OPA_VERSION });
        for module in &self.modules {
            add(&module.text);
        }
        add("");
        self.entries.iter().for_each(|entry| add(entry));
        hexadecimal(&digest.finalize())
    }

    fn run(&self, choice: &OpaChoice) -> Result<Vec<u8>, Failure> {
        let opa = Opa::find(choice).map_err(Failure::of)?;
        let place = Workplace::new().map_err(Failure::of)?;
        let capabilities = capabilities(&opa, &place)?;
        place
            .write(CAPABILITIES, capabilities.as_bytes())
            .map_err(Failure::of)?;
        for (index, module) in self.modules.iter().enumerate() {
            place
                .write(&Self::name(index), module.text.as_bytes())
                .map_err(Failure::of)?;
        }
        let said = opa.run(&place, &self.arguments()).map_err(Failure::of)?;
        if !said.status.success() {
            return Err(Failure::Said(format!("{}\n{}", said.errors, said.output)));
        }
        let most = u64::try_from(MAX_MODULE_BYTES).unwrap_or(u64::MAX);
        let bundle = place.read(BUNDLE, most).map_err(Failure::of)?;
        Bundle::read(&bundle, None)
            .map(|bundle| bundle.module)
            .map_err(Failure::Fault)
    }

    fn arguments(&self) -> Vec<String> {
        let fixed = [
            "build",
            "--target=wasm",
            "--wasm-include-print",
            "--capabilities",
            CAPABILITIES,
            "--output",
            BUNDLE,
        ];
        let entries = self
            .entries
            .iter()
            .flat_map(|entry| ["--entrypoint", entry.as_str()]);
        let modules = (0..self.modules.len()).map(Self::name);
        fixed
            .into_iter()
            .chain(entries)
            .map(str::to_owned)
            .chain(modules)
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

/// What the sources may use of OPA: no function that is refused here, and no network.
fn capabilities(opa: &Opa, place: &Workplace) -> Result<String, Failure> {
    let said = opa
        .run(place, &["capabilities", "--current"])
        .map_err(Failure::of)?;
    let odd = || Failure::of("`opa` does not say what it is capable of".to_owned());
    let mut capabilities: serde_json::Value =
        serde_json::from_str(&said.output).map_err(|_| odd())?;
    let fields = capabilities.as_object_mut().ok_or_else(odd)?;
    let builtins = fields
        .get_mut("builtins")
        .and_then(serde_json::Value::as_array_mut)
        .ok_or_else(odd)?;
    builtins.retain(|builtin| {
        let name = builtin.get("name").and_then(serde_json::Value::as_str);
        name.is_some_and(|name| rego_builtins::refusal(name).is_none())
    });
    fields.insert("allow_net".to_owned(), serde_json::json!([]));
    Ok(capabilities.to_string())
}
