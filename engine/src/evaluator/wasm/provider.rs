//! Whether an engine can run WebAssembly: a program that never does need not carry what runs it.

use std::fmt::Debug;

use super::{RegoProject, Request, WasmOptions, files};
use crate::decision::DecisionErrorKind;
use crate::evaluator::{PolicyFault, SharedEvaluator};
use crate::policy::{Policy, PolicySummary};
use crate::project::SourceFile;

/// What runs WebAssembly for an engine.
///
/// ```
/// use llmspell_engine::{EngineOptions, WasmProvider};
///
/// // A program in which nothing but this stands does not hold a compiler of WebAssembly.
/// let options = EngineOptions::with(WasmProvider::none());
/// assert!(!options.wasm.is_there());
/// ```
#[derive(Debug, Clone, Copy)]
pub struct WasmProvider(&'static dyn Provides);

impl WasmProvider {
    /// Wasmtime, in this process.
    #[must_use]
    pub fn in_process() -> Self {
        Self(&Wasmtime)
    }

    /// Nothing: a policy that needs it is an error of the kind [`NoEvaluator`](DecisionErrorKind::NoEvaluator), and a
    /// project whose Rego is to be compiled to it is not loaded.
    #[must_use]
    pub fn none() -> Self {
        Self(&Nothing)
    }

    /// Whether there is something.
    #[must_use]
    pub fn is_there(self) -> bool {
        self.0.is_there()
    }

    /// The policies of one module or bundle; what is broken is in the list with its error.
    pub(crate) fn load(
        self,
        source: &SourceFile,
        sources: &[SourceFile],
        options: &WasmOptions,
    ) -> Vec<Policy> {
        self.0.load(source, sources, options)
    }

    /// Compiles policies into one module; what cannot be compiled is the error of the policies that it concerns.
    pub(crate) fn compile(
        self,
        project: RegoProject<'_>,
        requests: &[Request<'_>],
    ) -> Vec<Result<SharedEvaluator, PolicyFault>> {
        self.0.compile(project, requests)
    }
}

/// What is called through a table of functions, so that a program has in it only what it names.
trait Provides: Debug + Send + Sync {
    fn is_there(&self) -> bool;

    fn load(
        &self,
        source: &SourceFile,
        sources: &[SourceFile],
        options: &WasmOptions,
    ) -> Vec<Policy>;

    fn compile(
        &self,
        project: RegoProject<'_>,
        requests: &[Request<'_>],
    ) -> Vec<Result<SharedEvaluator, PolicyFault>>;
}

#[derive(Debug)]
struct Wasmtime;

impl Provides for Wasmtime {
    fn is_there(&self) -> bool {
        true
    }

    fn load(
        &self,
        source: &SourceFile,
        sources: &[SourceFile],
        options: &WasmOptions,
    ) -> Vec<Policy> {
        files::load(source, sources, options)
    }

    fn compile(
        &self,
        project: RegoProject<'_>,
        requests: &[Request<'_>],
    ) -> Vec<Result<SharedEvaluator, PolicyFault>> {
        let compiled = project.compile(requests).into_iter();
        compiled
            .map(|policy| policy.map(|policy| Box::new(policy) as SharedEvaluator))
            .collect()
    }
}

#[derive(Debug)]
struct Nothing;

impl Provides for Nothing {
    fn is_there(&self) -> bool {
        false
    }

    fn load(&self, source: &SourceFile, _: &[SourceFile], _: &WasmOptions) -> Vec<Policy> {
        let summary = PolicySummary::unread(&source.path);
        let fault = absent();
        let error = summary.error(fault.kind, fault.message, None);
        vec![Policy::unprepared(PolicySummary {
            error: Some(error),
            evaluator: "wasm",
            ..summary
        })]
    }

    fn compile(
        &self,
        _: RegoProject<'_>,
        requests: &[Request<'_>],
    ) -> Vec<Result<SharedEvaluator, PolicyFault>> {
        requests.iter().map(|_| Err(absent())).collect()
    }
}

fn absent() -> PolicyFault {
    let message = "this program cannot run WebAssembly";
    PolicyFault::new(DecisionErrorKind::NoEvaluator, message, 1)
}
