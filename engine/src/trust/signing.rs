//! Signing a project, and saying what is signed.

use std::collections::BTreeMap;
use std::path::Path;

use data_encoding::BASE64;
use llmspell_utils::write_private;

use super::FILE;
use super::files;
use super::gate;
use super::keys::{KeyStore, SignatureAlgorithm, SigningKey, TrustedProject, VerifyingKey};
use super::manifest::{Manifest, Unverified};
use crate::error::{EngineError, EngineErrorKind, Place};
use crate::project::Project;

/// A list that was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedManifest {
    /// The serial of the list.
    pub serial: u64,
    /// How it is signed.
    pub algorithm: SignatureAlgorithm,
    /// Which key has signed it.
    pub key_id: String,
    /// Each file, and what it was before this signature; `Missing` for those that were signed and are gone.
    pub files: BTreeMap<String, FileTrust>,
}

/// What the signature says of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileTrust {
    /// It is as it was signed.
    Trusted,
    /// It was changed after it was signed.
    Changed,
    /// It is not on the list.
    Unsigned,
    /// It is on the list and not there.
    Missing,
}

impl FileTrust {
    /// The stable name of this state.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Trusted => "trusted",
            Self::Changed => "changed",
            Self::Unsigned => "unsigned",
            Self::Missing => "missing",
        }
    }
}

/// What can be said of a project's signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustReport {
    /// Why the list as a whole is not trusted, if so: then nothing is.
    pub refused: Option<String>,
    /// The serial of the list, if it is trusted.
    pub serial: Option<u64>,
    /// Every file that is signed, or should be.
    pub files: BTreeMap<String, FileTrust>,
}

impl TrustReport {
    /// Whether the list and every file are trusted.
    #[must_use]
    pub fn is_trusted(&self) -> bool {
        self.refused.is_none()
            && self
                .files
                .values()
                .all(|trust| *trust == FileTrust::Trusted)
    }
}

impl KeyStore {
    /// Signs a project for the first time and remembers that it must be signed from now on.
    ///
    /// The key is in a file that the user keeps elsewhere, else the store's own, which is made if there is none.
    ///
    /// # Errors
    ///
    /// When the project is signed already, a file of it cannot be read, or a key or list cannot be written.
    pub fn init(
        &self,
        project: &Project,
        algorithm: SignatureAlgorithm,
        key: Option<&Path>,
    ) -> Result<SignedManifest, EngineError> {
        let text = list_text(project)?;
        if gate::known(self, project, text.as_deref())?.is_some() {
            return Err(fault(
                "the project is signed already",
                "run `llmspell trust sign` to sign what has changed",
            ));
        }
        let key = key.map_or_else(|| self.own_key(algorithm), KeyStore::key_in)?;
        let manifest = Manifest {
            project: uuid::Uuid::new_v4().to_string(),
            serial: 1,
            files: files::digests(project)?,
        };
        self.put_list(project, &manifest, &key, &BTreeMap::new())
    }

    /// Signs what a project has become.
    ///
    /// # Errors
    ///
    /// When the project was never signed, the key is not the one that has signed it, a file cannot be read, or
    /// the list cannot be written.
    pub fn sign(
        &self,
        project: &Project,
        key: Option<&Path>,
    ) -> Result<SignedManifest, EngineError> {
        let text = list_text(project)?;
        let Some(known) = gate::known(self, project, text.as_deref())? else {
            return Err(fault(
                "the project was never signed",
                "run `llmspell trust init` first",
            ));
        };
        let key = key.map_or_else(|| self.own_key(known.project.algorithm), KeyStore::key_in)?;
        if key.id() != known.project.key_id {
            return Err(fault(
                format!(
                    "the project is signed by the key `{}`, and this is `{}`",
                    known.project.key_id,
                    key.id()
                ),
                "name the file with that key by `--key FILE`",
            ));
        }
        let old = text.and_then(|text| gate::verified(&known, &text).ok());
        let manifest = Manifest {
            project: known.project.project.clone(),
            serial: old
                .as_ref()
                .map_or(0, |old| old.serial)
                .max(known.project.serial)
                + 1,
            files: files::digests(project)?,
        };
        let before = old.map(|old| old.files).unwrap_or_default();
        self.put_list(project, &manifest, &key, &before)
    }

    /// Trusts what the owner of a public key has signed: from now on this project must be signed by it.
    ///
    /// # Errors
    ///
    /// When the key cannot be read, the project has no list, or the list is not signed by the key.
    pub fn accept(&self, project: &Project, public_key: &Path) -> Result<TrustReport, EngineError> {
        let key = KeyStore::public_key_in(public_key)?;
        let text = list_text(project)?.ok_or_else(|| {
            fault(
                "the project has no list of signed files",
                "let its owner run `llmspell trust init`",
            )
        })?;
        let manifest = Unverified::read(&text)
            .and_then(|list| list.verified(&key))
            .map_err(|why| {
                fault(
                    format!("the list of signed files is not trusted: {why}"),
                    "ask its owner for the right key",
                )
            })?;
        self.remember(&gate::canonical(project.root()), trusted(&manifest, &key))?;
        self.verify(project)
    }

    /// Compares every file of a project with its list.
    ///
    /// # Errors
    ///
    /// When the project was never signed, or a file or key cannot be read.
    pub fn verify(&self, project: &Project) -> Result<TrustReport, EngineError> {
        let text = list_text(project)?;
        let known = gate::known(self, project, text.as_deref())?;
        let found = files::digests(project)?;
        let list = match (known, text) {
            (None, None) => {
                return Err(fault(
                    "the project was never signed",
                    "run `llmspell trust init` first",
                ));
            }
            (None, Some(_)) => Err("it is signed by a key that nobody here trusts".to_owned()),
            (Some(_), None) => Err("the list of signed files is missing".to_owned()),
            (Some(known), Some(text)) => gate::verified(&known, &text),
        };
        Ok(match list {
            Ok(manifest) => TrustReport {
                refused: None,
                serial: Some(manifest.serial),
                files: compared(&manifest.files, &found),
            },
            Err(why) => TrustReport {
                refused: Some(why),
                serial: None,
                files: compared(&BTreeMap::new(), &found),
            },
        })
    }

    fn put_list(
        &self,
        project: &Project,
        manifest: &Manifest,
        key: &SigningKey,
        before: &BTreeMap<String, String>,
    ) -> Result<SignedManifest, EngineError> {
        let text = manifest
            .signed_by(key)
            .map_err(|why| fault(why, "make a new key with `llmspell trust init`"))?;
        write_private(&project.root().join(FILE), text.as_bytes()).map_err(|error| {
            fault(
                format!("the list of signed files cannot be written: {error}"),
                "make `.cupcake/` writable",
            )
        })?;
        self.remember(
            &gate::canonical(project.root()),
            trusted(manifest, &key.verifying()),
        )?;
        Ok(SignedManifest {
            serial: manifest.serial,
            algorithm: key.algorithm(),
            key_id: key.id(),
            files: compared(before, &manifest.files),
        })
    }
}

fn trusted(manifest: &Manifest, key: &VerifyingKey) -> TrustedProject {
    TrustedProject {
        project: manifest.project.clone(),
        algorithm: key.algorithm(),
        key_id: key.id(),
        public_key: key.public_bytes().map(|bytes| BASE64.encode(bytes)),
        serial: manifest.serial,
    }
}

/// What each file of a list, and each that is there, is by that list.
fn compared(
    list: &BTreeMap<String, String>,
    found: &BTreeMap<String, String>,
) -> BTreeMap<String, FileTrust> {
    let there = found.iter().map(|(path, digest)| {
        let trust = match list.get(path) {
            Some(signed) if signed == digest => FileTrust::Trusted,
            Some(_) => FileTrust::Changed,
            None => FileTrust::Unsigned,
        };
        (path.clone(), trust)
    });
    let gone = list
        .keys()
        .filter(|path| !found.contains_key(*path))
        .map(|path| (path.clone(), FileTrust::Missing));
    there.chain(gone).collect()
}

fn list_text(project: &Project) -> Result<Option<String>, EngineError> {
    gate::text(project).map_err(|why| fault(why, "restore the file, or run `llmspell trust sign`"))
}

fn fault(message: impl Into<String>, help: impl Into<String>) -> EngineError {
    EngineError {
        kind: EngineErrorKind::Trust,
        message: message.into(),
        place: Some(Place::file(FILE)),
        help: help.into(),
    }
}
