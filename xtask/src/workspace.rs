//! Where the workspace lies, and what cargo knows about it.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde::Deserialize;

use crate::failure::Failure;
use crate::invocation::Invocation;

// Cargo says it when it runs us. What it said when it built us may be another checkout that shares
// the target folder.
static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
    let said = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let xtask = said.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
    xtask.parent().map(Path::to_owned).unwrap_or(xtask)
});

/// The workspace's root folder.
#[must_use]
pub fn root() -> &'static Path {
    &ROOT
}

/// What `cargo metadata` says, as far as we read it.
#[derive(Debug, Clone, Deserialize)]
pub struct Metadata {
    /// The folder that builds go to.
    pub target_directory: PathBuf,
    /// The resolved dependencies.
    pub resolve: Resolve,
}

/// The resolved dependencies of the workspace.
#[derive(Debug, Clone, Deserialize)]
pub struct Resolve {
    /// One node for each package.
    pub nodes: Vec<Node>,
}

/// One resolved package and the features that are switched on for it.
#[derive(Debug, Clone, Deserialize)]
pub struct Node {
    /// The package id: where it comes from, its name and its version.
    pub id: String,
    /// The features, unified over the workspace.
    pub features: Vec<String>,
}

impl Metadata {
    /// Asks cargo.
    ///
    /// # Errors
    /// When cargo refuses the manifests or the lock file, or says something that we cannot read.
    pub fn load() -> Result<Self, Failure> {
        let invocation = Invocation::cargo(["metadata", "--locked", "--format-version", "1"]);
        let output = invocation.capture()?;
        if !output.status.success() {
            let why = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            let help = "build once (`cargo build`), so that Cargo.lock fits the manifests";
            return Err(Failure::new(format!("`{invocation}` failed: {why}")).help(help));
        }
        Self::parse(&output.stdout)
    }

    /// Reads what `cargo metadata` printed.
    ///
    /// # Errors
    /// When the text is not what cargo prints.
    pub fn parse(text: &[u8]) -> Result<Self, Failure> {
        serde_json::from_slice(text)
            .map_err(|source| Failure::new(format!("`cargo metadata` cannot be read: {source}")))
    }

    /// The folder of the programs that the dev profile builds.
    #[must_use]
    pub fn debug_programs(&self) -> PathBuf {
        self.target_directory.join("debug")
    }

    /// The folder of the programs that the release profile builds.
    #[must_use]
    pub fn release_programs(&self) -> PathBuf {
        self.target_directory.join("release")
    }
}
