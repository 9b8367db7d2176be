//! The files of a project that may be policies, and those beside them that are none.

use std::path::Path;

use walkdir::{DirEntry, WalkDir};

use super::ending::{self, Meaning};
use super::{FOLDER, MAX_FILES, Project, misplaced, read_text};
use crate::error::{EngineError, EngineErrorKind, Place};
use crate::evaluator::wasm;
use crate::harness::Harness;
use crate::policy_loader::Languages;

/// Policies of the harness that come with it and are switched on in the rulebook only.
const BUILTINS: &str = "builtins";
/// Files and folders that are looked at.
const MAX_ENTRIES: usize = 100_000;

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

/// What lies where policies are read from, in the order of the paths.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    /// What may be a policy or a helper, and all that looks like one and cannot be read.
    pub(crate) files: Vec<SourceFile>,
    /// The paths of files that are no policies by their names; those that are hidden are not among them.
    pub(crate) passed_over: Vec<String>,
}

impl Project {
    /// Every file that may be a policy or a helper for this harness.
    ///
    /// # Errors
    ///
    /// When the project cannot be looked into, or holds more files than any project should.
    pub(crate) fn sources(
        &self,
        harness: Harness,
        languages: &Languages,
    ) -> Result<Sources, EngineError> {
        self.check_folder()?;
        let mut sources = Sources::default();
        for folder in ["helpers", "policies", "system"] {
            let start = self.folder().join(folder);
            if start.exists() || start.is_symlink() {
                self.collect(&start, harness, languages, &mut sources)?;
            }
        }
        let misplaced = misplaced::find(&self.folder(), languages);
        sources.files.extend(
            misplaced
                .iter()
                .map(|path| self.unread(path, misplaced::MESSAGE.to_owned())),
        );
        sources
            .files
            .sort_by(|one, other| one.path.cmp(&other.path));
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
    pub(crate) fn test_sources(
        &self,
        harness: Harness,
        languages: &Languages,
    ) -> Result<Vec<SourceFile>, EngineError> {
        let mut sources = Sources::default();
        let start = self.root().join(FOLDER).join("tests");
        if start.is_dir() {
            self.collect(&start, harness, languages, &mut sources)?;
        }
        Ok(sources.files)
    }

    fn collect(
        &self,
        start: &Path,
        harness: Harness,
        languages: &Languages,
        sources: &mut Sources,
    ) -> Result<(), EngineError> {
        let walk = WalkDir::new(start).follow_links(true).sort_by_file_name();
        let wanted = |entry: &DirEntry| is_wanted(entry.path().strip_prefix(start).ok(), harness);
        let mut walk = walk.into_iter().filter_entry(wanted);
        let mut entries = 0;
        while let Some(entry) = walk.next() {
            if let Ok(entry) = &entry
                && entry.file_type().is_dir()
                && entry.file_name().to_str().is_none()
            {
                walk.skip_current_dir();
            }
            self.take(start, entry, languages, sources);
            entries += 1;
            if sources.files.len() > MAX_FILES {
                return Err(self.too_many(start, MAX_FILES, "policy files"));
            }
            if entries > MAX_ENTRIES {
                return Err(self.too_many(start, MAX_ENTRIES, "files and folders"));
            }
        }
        Ok(())
    }

    /// Takes one entry of a folder.
    fn take(
        &self,
        start: &Path,
        entry: walkdir::Result<DirEntry>,
        languages: &Languages,
        sources: &mut Sources,
    ) {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let path = error.path().unwrap_or(start);
                return sources.files.push(self.unread(path, unwalkable(&error)));
            }
        };
        let (path, is_folder) = (entry.path(), entry.file_type().is_dir());
        let unread = |why: &str| self.unread(path, why.to_owned());
        let Some(name) = entry.file_name().to_str() else {
            return sources
                .files
                .push(unread("the name is not UTF-8: rename it"));
        };
        let is_of_harness = entry.depth() == 1 && Harness::from_name(name).is_some();
        if (entry.depth() == 0 || is_of_harness) && !is_folder {
            let why = "this is a file: make it a folder and put the policies into it";
            return sources.files.push(unread(why));
        }
        if is_folder {
            return;
        }
        match ending::meaning(name, languages) {
            Meaning::Read => sources.files.push(read_source(self.relative(path), path)),
            Meaning::Mistaken(why) => sources.files.push(self.unread(path, why)),
            Meaning::PassedOver => sources.passed_over.push(self.relative(path)),
        }
    }

    fn too_many(&self, start: &Path, most: usize, what: &str) -> EngineError {
        EngineError {
            kind: EngineErrorKind::Read,
            message: format!("the project holds more than {most} {what}"),
            place: Some(Place::file(self.relative(start))),
            help: "keep other files outside `policies/`".to_owned(),
        }
    }

    /// What looks like a policy and is not read, and why.
    fn unread(&self, path: &Path, message: String) -> SourceFile {
        SourceFile {
            path: self.relative(path),
            text: Err(message),
            binary: None,
        }
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
