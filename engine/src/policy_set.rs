//! Everything that was loaded at one time: it never changes, so that one decision sees one set of policies.

mod layer;

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::decision::DecisionError;
use crate::error::EngineError;
use crate::evaluator::wasm::WasmOptions;
use crate::harness::Harness;
use crate::policy::PolicySummary;
use crate::policy_engine::EngineOptions;
use crate::preprocess::PreprocessSettings;
use crate::project::Project;
use crate::selection::Wanted;
use crate::settings::{self, Mode, Settings};
use crate::trust::{TrustGate, TrustOptions};

pub(crate) use layer::Layer;
use layer::{Loaded, Purpose, no_policies};

/// A loaded project.
#[derive(Debug)]
pub(crate) struct PolicySet {
    pub(crate) harness: Harness,
    pub(crate) mode: Mode,
    pub(crate) preprocess: PreprocessSettings,
    /// The text of `llmspell.toml`, to see whether it has changed.
    pub(crate) settings: Option<String>,
    /// That of the machine first, if there is one.
    pub(crate) layers: Vec<Layer>,
    /// Every policy of every layer.
    pub(crate) summaries: Arc<[PolicySummary]>,
    /// What is wrong with the project and its policies, and so with every decision.
    pub(crate) standing_errors: Vec<DecisionError>,
    /// The files among the policies of every layer that are none by their names.
    pub(crate) passed_over: Vec<String>,
    pub(crate) digest: Arc<str>,
}

impl PolicySet {
    /// Loads the project and the machine's configuration, or what one event needs of them.
    pub(crate) fn load(
        project: &Project,
        options: &EngineOptions,
        wanted: Option<Wanted<'_>>,
    ) -> Result<Self, EngineError> {
        let mut gate = TrustGate::of(project, &options.trust);
        let settings = Settings::read(project, &mut gate)?;
        let harness = options
            .harness
            .or(settings.harness)
            .or_else(|| project.only_harness())
            .unwrap_or_default();
        let wasm = WasmOptions::of(project, &settings, options);
        let purpose = Purpose {
            harness,
            languages: &options.languages,
            // The module of a project is that of all its policies.
            wanted: wanted.filter(|_| !wasm.compiles_rego),
            rvm: settings.rvm,
            wasm: &wasm,
        };
        let mut loaded: Vec<Loaded> = Vec::new();
        if let Some(global) = options.global.find()? {
            // A project's signature says nothing about the machine.
            let open = TrustGate::of(&global, &TrustOptions::Off);
            loaded.push(Layer::load(&global, purpose, open)?);
        }
        let own = Layer::load(project, purpose, gate)?;
        let is_empty = own.is_empty;
        loaded.push(own);
        let errors = loaded.iter().flat_map(|loaded| loaded.errors.clone());
        let standing_errors = errors
            .chain(is_empty.then(|| no_policies(project, harness)))
            .collect();
        let policies = loaded.iter().flat_map(|loaded| &loaded.layer.policies);
        let summaries = policies.map(|policy| policy.summary.clone());
        // Guardrails are asked first, and listed behind the policies that somebody wrote.
        let (guardrails, written): (Vec<_>, Vec<_>) =
            summaries.partition(PolicySummary::is_guardrail);
        let summaries = written.into_iter().chain(guardrails).collect();
        let decisive = settings.decisive();
        let decisive = decisive.map(|text| (settings::FILE.to_owned(), text.into_bytes()));
        let files = loaded
            .iter_mut()
            .flat_map(|loaded| std::mem::take(&mut loaded.files));
        let digest = digest(files.chain(decisive).collect());
        let passed_over = loaded
            .iter_mut()
            .flat_map(|loaded| std::mem::take(&mut loaded.passed_over));
        let passed_over = passed_over.collect();
        Ok(Self {
            harness,
            mode: options.mode.unwrap_or(settings.mode),
            preprocess: settings.preprocess,
            settings: settings.text,
            summaries,
            layers: loaded.into_iter().map(|loaded| loaded.layer).collect(),
            standing_errors,
            passed_over,
            digest,
        })
    }
}

/// The digest over path and content of everything that decides, each with its length in front.
fn digest(mut files: Vec<(String, Vec<u8>)>) -> Arc<str> {
    files.sort_unstable();
    let mut hasher = Sha256::new();
    let parts = files
        .iter()
        .flat_map(|(path, bytes)| [path.as_bytes(), bytes.as_slice()]);
    for part in parts {
        hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
        hasher.update(part);
    }
    let hex: String = hasher
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Arc::from(format!("sha256:{hex}"))
}
