//! Everything that was loaded at one time: it never changes, so that one decision sees one set of policies.

mod files;
mod layer;

use std::sync::Arc;

use crate::audit::AuditSettings;
use crate::decision::DecisionError;
use crate::error::{EngineError, EngineErrorKind};
use crate::evaluator::rego::Rvm;
use crate::harness::Harness;
use crate::policy::PolicySummary;
use crate::policy_engine::EngineOptions;
use crate::preprocess::PreprocessSettings;
use crate::project::Project;
use crate::selection::Wanted;
use crate::settings::Mode;

pub(crate) use files::{Fingerprint, ProjectFiles};
pub(crate) use layer::Layer;
use layer::{Loaded, Purpose, no_policies};

/// A loaded project.
#[derive(Debug)]
pub(crate) struct PolicySet {
    pub(crate) harness: Harness,
    pub(crate) mode: Mode,
    pub(crate) preprocess: PreprocessSettings,
    pub(crate) audit: AuditSettings,
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
    /// What tells whether the files have changed since.
    pub(crate) fingerprint: Fingerprint,
}

impl PolicySet {
    /// Loads the project and the machine's configuration, or what one event needs of them.
    pub(crate) fn load(
        project: &Project,
        options: &EngineOptions,
        wanted: Option<Wanted<'_>>,
    ) -> Result<Self, EngineError> {
        let global = options.global.find()?;
        let files = ProjectFiles::read(project, global.as_ref(), options)?;
        Self::compile(project, files, options, wanted)
    }

    /// Compiles what was read, or what one event needs of it.
    pub(crate) fn compile(
        project: &Project,
        files: ProjectFiles<'_>,
        options: &EngineOptions,
        wanted: Option<Wanted<'_>>,
    ) -> Result<Self, EngineError> {
        let ProjectFiles {
            settings,
            harness,
            wasm,
            layers,
            fingerprint,
        } = files;
        if wasm.compiles_rego && !wasm.provider.is_there() {
            return Err(no_wasm());
        }
        let purpose = Purpose {
            harness,
            languages: &options.languages,
            // The module of a project is that of all its policies.
            wanted: wanted.filter(|_| !wasm.compiles_rego),
            // One event is decided by the interpreter in less time than a program takes to be compiled.
            rvm: if wanted.is_some() {
                Rvm::Off
            } else {
                settings.rvm
            },
            wasm: &wasm,
        };
        let loaded = layers
            .into_iter()
            .map(|layer| Layer::compile(layer, purpose))
            .collect::<Result<Vec<Loaded>, EngineError>>()?;
        // That of the project is the last.
        let is_empty = loaded.last().is_some_and(|own| own.is_empty);
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
        let (passed_over, layers): (Vec<_>, Vec<_>) = loaded
            .into_iter()
            .map(|loaded| (loaded.passed_over, loaded.layer))
            .unzip();
        Ok(Self {
            harness,
            mode: options.mode.unwrap_or(settings.mode),
            preprocess: settings.preprocess,
            audit: settings.audit,
            settings: settings.text,
            summaries,
            layers,
            standing_errors,
            passed_over: passed_over.concat(),
            digest: Arc::clone(&fingerprint.digest),
            fingerprint,
        })
    }
}

fn no_wasm() -> EngineError {
    EngineError {
        kind: EngineErrorKind::NoEvaluator,
        message: "the project's Rego is to be compiled to WebAssembly, which this program cannot run".to_owned(),
        place: None,
        help: "load it with `WasmProvider::in_process()`, or set `evaluator = \"rego\"` in the `[policy]` table of llmspell.toml".to_owned(),
    }
}
