//! Admits the files of a project one by one while it is loaded: what is not signed is not interpreted.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::keys::{KeyStore, TrustedProject};
use super::manifest::{self, Manifest, Unverified};
use super::{FILE, TrustOptions, files};
use crate::decision::{DecisionError, DecisionErrorKind};
use crate::error::EngineError;
use crate::policy::PolicySummary;
use crate::project::Project;

/// What a project may load.
#[derive(Debug)]
pub(crate) struct TrustGate {
    state: State,
    errors: Vec<DecisionError>,
}

#[derive(Debug)]
enum State {
    /// Nobody asks for a signature.
    Open,
    /// Only what the list names, with the content that it names.
    Signed(Manifest),
    /// Nothing, because the list itself is not trusted.
    Closed,
}

/// A script outside `.cupcake/`, as it was signed.
#[derive(Debug)]
pub(crate) struct SignedScript {
    /// The path that errors show.
    pub(crate) shown: String,
    pub(crate) path: PathBuf,
    pub(crate) digest: String,
}

/// A project as the user's keys know it.
pub(super) struct Known {
    pub(super) store: KeyStore,
    pub(super) root: PathBuf,
    pub(super) project: TrustedProject,
}

impl TrustGate {
    /// The gate of a project.
    pub(crate) fn of(project: &Project, options: &TrustOptions) -> Self {
        match list(project, options) {
            Ok(None) => Self::new(State::Open),
            Ok(Some(manifest)) => Self::new(State::Signed(manifest)),
            Err(message) => {
                let mut gate = Self::new(State::Closed);
                gate.refuse(FILE, message);
                gate
            }
        }
    }

    const fn new(state: State) -> Self {
        Self {
            state,
            errors: Vec::new(),
        }
    }

    /// Whether a file may be interpreted that was read with this content; if not, the reason is among the errors.
    pub(crate) fn admits(&mut self, path: &str, content: &[u8]) -> bool {
        matches!(self.state, State::Open) || self.admits_digest(path, &manifest::digest(content))
    }

    /// The same for a file whose digest is known.
    pub(crate) fn admits_digest(&mut self, path: &str, digest: &str) -> bool {
        let expected = match &self.state {
            State::Open => return true,
            // The error of the list itself says it for all of them.
            State::Closed => return false,
            State::Signed(manifest) => manifest.files.get(path),
        };
        let message = match expected {
            Some(expected) if expected == digest => return true,
            Some(_) => {
                "the file was changed after it was signed: look at the change, then run `llmspell trust sign`"
            }
            None => "the file is not signed: look at it, then run `llmspell trust sign`",
        };
        self.refuse(path, message.to_owned());
        false
    }

    /// The project's own scripts that commands of its rulebook name, as they must be whenever a command is run; none
    /// if no command may be run, because one of them is not as it was signed.
    pub(crate) fn admitted_scripts(&mut self, project: &Project) -> Option<Vec<SignedScript>> {
        match self.state {
            State::Open => return Some(Vec::new()),
            State::Closed => return None,
            State::Signed(_) => {}
        }
        let mut scripts = Some(Vec::new());
        for path in files::scripts(project) {
            let full = project.root().join(&path);
            let digest = files::digest_of_file(&full).unwrap_or_default();
            if !self.admits_digest(&path, &digest) {
                scripts = None;
            } else if let Some(scripts) = &mut scripts {
                scripts.push(SignedScript {
                    shown: path,
                    path: full,
                    digest,
                });
            }
        }
        scripts
    }

    /// Whether files must be as they were signed.
    pub(crate) const fn is_signed(&self) -> bool {
        matches!(self.state, State::Signed(_))
    }

    /// What was refused, and every signed file that is gone.
    pub(crate) fn into_errors(mut self, project: &Project) -> Vec<DecisionError> {
        if let State::Signed(manifest) = &self.state {
            let gone: Vec<String> = manifest
                .files
                .keys()
                .filter(|path| !project.root().join(path).exists())
                .cloned()
                .collect();
            for path in gone {
                let message =
                    "the file is signed and missing: restore it, or run `llmspell trust sign`";
                self.refuse(&path, message.to_owned());
            }
        }
        self.errors
    }

    fn refuse(&mut self, path: &str, message: String) {
        self.errors.push(DecisionError {
            kind: DecisionErrorKind::Trust,
            policy: policy_of(path),
            message,
            file: Some(Arc::from(path)),
            line: None,
        });
    }
}

/// Whose file it is, by its name alone: what it says of itself is not read.
fn policy_of(path: &str) -> Arc<str> {
    let folders = ["policies/", "helpers/", "system/", "signals/"];
    let inside = path.strip_prefix(".cupcake/").unwrap_or_default();
    if folders.iter().any(|folder| inside.starts_with(folder)) {
        PolicySummary::unread(path).id
    } else {
        Arc::from("project")
    }
}

/// The list that holds for a project; none where nobody asks for one.
fn list(project: &Project, options: &TrustOptions) -> Result<Option<Manifest>, String> {
    let Some(store) = store(options) else {
        return Ok(None);
    };
    let text = text(project)?;
    let known = known(&store, project, text.as_deref()).map_err(|error| describe(&error))?;
    let (known, text) = match (known, text) {
        (None, None) => return Ok(None),
        (Some(known), Some(text)) => (known, text),
        (Some(_), None) => {
            return Err("the project is signed and its list of signed files is missing: restore it, or run `llmspell trust sign`".to_owned());
        }
        (None, Some(_)) => {
            return Err("the project is signed by a key that nobody here trusts: run `llmspell trust accept --public-key FILE` with the key of who signs it".to_owned());
        }
    };
    let manifest = verified(&known, &text)?;
    if manifest.serial > known.project.serial {
        let project = TrustedProject {
            serial: manifest.serial,
            ..known.project
        };
        // Whoever cannot write here is protected from lists older than the last that could be noted.
        let _ = known.store.remember(&known.root, project);
    }
    Ok(Some(manifest))
}

/// The store whose keys count; none where none do.
fn store(options: &TrustOptions) -> Option<KeyStore> {
    match options {
        TrustOptions::Off => None,
        TrustOptions::Store(store) => Some(store.clone()),
        TrustOptions::User => KeyStore::of_user(),
    }
}

/// The text of a project's list.
pub(super) fn text(project: &Project) -> Result<Option<String>, String> {
    let path = project.root().join(FILE);
    if path.symlink_metadata().is_err() {
        return Ok(None);
    }
    llmspell_utils::read_text(&path, manifest::MAX_BYTES)
        .map(Some)
        .map_err(|why| format!("the list of signed files {why}"))
}

/// The project as the store knows it: by its directory, else by the id that its list says.
pub(super) fn known(
    store: &KeyStore,
    project: &Project,
    text: Option<&str>,
) -> Result<Option<Known>, EngineError> {
    let mut projects = store.projects()?;
    let root = canonical(project.root());
    let found = projects.remove(&root).or_else(|| {
        let list = Unverified::read(text?).ok()?;
        projects.into_values().find(|project| {
            let key = store.verifying_key(project).ok();
            let verified = key.and_then(|key| list.verified(&key).ok());
            verified.is_some_and(|manifest| manifest.project == project.project)
        })
    });
    Ok(found.map(|project| Known {
        store: store.clone(),
        root,
        project,
    }))
}

/// A list that the known key has signed, for this project, and that is not older than one that was seen.
pub(super) fn verified(known: &Known, text: &str) -> Result<Manifest, String> {
    let wrong = |why: String| format!("the list of signed files is not trusted: {why}");
    let key = known
        .store
        .verifying_key(&known.project)
        .map_err(|error| describe(&error))?;
    let manifest = Unverified::read(text)
        .and_then(|list| list.verified(&key))
        .map_err(wrong)?;
    if manifest.project != known.project.project {
        return Err(wrong("it is that of another project".to_owned()));
    }
    if manifest.serial < known.project.serial {
        return Err(wrong(format!(
            "it has the serial {}, and {} was seen before: an older state of the project was put back",
            manifest.serial, known.project.serial
        )));
    }
    Ok(manifest)
}

pub(super) fn canonical(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

fn describe(error: &EngineError) -> String {
    match &error.place {
        Some(place) => format!("{}: {}", place, error.message),
        None => error.message.clone(),
    }
}
