//! What a project and its host say about modules: where they are kept, who compiles them, who signs them.

use std::path::PathBuf;

use super::bundle::BundleKey;
use super::{ModuleCache, WasmProvider};
use crate::opa::OpaChoice;
use crate::policy_engine::EngineOptions;
use crate::project::Project;
use crate::settings::{RegoEvaluator, Settings};
use crate::user_directories;

const FOLDER: &str = "llmspell/wasm";
/// Bytes of a key.
const MAX_KEY_BYTES: usize = 64 * 1024;

/// What modules are loaded with.
#[derive(Debug)]
pub(crate) struct WasmOptions {
    pub(crate) cache: ModuleCache,
    pub(crate) opa: OpaChoice,
    /// Whether Rego files become a module.
    pub(crate) compiles_rego: bool,
    /// What runs them.
    pub(crate) provider: WasmProvider,
    /// The key of bundles, or why it cannot be used; none if bundles need no signature.
    pub(super) bundle_key: Option<Result<BundleKey, String>>,
}

impl WasmOptions {
    pub(crate) fn of(project: &Project, settings: &Settings, options: &EngineOptions) -> Self {
        let directory = options
            .cache
            .clone()
            .or_else(|| user_directories::cache().map(|cache| cache.join(FOLDER)));
        let named = settings.opa.as_ref().map(|path| project.root().join(path));
        Self {
            cache: ModuleCache::at(directory),
            opa: OpaChoice {
                path: options.opa.clone().or(named),
                any_version: settings.opa_any_version,
            },
            compiles_rego: options
                .rego_evaluator
                .or(settings.evaluator)
                .unwrap_or_default()
                == RegoEvaluator::Wasm,
            provider: options.wasm,
            bundle_key: settings.bundle_key.as_ref().map(|path| {
                let path: PathBuf = project.root().join(path);
                let key = llmspell_utils::read_text(&path, MAX_KEY_BYTES)
                    .map_err(|why| format!("the key of bundles {why}"))?;
                let algorithm = settings.bundle_key_algorithm.clone();
                Ok(BundleKey {
                    algorithm: algorithm.unwrap_or_else(|| "RS256".to_owned()),
                    key: key.trim_end().to_owned(),
                })
            }),
        }
    }
}
