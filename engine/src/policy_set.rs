//! Everything that was loaded at one time: it never changes, so that one decision sees one set of policies.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::decision::{DecisionError, DecisionErrorKind};
use crate::error::EngineError;
use crate::evaluator::rego::Aggregator;
use crate::evaluator::wasm::WasmOptions;
use crate::harness::Harness;
use crate::policy::{Policy, PolicySummary};
use crate::policy_engine::EngineOptions;
use crate::policy_loader::{self, Loaded};
use crate::project::{POLICIES, Project, SourceFile};
use crate::route::Routes;
use crate::rulebook::{self, Rulebook};
use crate::selection::Wanted;
use crate::settings::{Mode, Settings};
use crate::trust::TrustGate;

/// A loaded project.
#[derive(Debug)]
pub(crate) struct PolicySet {
    pub(crate) harness: Harness,
    pub(crate) mode: Mode,
    pub(crate) layers: Vec<Layer>,
    /// Every policy of every layer.
    pub(crate) summaries: Arc<[PolicySummary]>,
    /// What is wrong with the project and its policies, and so with every decision.
    pub(crate) standing_errors: Vec<DecisionError>,
    pub(crate) digest: Arc<str>,
}

/// The policies of one configuration: that of the machine, or that of the project.
#[derive(Debug)]
pub(crate) struct Layer {
    pub(crate) policies: Vec<Policy>,
    pub(crate) routes: Routes,
    /// A customised `system/evaluate.rego`, which is asked instead of the Rego policies.
    pub(crate) aggregator: Option<Aggregator>,
}

impl PolicySet {
    /// Loads the project, or what one event needs of it.
    pub(crate) fn load(
        project: &Project,
        options: &EngineOptions,
        wanted: Option<Wanted<'_>>,
    ) -> Result<Self, EngineError> {
        let mut gate = TrustGate::of(project, &options.trust);
        let settings = Settings::read(project, &mut gate)?;
        let rulebook = Rulebook::read(project, &mut gate)?;
        let harness = options
            .harness
            .or(settings.harness)
            .or_else(|| project.only_harness())
            .unwrap_or_default();
        let mut sources = project.sources(harness)?;
        sources.retain(|source| {
            // What cannot be read says so itself.
            source.text.is_err() || gate.admits(&source.path, source.bytes())
        });
        let wasm = WasmOptions::of(project, &settings, options);
        // The module of a project is that of all its policies.
        let wanted = wanted.filter(|_| !wasm.compiles_rego);
        let Loaded {
            policies,
            aggregator,
        } = policy_loader::load(&sources, &options.languages, wanted, settings.rvm, &wasm);
        let broken = policies
            .iter()
            .filter_map(|policy| policy.summary.error.clone());
        let standing_errors: Vec<DecisionError> = gate
            .into_errors(project)
            .into_iter()
            .chain(rulebook.errors.iter().cloned())
            .chain(broken)
            .chain(policies.is_empty().then(|| no_policies(harness)))
            .collect();
        let layers = vec![Layer {
            routes: Routes::of(&policies),
            policies,
            aggregator,
        }];
        let summaries = layers
            .iter()
            .flat_map(|layer| &layer.policies)
            .map(|policy| policy.summary.clone());
        Ok(Self {
            harness,
            mode: options.mode.unwrap_or(settings.mode),
            summaries: summaries.collect(),
            layers,
            standing_errors,
            digest: digest(&rulebook, &sources),
        })
    }
}

/// A project without policies would allow everything, which is hardly what it was made for.
fn no_policies(harness: Harness) -> DecisionError {
    DecisionError {
        kind: DecisionErrorKind::Load,
        policy: Arc::from("project"),
        message: format!("there are no policies for `{harness}` in `{POLICIES}`"),
        file: Some(Arc::from(POLICIES)),
        line: None,
    }
}

/// The digest over path and content of everything that decides, each with its length in front.
fn digest(rulebook: &Rulebook, sources: &[SourceFile]) -> Arc<str> {
    let rulebook = rulebook.text.as_deref();
    let rulebook = rulebook.map(|text| (rulebook::FILE, text.as_bytes()));
    let sources = sources
        .iter()
        .map(|source| (source.path.as_str(), source.bytes()));
    let mut files: Vec<(&str, &[u8])> = rulebook.into_iter().chain(sources).collect();
    files.sort_unstable();
    let mut hasher = Sha256::new();
    for part in files
        .iter()
        .flat_map(|(path, bytes)| [path.as_bytes(), bytes])
    {
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
