//! Whether an engine can run WebAssembly: a program that never does need not carry what runs it.

use std::fmt::Debug;

use super::{RegoProject, Request, WasmOptions, files};
use crate::error::EngineError;
use crate::evaluator::{PolicyFault, SharedEvaluator};
use crate::policy::Policy;
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
pub struct WasmProvider(Option<&'static dyn Provides>);

impl WasmProvider {
    /// Wasmtime, in this process.
    #[must_use]
    pub fn in_process() -> Self {
        Self(Some(&Wasmtime))
    }

    /// Nothing: a project of which an event needs it is not loaded.
    #[must_use]
    pub const fn none() -> Self {
        Self(None)
    }

    /// Whether there is something.
    #[must_use]
    pub const fn is_there(self) -> bool {
        self.0.is_some()
    }

    /// What runs it.
    ///
    /// # Errors
    ///
    /// When there is nothing.
    pub(crate) fn required(self) -> Result<&'static dyn Provides, EngineError> {
        self.0
            .ok_or_else(|| EngineError::no_evaluator("WebAssembly"))
    }
}

/// What is called through a table of functions, so that a program has in it only what it names.
pub(crate) trait Provides: Debug + Send + Sync {
    /// The policies of one module or bundle; what is broken is in the list with its error.
    fn load(
        &self,
        source: &SourceFile,
        sources: &[SourceFile],
        options: &WasmOptions,
    ) -> Vec<Policy>;

    /// Compiles policies into one module; what cannot be compiled is the error of the policies that it concerns.
    fn compile(
        &self,
        project: RegoProject<'_>,
        requests: &[Request<'_>],
    ) -> Vec<Result<SharedEvaluator, PolicyFault>>;
}

#[derive(Debug)]
struct Wasmtime;

impl Provides for Wasmtime {
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
