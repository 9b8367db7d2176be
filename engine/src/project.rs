//! Where a project lies.

use std::path::{Path, PathBuf};

use crate::error::EngineError;

/// A directory that holds `.cupcake/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    root: PathBuf,
}

impl Project {
    /// The project that holds this directory: the nearest one at or above it.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn find(directory: &Path) -> Result<Self, EngineError> {
        Self::at(directory)
    }

    /// The project at this path, which may be its directory or its `.cupcake`.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn at(path: &Path) -> Result<Self, EngineError> {
        Ok(Self {
            root: path.to_owned(),
        })
    }

    /// The directory that holds `.cupcake/`.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }
}
