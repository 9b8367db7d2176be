//! Where a project lies, and which of its files are loaded.

mod misplaced;

use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::error::{EngineError, EngineErrorKind, Place};
use crate::evaluator::wasm;
use crate::harness::Harness;

const FOLDER: &str = ".cupcake";
/// What stands before the paths of the machine's configuration.
pub(crate) const GLOBAL: &str = "global:";
/// Policies of the harness that come with it and are switched on in the rulebook only.
const BUILTINS: &str = "builtins";
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

/// A file that may be a policy or a helper.
#[derive(Debug)]
pub(crate) struct SourceFile {
    /// Its path relative to the project, with `/` between the parts.
    pub(crate) path: String,
    /// Its text, or why there is none; empty for what is not text.
    pub(crate) text: Result<String, String>,
    /// The bytes of what is not text.
    pub(crate) binary: Option<Vec<u8>>,
}

impl Project {
    /// The project that holds this directory: the nearest one at or above it.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn find(directory: &Path) -> Result<Self, EngineError> {
        let absolute = std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned());
        absolute
            .ancestors()
            .find(|ancestor| ancestor.join(FOLDER).is_dir())
            .map(Self::rooted)
            .ok_or_else(|| missing(directory, "at or above"))
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

    /// Every file that may be a policy or a helper for this harness, in the order of their paths, and all that looks
    /// like one and cannot be read.
    ///
    /// # Errors
    ///
    /// When the project cannot be looked into, or holds more files than any project should.
    pub(crate) fn sources(&self, harness: Harness) -> Result<Vec<SourceFile>, EngineError> {
        self.check_folder()?;
        let mut sources = Vec::new();
        for folder in ["helpers", "policies", "system"] {
            let start = self.folder().join(folder);
            if start.exists() || start.is_symlink() {
                self.collect(&start, harness, &mut sources)?;
            }
        }
        let misplaced = misplaced::find(&self.folder());
        sources.extend(
            misplaced
                .iter()
                .map(|path| self.unread(path, misplaced::MESSAGE)),
        );
        sources.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(sources)
    }

    /// Refuses a folder of which it cannot be told what is in it: that would be taken for nothing.
    fn check_folder(&self) -> Result<(), EngineError> {
        let folder = self.folder();
        // To list a folder is one right, and to look at what is listed another.
        let seen = std::fs::read_dir(&folder).and_then(|_| folder.join(".").metadata());
        seen.map(drop).map_err(|error| EngineError {
            kind: EngineErrorKind::Read,
            message: format!("the folder cannot be read: {}", error.kind()),
            place: Some(Place::file(self.shown("").trim_end_matches('/').to_owned())),
            help: "make it and what it holds readable".to_owned(),
        })
    }

    /// The files of tests that lie by themselves, for this harness.
    ///
    /// # Errors
    ///
    /// When there are more of them than any project should have.
    pub(crate) fn test_sources(&self, harness: Harness) -> Result<Vec<SourceFile>, EngineError> {
        let mut sources = Vec::new();
        let start = self.root.join(FOLDER).join("tests");
        if start.is_dir() {
            self.collect(&start, harness, &mut sources)?;
        }
        Ok(sources)
    }

    fn collect(
        &self,
        start: &Path,
        harness: Harness,
        sources: &mut Vec<SourceFile>,
    ) -> Result<(), EngineError> {
        let walk = WalkDir::new(start).follow_links(true).sort_by_file_name();
        let wanted =
            |entry: &walkdir::DirEntry| is_wanted(entry.path().strip_prefix(start).ok(), harness);
        let mut walk = walk.into_iter().filter_entry(wanted);
        while let Some(entry) = walk.next() {
            let source = match entry {
                Ok(entry) if entry.file_name().to_str().is_none() => {
                    if entry.file_type().is_dir() {
                        walk.skip_current_dir();
                    }
                    self.unread(entry.path(), "the name is not UTF-8: rename it")
                }
                Ok(entry) if entry.depth() == 0 && !entry.file_type().is_dir() => self.unread(
                    start,
                    "this is a file: make it a folder and put the policies into it",
                ),
                Ok(entry) if entry.file_type().is_dir() || !is_source(entry.path()) => continue,
                Ok(entry) => read_source(self.relative(entry.path()), entry.path()),
                Err(error) => self.unread(error.path().unwrap_or(start), &unwalkable(&error)),
            };
            sources.push(source);
            if sources.len() > MAX_FILES {
                return Err(EngineError {
                    kind: EngineErrorKind::Read,
                    message: format!("the project holds more than {MAX_FILES} policy files"),
                    place: Some(Place::file(self.relative(start))),
                    help: "keep other files outside `policies/`".to_owned(),
                });
            }
        }
        Ok(())
    }

    /// What looks like a policy and is not read, and why.
    fn unread(&self, path: &Path, message: &str) -> SourceFile {
        SourceFile {
            path: self.relative(path),
            text: Err(message.to_owned()),
            binary: None,
        }
    }

    fn relative(&self, path: &Path) -> String {
        let path = path.strip_prefix(&self.root).unwrap_or(path);
        let parts: Vec<_> = path
            .components()
            .map(|part| part.as_os_str().to_string_lossy())
            .collect();
        let prefix = if self.is_global { GLOBAL } else { "" };
        format!("{prefix}{}", parts.join("/"))
    }
}

/// Whether a path inside `policies/`, `system/` or `helpers/` concerns this harness.
fn is_wanted(path: Option<&Path>, harness: Harness) -> bool {
    let parts: Option<Vec<&str>> = path
        .into_iter()
        .flat_map(Path::iter)
        .map(std::ffi::OsStr::to_str)
        .collect();
    let Some(parts) = parts else {
        // What has such a name is refused where it is found.
        return true;
    };
    if parts.last().is_some_and(|name| name.starts_with('.')) {
        return false;
    }
    match parts.as_slice() {
        [first, rest @ ..] => match Harness::from_name(first) {
            Some(owner) => owner == harness && rest.first() != Some(&BUILTINS),
            None => true,
        },
        [] => true,
    }
}

/// Whether a file's ending is that of a policy in any language, whatever this engine can evaluate.
fn is_source(path: &Path) -> bool {
    let name = path.to_string_lossy();
    if wasm::is_binary(&name) || wasm::is_sidecar(&name) {
        return true;
    }
    let ending = path
        .extension()
        .map(|ending| ending.to_string_lossy().to_lowercase());
    ending.is_some_and(|ending| {
        matches!(
            ending.as_str(),
            "rego" | "wasm" | "lua" | "luau" | "js" | "mjs" | "cjs" | "ts"
        )
    })
}

/// Why a file or a folder cannot be looked at.
fn unwalkable(error: &walkdir::Error) -> String {
    if error.loop_ancestor().is_some() {
        return "the link leads back to a folder that holds it".to_owned();
    }
    let is_link = error.path().is_some_and(Path::is_symlink);
    match error.io_error().map(std::io::Error::kind) {
        Some(std::io::ErrorKind::NotFound) if is_link => "the link leads nowhere".to_owned(),
        Some(kind) => format!("it cannot be read: {kind}"),
        None => "it cannot be read".to_owned(),
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

impl SourceFile {
    /// What was read of it.
    pub(crate) fn bytes(&self) -> &[u8] {
        match &self.binary {
            Some(bytes) => bytes,
            None => self.text.as_deref().unwrap_or_default().as_bytes(),
        }
    }
}

fn read_source(path: String, full: &Path) -> SourceFile {
    if !wasm::is_binary(&path) {
        return SourceFile {
            path,
            text: read_text(full),
            binary: None,
        };
    }
    let read = llmspell_utils::read_bytes(full, wasm::MAX_MODULE_BYTES)
        .map_err(|why| format!("the file {why}"));
    SourceFile {
        path,
        text: read.as_ref().map(|_| String::new()).map_err(Clone::clone),
        binary: read.ok(),
    }
}

/// Reads a file of bounded size.
fn read_text(path: &Path) -> Result<String, String> {
    llmspell_utils::read_text(path, MAX_FILE_BYTES).map_err(|why| format!("the file {why}"))
}
