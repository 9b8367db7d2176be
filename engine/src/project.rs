//! Where a project lies, and which of its files are loaded.

mod ending;
mod misplaced;
mod sources;
mod walk;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::error::{EngineError, EngineErrorKind, Place};
use crate::harness::Harness;

pub(crate) use sources::{SourceFile, Sources};

const FOLDER: &str = ".cupcake";
/// What stands before the paths of the machine's configuration.
pub(crate) const GLOBAL: &str = "global:";
/// Bytes of one file.
pub(crate) const MAX_FILE_BYTES: usize = 1024 * 1024;
/// Files of one project.
const MAX_FILES: usize = 10_000;

/// A directory that holds `.cupcake/`.
///
/// ```
/// use llmspell_engine::{EngineErrorKind, Project};
///
/// # let directory = tempfile::tempdir().unwrap();
/// # let root = directory.path().join("project");
/// # std::fs::create_dir_all(root.join(".cupcake/policies")).unwrap();
/// # std::fs::create_dir_all(root.join("src/deep")).unwrap();
/// assert_eq!(Project::find(&root.join("src/deep"))?.root(), root);
/// assert_eq!(Project::at(&root.join(".cupcake"))?.root(), root);
/// assert_eq!(Project::at(&root.join("src")).unwrap_err().kind, EngineErrorKind::MissingProject);
/// # Ok::<(), llmspell_engine::EngineError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    root: PathBuf,
    /// Whether it is the machine's configuration, whose directory is itself what `.cupcake` is elsewhere.
    is_global: bool,
}

impl Project {
    /// The project that holds this directory: the nearest one at or above it.
    ///
    /// # Errors
    ///
    /// When there is none, or the nearest `.cupcake` is no folder: one above it may be for something else.
    pub fn find(directory: &Path) -> Result<Self, EngineError> {
        let absolute = std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned());
        let root = absolute
            .ancestors()
            .find(|ancestor| has_entry(&ancestor.join(FOLDER)))
            .ok_or_else(|| missing(directory, "at or above"))?;
        if root.join(FOLDER).is_dir() {
            return Ok(Self::rooted(root));
        }
        Err(no_folder(&root.join(FOLDER)))
    }

    /// The project at this path, which may be its directory or its `.cupcake`.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn at(path: &Path) -> Result<Self, EngineError> {
        if path.join(FOLDER).is_dir() {
            return Ok(Self::rooted(path));
        }
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        match absolute.parent() {
            Some(root) if absolute.ends_with(FOLDER) && absolute.is_dir() => Ok(Self::rooted(root)),
            _ => Err(missing(path, "at")),
        }
    }

    fn rooted(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            is_global: false,
        }
    }

    /// The machine's configuration in this directory.
    pub(crate) fn global(directory: PathBuf) -> Self {
        Self {
            root: directory,
            is_global: true,
        }
    }

    /// Whether it is the machine's configuration, and no project.
    pub(crate) const fn is_global(&self) -> bool {
        self.is_global
    }

    /// The directory that holds `rulebook.yml`, `policies/` and `signals/`.
    pub(crate) fn folder(&self) -> PathBuf {
        if self.is_global {
            self.root.clone()
        } else {
            self.root.join(FOLDER)
        }
    }

    /// The name that lists, errors and digests give to a path inside the folder.
    pub(crate) fn shown(&self, inside: &str) -> String {
        if self.is_global {
            format!("{GLOBAL}{inside}")
        } else {
            format!("{FOLDER}/{inside}")
        }
    }

    /// Where a file lies that is shown under this name.
    fn full_path(&self, shown: &str) -> PathBuf {
        let inside = shown.strip_prefix(GLOBAL).filter(|_| self.is_global);
        self.root.join(inside.unwrap_or(shown))
    }

    /// The directory that holds `.cupcake/`.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The harnesses with a folder of their own under `policies/`.
    #[must_use]
    pub fn harnesses(&self) -> Vec<Harness> {
        let policies = self.folder().join("policies");
        Harness::ALL
            .into_iter()
            .filter(|harness| policies.join(harness.name()).is_dir())
            .collect()
    }

    /// The only harness with a folder of its own under `policies/`, if there is exactly one.
    pub(crate) fn only_harness(&self) -> Option<Harness> {
        match self.harnesses().as_slice() {
            [only] => Some(*only),
            _ => None,
        }
    }

    /// The text of a file that need not be there.
    pub(crate) fn read_optional(
        &self,
        path: &str,
        kind: EngineErrorKind,
    ) -> Result<Option<String>, EngineError> {
        let full = self.full_path(path);
        if !full.exists() && !full.is_symlink() {
            return Ok(None);
        }
        read_text(&full).map(Some).map_err(|message| EngineError {
            kind,
            message,
            place: Some(Place::file(path)),
            help: "make it a readable text file".to_owned(),
        })
    }
}

/// Whether something has this name; what may not be looked at may be there.
fn has_entry(path: &Path) -> bool {
    match path.symlink_metadata() {
        Ok(_) => true,
        Err(error) => !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory),
    }
}

fn no_folder(path: &Path) -> EngineError {
    EngineError {
        kind: EngineErrorKind::Read,
        message: format!("`{}` is no folder that can be read", path.display()),
        place: None,
        help: format!("make `{FOLDER}` a folder, or remove it"),
    }
}

fn missing(path: &Path, how: &str) -> EngineError {
    EngineError {
        kind: EngineErrorKind::MissingProject,
        message: format!(
            "there is no `{FOLDER}` directory {how} `{}`",
            path.display()
        ),
        place: None,
        help: format!("name the directory that holds `{FOLDER}`, or make a project there"),
    }
}

/// Reads a file of bounded size.
fn read_text(path: &Path) -> Result<String, String> {
    llmspell_utils::read_text(path, MAX_FILE_BYTES).map_err(|why| format!("the file {why}"))
}
