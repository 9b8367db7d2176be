//! The way through a folder of policies: what is read there, what is refused, and what is passed over.

use std::io::{self, ErrorKind};
use std::path::Path;

use super::ending::{self, Meaning};
use super::{MAX_FILES, Project, SourceFile, Sources};
use crate::error::{EngineError, EngineErrorKind, Place};
use crate::harness::Harness;
use crate::open_folder::{Entry, Identity, Kind, OpenFolder};
use crate::policy_loader::Languages;

/// Policies of the harness that come with it and are switched on in the rulebook only.
const BUILTINS: &str = "builtins";
/// Files and folders that are looked at.
pub(super) const MAX_ENTRIES: usize = 100_000;
const NO_FOLDER: &str = "this is a file: make it a folder and put the policies into it";

/// What was found in the folders of a project.
pub(super) struct Walk<'a> {
    pub(super) sources: Sources,
    project: &'a Project,
    harness: Harness,
    languages: &'a Languages,
}

/// What is still to be looked at behind the folder where a walk began.
struct Rest<'a> {
    /// How that folder is shown.
    shown: &'a str,
    /// Paths from there.
    folders: Vec<String>,
    /// The files and folders that were looked at.
    seen: usize,
}

/// The folder that is looked at.
struct Here<'a> {
    start: &'a OpenFolder,
    folder: &'a OpenFolder,
    /// Its path from the start, empty for the start itself.
    path: &'a str,
    /// How it is shown, with a `/` behind it.
    shown: String,
    /// The folder and all that hold it, up to the start; looked up where a link asks for them.
    above: Option<Vec<Identity>>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(project: &'a Project, harness: Harness, languages: &'a Languages) -> Self {
        Self {
            sources: Sources::default(),
            project,
            harness,
            languages,
        }
    }

    /// Takes everything in one folder of the project.
    pub(super) fn collect(
        &mut self,
        name: &str,
        start: io::Result<OpenFolder>,
    ) -> Result<(), EngineError> {
        let shown = &*self.project.shown(name);
        let listed = start.and_then(|mut start| Ok((start.entries(MAX_ENTRIES + 1)?, start)));
        let (entries, start) = match listed {
            Ok(listed) => listed,
            Err(error) if error.kind() == ErrorKind::NotADirectory => {
                self.refuse(shown.to_owned(), NO_FOLDER.to_owned());
                return Ok(());
            }
            Err(error) => {
                self.refuse(shown.to_owned(), unfollowed(&error));
                return Ok(());
            }
        };
        let from = self.sources.passed_over.len();
        let mut rest = Rest {
            shown,
            folders: Vec::new(),
            seen: 1,
        };
        self.take_all(Here::new(&start, &start, "", shown), entries, &mut rest)?;
        while let Some(path) = rest.folders.pop() {
            let opened = start.inside(Path::new(&path));
            match opened.and_then(|mut folder| Ok((folder.entries(MAX_ENTRIES + 1)?, folder))) {
                Ok((entries, folder)) => {
                    let here = Here::new(&start, &folder, &path, shown);
                    self.take_all(here, entries, &mut rest)?;
                }
                Err(error) => self.refuse(format!("{shown}/{path}"), unreadable(&error)),
            }
        }
        let passed_over = self.sources.passed_over.get_mut(from..);
        // A folder stands where its name does among the names beside it.
        passed_over
            .unwrap_or_default()
            .sort_by(|one, other| one.split('/').cmp(other.split('/')));
        Ok(())
    }

    fn take_all(
        &mut self,
        mut here: Here<'_>,
        mut entries: Vec<Entry>,
        rest: &mut Rest<'_>,
    ) -> Result<(), EngineError> {
        if entries.len() > MAX_ENTRIES {
            return Err(too_many(rest.shown, MAX_ENTRIES, "files and folders"));
        }
        entries.sort_unstable_by(|one, other| one.order().cmp(other.order()));
        for entry in &entries {
            self.take(&mut here, entry, rest);
            if self.sources.files.len() > MAX_FILES {
                return Err(too_many(rest.shown, MAX_FILES, "policy files"));
            }
            if rest.seen > MAX_ENTRIES {
                return Err(too_many(rest.shown, MAX_ENTRIES, "files and folders"));
            }
        }
        Ok(())
    }

    /// Takes one entry of a folder.
    fn take(&mut self, here: &mut Here<'_>, entry: &Entry, rest: &mut Rest<'_>) {
        let is_folder = here.is_folder(entry);
        let name = entry.name();
        // What has no name, or cannot be looked at, is refused whatever it is for.
        if let (Ok(_), Some(name)) = (&is_folder, name)
            && !self.is_wanted(here.path, name)
        {
            return;
        }
        rest.seen += 1;
        let path = || [&*here.shown, &*entry.shown()].concat();
        match (is_folder, name) {
            (Err(why), _) => self.refuse(path(), why),
            (Ok(_), None) => self.refuse(path(), "the name is not UTF-8: rename it".to_owned()),
            (Ok(true), Some(name)) => rest.folders.push(here.inside(name)),
            (Ok(false), Some(name)) if here.path.is_empty() && is_harness(name) => {
                self.refuse(path(), NO_FOLDER.to_owned());
            }
            (Ok(false), Some(name)) => match ending::meaning(name, self.languages) {
                Meaning::Read => {
                    let file = SourceFile::read(path(), here.folder.file(entry));
                    self.sources.files.push(file);
                }
                Meaning::Mistaken(why) => self.refuse(path(), why),
                Meaning::PassedOver => self.sources.passed_over.push(path()),
            },
        }
    }

    /// Whether a name in a folder of the walk concerns this harness.
    fn is_wanted(&self, folder: &str, name: &str) -> bool {
        if name.starts_with('.') {
            return false;
        }
        if folder.is_empty() {
            return Harness::from_name(name).is_none_or(|owner| owner == self.harness);
        }
        !(name == BUILTINS && is_harness(folder))
    }

    fn refuse(&mut self, path: String, why: String) {
        self.sources.files.push(SourceFile::unread(path, why));
    }
}

impl<'a> Here<'a> {
    fn new(start: &'a OpenFolder, folder: &'a OpenFolder, path: &'a str, shown: &str) -> Self {
        let mut shown = format!("{shown}/{path}");
        if !path.is_empty() {
            shown.push('/');
        }
        Self {
            start,
            folder,
            path,
            shown,
            above: None,
        }
    }

    /// The path from the start of what has this name here.
    fn inside(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}/{name}", self.path)
        }
    }

    /// Whether an entry is a folder, or why that cannot be told; a link is what it leads to.
    fn is_folder(&mut self, entry: &Entry) -> Result<bool, String> {
        match self.folder.kind(entry) {
            Ok(Kind::Folder) => Ok(true),
            Ok(Kind::Other) => Ok(false),
            Ok(Kind::Link) => self.leads_to_folder(entry),
            Err(error) => Err(unreadable(&error)),
        }
    }

    fn leads_to_folder(&mut self, entry: &Entry) -> Result<bool, String> {
        let status = self.folder.status(entry);
        let status = status.map_err(|error| unfollowed(&error))?;
        if !status.is_folder() {
            return Ok(false);
        }
        let above = match self.above.take() {
            Some(above) => above,
            None => self.identities().map_err(|error| unreadable(&error))?,
        };
        if self.above.insert(above).contains(&status.identity()) {
            return Err("the link leads back to a folder that holds it".to_owned());
        }
        Ok(true)
    }

    /// What tells this folder from others, and each that holds it.
    fn identities(&self) -> io::Result<Vec<Identity>> {
        Path::new(self.path)
            .ancestors()
            .map(|folder| Ok(self.start.status_of(&folder.join("."))?.identity()))
            .collect()
    }
}

fn is_harness(name: &str) -> bool {
    Harness::from_name(name).is_some()
}

/// Why what a link may lead to cannot be looked at.
fn unfollowed(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "the link leads nowhere".to_owned(),
        _ => unreadable(error),
    }
}

fn unreadable(error: &io::Error) -> String {
    format!("it cannot be read: {}", error.kind())
}

fn too_many(shown: &str, most: usize, what: &str) -> EngineError {
    EngineError {
        kind: EngineErrorKind::Read,
        message: format!("the project holds more than {most} {what}"),
        place: Some(Place::file(shown)),
        help: "keep other files outside `policies/`".to_owned(),
    }
}
