//! Modules of WebAssembly: of OPA, of a project, and of an attacker.

mod cache;
mod files;
mod hostile;
mod module;

use std::path::{Path, PathBuf};

use llmspell_engine::EngineOptions;

/// The pinned `opa`: that of `$OPA`, else the one that `cargo xtask opa` has installed; without one, the tests that
/// need it say so and end.
pub(crate) fn opa() -> Option<PathBuf> {
    let named = std::env::var_os("OPA").map(PathBuf::from);
    let tools = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("tools");
    let installed = tools.join(format!("opa-1.7.1{}", std::env::consts::EXE_SUFFIX));
    let found = named.or_else(|| installed.is_file().then_some(installed));
    if found.is_none() {
        println!("left out, because there is no `opa`: run `cargo xtask opa`");
    }
    found
}

/// Options with the pinned `opa`, and with compiled modules kept where they are built.
pub(crate) fn with_opa(options: EngineOptions) -> EngineOptions {
    EngineOptions {
        opa: opa(),
        cache: Some(cache()),
        ..options
    }
}

/// Where tests keep compiled modules.
pub(crate) fn cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("wasm")
}
