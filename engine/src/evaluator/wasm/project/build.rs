//! One run of `opa build`: texts and entry points in, a module out.

use std::collections::BTreeSet;

use serde_json::json;
use sha2::{Digest, Sha256};

use super::super::bundle::Bundle;
use super::super::module::MAX_MODULE_BYTES;
use super::super::{ModuleCache, fault};
use super::host_calls::HostCalls;
use super::module_file;
use crate::digest;
use crate::evaluator::PolicyFault;
use crate::opa::{OPA_VERSION, Opa, OpaChoice, Workplace};
use crate::rego_builtins;

const BUNDLE: &str = "bundle.tar.gz";
const CAPABILITIES: &str = "capabilities.json";

/// Why there is no module.
#[derive(Debug)]
pub(in crate::evaluator::wasm) enum Failure {
    /// What `opa` said about the sources.
    Said(String),
    /// Something that no source is to blame for.
    Fault(PolicyFault),
}

impl Failure {
    fn of(message: String) -> Self {
        Self::Fault(fault::load(message))
    }

    pub(in crate::evaluator::wasm) fn summary(&self) -> String {
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

pub(super) fn shortened(text: &str) -> String {
    text.chars()
        .filter(|character| !character.is_control())
        .take(300)
        .collect::<String>()
        .replace('"', "`")
}

/// What `opa` is given.
#[derive(Debug)]
pub(in crate::evaluator::wasm) struct Sources {
    /// The text of each module.
    pub(in crate::evaluator::wasm) texts: Vec<HostCalls>,
    pub(in crate::evaluator::wasm) entries: BTreeSet<String>,
}

impl Sources {
    /// The module, from the cache if it was made before.
    pub(in crate::evaluator::wasm) fn module(
        &self,
        opa: &OpaChoice,
        cache: &ModuleCache,
    ) -> Result<Vec<u8>, Failure> {
        let name = format!("{}.wasm", self.digest(opa));
        if let Some(bytes) = cache.read(&name) {
            return Ok(bytes);
        }
        let bytes = self.run(opa)?;
        cache.write(&name, &bytes);
        Ok(bytes)
    }

    /// Everything on which the module depends.
    fn digest(&self, opa: &OpaChoice) -> String {
        let mut hasher = Sha256::new();
        let mut add = |part: &str| digest::add(&mut hasher, part.as_bytes());
        add(if opa.any_version { "any" } else { OPA_VERSION });
        for text in &self.texts {
            add(&text.text);
        }
        add("");
        self.entries.iter().for_each(|entry| add(entry));
        digest::digits(hasher)
    }

    fn run(&self, choice: &OpaChoice) -> Result<Vec<u8>, Failure> {
        let opa = Opa::find(choice).map_err(Failure::of)?;
        let place = Workplace::new().map_err(Failure::of)?;
        let capabilities = self.capabilities(&opa, &place)?;
        place
            .write(CAPABILITIES, capabilities.as_bytes())
            .map_err(Failure::of)?;
        for (index, text) in self.texts.iter().enumerate() {
            place
                .write(&module_file(index), text.text.as_bytes())
                .map_err(Failure::of)?;
        }
        let said = opa.run(&place, &self.arguments()).map_err(Failure::of)?;
        if !said.status.success() {
            let all = self.complaints(&opa, &place);
            let first = || format!("{}\n{}", said.errors, said.output);
            return Err(Failure::Said(all.unwrap_or_else(first)));
        }
        let most = u64::try_from(MAX_MODULE_BYTES).unwrap_or(u64::MAX);
        let bundle = place.read(BUNDLE, most).map_err(Failure::of)?;
        Bundle::read(&bundle, None)
            .map(|bundle| bundle.module)
            .map_err(Failure::Fault)
    }

    /// Everything that `opa` has to say against the sources: a build ends with the tenth complaint.
    fn complaints(&self, opa: &Opa, place: &Workplace) -> Option<String> {
        let fixed = ["check", "--max-errors", "0", "--capabilities", CAPABILITIES];
        let modules = (0..self.texts.len()).map(module_file);
        let arguments: Vec<String> = fixed
            .map(str::to_owned)
            .into_iter()
            .chain(modules)
            .collect();
        let said = opa.run(place, &arguments).ok()?;
        (!said.status.success()).then(|| format!("{}\n{}", said.errors, said.output))
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
        let modules = (0..self.texts.len()).map(module_file);
        fixed
            .into_iter()
            .chain(entries)
            .map(str::to_owned)
            .chain(modules)
            .collect()
    }
}

impl Sources {
    /// What the sources may use of OPA: the functions that they call of the host, none that is refused, and no network.
    fn capabilities(&self, opa: &Opa, place: &Workplace) -> Result<String, Failure> {
        let said = opa.capabilities(place).map_err(Failure::of)?;
        let odd = || Failure::of("`opa` does not say what it is capable of".to_owned());
        let mut capabilities: serde_json::Value = serde_json::from_str(&said).map_err(|_| odd())?;
        let fields = capabilities.as_object_mut().ok_or_else(odd)?;
        let builtins = fields
            .get_mut("builtins")
            .and_then(serde_json::Value::as_array_mut)
            .ok_or_else(odd)?;
        builtins.retain(|builtin| {
            let name = builtin.get("name").and_then(serde_json::Value::as_str);
            name.is_some_and(|name| rego_builtins::refusal(name).is_none())
        });
        let declared = self.texts.iter().flat_map(|text| &text.declared);
        builtins.extend(declared.map(|(name, arity)| declaration(name, *arity)));
        fields.insert("allow_net".to_owned(), json!([]));
        Ok(capabilities.to_string())
    }
}

/// A function of the host, which checks its arguments itself.
fn declaration(name: &str, arity: u8) -> serde_json::Value {
    let any = || json!({"type": "any"});
    let arguments: Vec<serde_json::Value> = (0..arity).map(|_| any()).collect();
    json!({"name": name, "decl": {"type": "function", "args": arguments, "result": any()}})
}
