//! The files of a project that may be policies, and those beside them that are none.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::Path;

use super::walk::{MAX_ENTRIES, Walk};
use super::{FOLDER, MAX_FILE_BYTES, Project, misplaced};
use crate::error::{EngineError, EngineErrorKind, Place};
use crate::evaluator::wasm;
use crate::harness::Harness;
use crate::open_folder::{Entry, OpenFolder};
use crate::policy_loader::Languages;

/// Where tests lie by themselves.
const TESTS: &str = "tests";

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
        let (folder, entries) = self.open_folder()?;
        let mut walk = Walk::new(self, harness, languages);
        for name in ["helpers", "policies", "system"] {
            let is_listed = entries.iter().any(|entry| entry.name() == Some(name));
            match folder.inside(Path::new(name)) {
                Err(error) if error.kind() == ErrorKind::NotFound && !is_listed => {}
                opened => walk.collect(name, opened)?,
            }
        }
        let mut sources = walk.sources;
        for name in misplaced::find(&self.folder(), &entries, languages) {
            let message = misplaced::MESSAGE.to_owned();
            sources
                .files
                .push(SourceFile::unread(self.shown(&name), message));
        }
        sources
            .files
            .sort_by(|one, other| one.path.cmp(&other.path));
        Ok(sources)
    }

    /// Opens and lists the folder, and refuses one of which it cannot be told what is in it: that would be taken for
    /// nothing.
    fn open_folder(&self) -> Result<(OpenFolder, Vec<Entry>), EngineError> {
        let seen = OpenFolder::at(&self.folder()).and_then(|mut folder| {
            // To list a folder is one right, and to look at what is listed another.
            folder.status_of(Path::new("."))?;
            let entries = folder.entries(MAX_ENTRIES)?;
            Ok((folder, entries))
        });
        seen.map_err(|error| EngineError {
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
        let mut walk = Walk::new(self, harness, languages);
        let start = self.root().join(FOLDER).join(TESTS);
        if start.is_dir() {
            walk.collect(TESTS, OpenFolder::at(&start))?;
        }
        let mut files = walk.sources.files;
        files.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(files)
    }
}

impl SourceFile {
    /// What looks like a policy and is not read, and why.
    pub(super) const fn unread(path: String, message: String) -> Self {
        Self {
            path,
            text: Err(message),
            binary: None,
        }
    }

    /// Reads an open file.
    pub(super) fn read(path: String, file: io::Result<File>) -> Self {
        let unread = |why: String| format!("the file {why}");
        if !wasm::is_binary(&path) {
            let text = llmspell_utils::read_open_text(file, MAX_FILE_BYTES).map_err(unread);
            return Self {
                path,
                text,
                binary: None,
            };
        }
        match llmspell_utils::read_open_bytes(file, wasm::MAX_MODULE_BYTES) {
            Ok(bytes) => Self {
                path,
                text: Ok(String::new()),
                binary: Some(bytes),
            },
            Err(why) => Self::unread(path, unread(why)),
        }
    }

    /// What was read of it.
    pub(crate) fn bytes(&self) -> &[u8] {
        match &self.binary {
            Some(bytes) => bytes,
            None => self.text.as_deref().unwrap_or_default().as_bytes(),
        }
    }
}
