//! What the files of a project say, read and verified and not yet compiled.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::decision::DecisionError;
use crate::digest;
use crate::error::EngineError;
use crate::evaluator::wasm::WasmOptions;
use crate::harness::Harness;
use crate::policy_engine::EngineOptions;
use crate::policy_loader::Languages;
use crate::project::{Project, SourceFile, Sources};
use crate::rulebook::Rulebook;
use crate::settings::{self, Settings};
use crate::signals::{SignalFile, Signals};
use crate::trust::{TrustGate, TrustOptions};

/// What the files of a project say, and those of the machine's configuration.
pub(crate) struct ProjectFiles<'project> {
    pub(super) settings: Settings,
    pub(super) harness: Harness,
    pub(super) wasm: WasmOptions,
    /// That of the machine first, if there is one.
    pub(super) layers: Vec<LayerFiles<'project>>,
    pub(super) fingerprint: Fingerprint,
}

/// What the files of one configuration say.
pub(super) struct LayerFiles<'project> {
    pub(super) project: &'project Project,
    pub(super) rulebook: Rulebook,
    pub(super) sources: Vec<SourceFile>,
    pub(super) passed_over: Vec<String>,
    pub(super) signals: Signals,
    signal_files: Vec<SignalFile>,
    /// What is not trusted, and what the rulebook asks for in vain.
    pub(super) errors: Vec<DecisionError>,
}

/// What tells one state of the files from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    /// The digest that decisions name.
    pub(crate) digest: Arc<str>,
    /// Whatever else is known before anything is compiled, such as that a file cannot be read.
    state: Arc<str>,
}

impl<'project> ProjectFiles<'project> {
    /// Reads a project, and the machine's configuration if there is one.
    pub(crate) fn read(
        project: &'project Project,
        global: Option<&'project Project>,
        options: &EngineOptions,
    ) -> Result<Self, EngineError> {
        let mut gate = TrustGate::of(project, &options.trust);
        let settings = Settings::read(project, &mut gate)?;
        let harness = options
            .harness
            .or(settings.harness)
            .or_else(|| project.only_harness())
            .unwrap_or_default();
        let wasm = WasmOptions::of(project, &settings, options);
        if wasm.compiles_rego {
            wasm.provider.required()?;
        }
        let languages = &options.languages;
        let mut layers = Vec::new();
        if let Some(global) = global {
            // A project's signature says nothing about the machine.
            let open = TrustGate::of(global, &TrustOptions::Off);
            layers.push(LayerFiles::read(global, harness, languages, open)?);
        }
        layers.push(LayerFiles::read(project, harness, languages, gate)?);
        let fingerprint = Fingerprint {
            digest: digest_of(&settings, &layers),
            state: state(&settings, harness, &wasm, &layers),
        };
        Ok(Self {
            settings,
            harness,
            wasm,
            layers,
            fingerprint,
        })
    }

    pub(crate) const fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }

    /// Whether more decides than what was read: the program that compiles.
    pub(crate) const fn needs_a_compiler(&self) -> bool {
        self.wasm.compiles_rego
    }
}

impl<'project> LayerFiles<'project> {
    fn read(
        project: &'project Project,
        harness: Harness,
        languages: &Languages,
        mut gate: TrustGate,
    ) -> Result<Self, EngineError> {
        let rulebook = Rulebook::read(project, &mut gate)?;
        let Sources {
            files: mut sources,
            passed_over,
        } = project.sources(harness, languages)?;
        sources.retain(|source| {
            // What cannot be read says so itself.
            source.text.is_err() || gate.admits(&source.path, source.bytes())
        });
        let (signals, signal_files) = Signals::declared(project, &rulebook, &mut gate)?;
        let errors = gate.into_errors(project);
        Ok(Self {
            errors: errors
                .into_iter()
                .chain(rulebook.errors.iter().cloned())
                .collect(),
            project,
            rulebook,
            sources,
            passed_over,
            signals,
            signal_files,
        })
    }

    /// Path and content, or digest, of everything that decides.
    fn content(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let rulebook = self.rulebook.text.as_ref();
        let rulebook = rulebook.map(|text| (&*self.rulebook.file, text.as_bytes()));
        let sources = self.sources.iter();
        let signals = self.signal_files.iter();
        sources
            .map(|source| (source.path.as_str(), source.bytes()))
            .chain(rulebook)
            .chain(signals.map(|file| (file.path.as_str(), file.digest.as_bytes())))
    }
}

/// The digest over path and content of everything that decides, each with its length in front.
fn digest_of(settings: &Settings, layers: &[LayerFiles<'_>]) -> Arc<str> {
    let decisive = settings.decisive();
    let decisive = decisive
        .as_ref()
        .map(|text| (settings::FILE, text.as_bytes()));
    let content = layers.iter().flat_map(LayerFiles::content);
    let mut content: Vec<(&str, &[u8])> = content.chain(decisive).collect();
    // Most of it is in this order already, which a stable sort makes use of.
    content.sort();
    let mut hasher = Sha256::new();
    for part in content
        .iter()
        .flat_map(|(path, bytes)| [path.as_bytes(), bytes])
    {
        digest::add(&mut hasher, part);
    }
    Arc::from(digest::shown(hasher))
}

/// A digest over whatever else is known before anything is compiled.
fn state(
    settings: &Settings,
    harness: Harness,
    wasm: &WasmOptions,
    layers: &[LayerFiles<'_>],
) -> Arc<str> {
    let mut hasher = Sha256::new();
    hasher.update(format!("{harness:?} {:?} {wasm:?}", settings.text));
    for layer in layers {
        let sources = layer.sources.iter().enumerate();
        let unread =
            sources.filter_map(|(index, source)| Some((index, source.text.as_ref().err()?)));
        let unread: Vec<_> = unread.collect();
        hasher.update(format!("{unread:?} {:?} {:?}", layer.signals, layer.errors));
    }
    Arc::from(digest::shown(hasher))
}
