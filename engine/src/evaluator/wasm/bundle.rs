//! OPA's bundles: an archive with a module, a manifest, data, and often the sources.

mod archive;
mod signature;

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{fault, wire};
use crate::evaluator::PolicyFault;
use crate::value::Value;

pub(super) use signature::BundleKey;

const MANIFEST: &str = ".manifest";
const DATA: &str = "data.json";

/// What an archive holds, as far as the engine reads it.
#[derive(Debug)]
pub(super) struct Bundle {
    pub(super) module: Vec<u8>,
    pub(super) data: Value,
    /// The metadata of entry points, as the manifest has it.
    pub(super) annotations: Vec<(String, serde_json::Value)>,
    /// The Rego files by their paths.
    pub(super) sources: Vec<(String, String)>,
}

/// The keys of the manifest that the engine reads.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Manifest {
    wasm: Vec<WasmEntry>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WasmEntry {
    entrypoint: String,
    module: String,
    annotations: Vec<serde_json::Value>,
}

impl Bundle {
    /// Reads an archive, whose signature is checked before anything of it is interpreted.
    ///
    /// # Errors
    ///
    /// When it is no archive of a bundle, is not signed by the key, or holds what does not belong there.
    pub(super) fn read(bytes: &[u8], key: Option<&BundleKey>) -> Result<Self, PolicyFault> {
        let mut files = archive::read(bytes)?;
        if let Some(key) = key {
            signature::verify(&files, key)?;
        }
        let manifest = match files.get(MANIFEST) {
            None => Manifest::default(),
            Some(text) => serde_json::from_slice(text)
                .map_err(|_| fault::load("the bundle's `.manifest` is broken"))?,
        };
        let name = module_name(&manifest, &files)?;
        let module = files.remove(&name).ok_or_else(|| {
            fault::load("the bundle holds no `policy.wasm`: build it with `opa build -t wasm`")
        })?;
        let data = data(&files)?;
        let sources = files
            .into_iter()
            .filter(|(path, _)| path.ends_with(".rego"))
            .map(|(path, text)| match String::from_utf8(text) {
                Ok(text) => Ok((path, text)),
                Err(_) => Err(fault::load("a Rego file of the bundle is not UTF-8 text")),
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            module,
            data,
            annotations: manifest
                .wasm
                .into_iter()
                .flat_map(|entry| {
                    let path = entry.entrypoint;
                    entry
                        .annotations
                        .into_iter()
                        .map(move |annotation| (path.clone(), annotation))
                })
                .collect(),
            sources,
        })
    }
}

/// The one module of the bundle.
fn module_name(
    manifest: &Manifest,
    files: &BTreeMap<String, Vec<u8>>,
) -> Result<String, PolicyFault> {
    let mut names: Vec<&str> = manifest
        .wasm
        .iter()
        .map(|entry| entry.module.trim_start_matches('/'))
        .chain(
            files
                .keys()
                .map(String::as_str)
                .filter(|path| path.ends_with(".wasm")),
        )
        .collect();
    names.sort_unstable();
    names.dedup();
    match names.as_slice() {
        [] => Ok("policy.wasm".to_owned()),
        [name] => Ok((*name).to_owned()),
        _ => Err(fault::load(
            "the bundle names several modules, and one bundle has one",
        )),
    }
}

/// The data documents, each at the place of its folder.
fn data(files: &BTreeMap<String, Vec<u8>>) -> Result<Value, PolicyFault> {
    let mut data = Value::new_object();
    for (path, text) in files {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        if matches!(name, "data.yaml" | "data.yml") {
            return Err(fault::load(
                "the bundle holds data as YAML: build it with `opa build`, which makes `data.json` of it",
            ));
        }
        if name != DATA {
            continue;
        }
        let value = wire::read(text).map_err(|error| {
            fault::load(format!("a `data.json` of the bundle is broken: {error}"))
        })?;
        let parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
        let nested = parts
            .iter()
            .rev()
            .fold(value, |value, part| crate::value::object([(*part, value)]));
        if !matches!(nested, Value::Object(_)) {
            return Err(fault::load("the data of the bundle is not an object"));
        }
        data = crate::value::merged(data, &nested);
    }
    Ok(data)
}
