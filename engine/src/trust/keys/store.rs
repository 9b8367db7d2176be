//! The directory of a user's keys, and of the projects that the user trusts.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use data_encoding::BASE64;
use llmspell_utils::{create_private_directory, read_text, write_private};
use serde::{Deserialize, Serialize};

use super::{SignatureAlgorithm, SigningKey, VerifyingKey};
use crate::error::{EngineError, EngineErrorKind, Place};
use crate::user_directories;

const PROJECTS: &str = "projects.json";
const VARIABLE: &str = "LLMSPELL_KEYS";
/// Bytes of a key or of the list of projects.
const MAX_BYTES: usize = 4 * 1024 * 1024;
/// What others may not do with a file: anything, or write.
const SECRET: u32 = 0o077;
const UNCHANGED: u32 = 0o022;

/// A directory with the keys of a user, and the list of the projects that are signed by them.
///
/// The private key lies in `ed25519.pem`, the secret of the machine in `hmac-sha256.pem`, and the projects in `projects.json`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyStore {
    directory: PathBuf,
}

/// A project whose files must be signed by a certain key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustedProject {
    /// The project's own id, which its list says too.
    pub project: String,
    /// How the list is signed.
    pub algorithm: SignatureAlgorithm,
    /// Which key has signed it.
    pub key_id: String,
    /// The public key, in base64; none where the key is a secret of this machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::trust) public_key: Option<String>,
    /// The serial of the latest list that was seen: an older one is refused.
    pub serial: u64,
}

/// What `projects.json` holds: the projects by their directories.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Projects {
    projects: BTreeMap<PathBuf, TrustedProject>,
}

impl KeyStore {
    /// The store in this directory, which need not be there yet.
    #[must_use]
    pub fn at(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
        }
    }

    /// The user's own: `$LLMSPELL_KEYS`, else `llmspell/keys` in the folder of configuration; none without a home.
    #[must_use]
    pub fn of_user() -> Option<Self> {
        let named = std::env::var_os(VARIABLE).filter(|path| !path.is_empty());
        named
            .map(PathBuf::from)
            .or_else(|| {
                Some(
                    user_directories::configuration()?
                        .join("llmspell")
                        .join("keys"),
                )
            })
            .map(Self::at)
    }

    /// Where the keys lie.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The projects that must be signed, by their directories.
    ///
    /// # Errors
    ///
    /// When the list is there and cannot be read.
    pub fn projects(&self) -> Result<BTreeMap<PathBuf, TrustedProject>, EngineError> {
        let path = self.directory.join(PROJECTS);
        let Some(text) = self.text(&path)? else {
            return Ok(BTreeMap::new());
        };
        private(&path, UNCHANGED)?;
        serde_json::from_str::<Projects>(&text)
            .map(|projects| projects.projects)
            .map_err(|error| {
                fault(
                    &path,
                    format!("the list of trusted projects is broken: {error}"),
                )
            })
    }

    /// Remembers a project, or what is new of it.
    pub(in crate::trust) fn remember(
        &self,
        root: &Path,
        project: TrustedProject,
    ) -> Result<(), EngineError> {
        let mut projects = self.projects()?;
        projects.insert(root.to_owned(), project);
        let text = serde_json::to_string_pretty(&Projects { projects })
            .map_err(|error| fault(&self.directory, error.to_string()))?;
        self.write(PROJECTS, &text)
    }

    /// The user's key of this algorithm, which is made if there is none.
    pub(in crate::trust) fn own_key(
        &self,
        algorithm: SignatureAlgorithm,
    ) -> Result<SigningKey, EngineError> {
        let name = file_name(algorithm);
        let path = self.directory.join(&name);
        if let Some(text) = self.text(&path)? {
            private(&path, SECRET)?;
            return SigningKey::from_text(&text).map_err(|why| broken_key(&path, &why));
        }
        let key = SigningKey::generate(algorithm).map_err(|why| fault(&path, why))?;
        self.write(&name, &key.to_text())?;
        if let Some(public) = key.verifying().to_text() {
            self.write(&format!("{}.pub.pem", algorithm.name()), &public)?;
        }
        Ok(key)
    }

    /// The key in a file that the user keeps elsewhere.
    pub(in crate::trust) fn key_in(path: &Path) -> Result<SigningKey, EngineError> {
        let key = SigningKey::from_text(&read(path)?).map_err(|why| broken_key(path, &why))?;
        private(path, SECRET)?;
        Ok(key)
    }

    /// The public key in a file.
    pub(in crate::trust) fn public_key_in(path: &Path) -> Result<VerifyingKey, EngineError> {
        VerifyingKey::from_text(&read(path)?).map_err(|why| broken_key(path, &why))
    }

    /// What verifies a project's list.
    pub(in crate::trust) fn verifying_key(
        &self,
        project: &TrustedProject,
    ) -> Result<VerifyingKey, EngineError> {
        let path = self.directory.join(PROJECTS);
        match (&project.public_key, project.algorithm) {
            (Some(public), SignatureAlgorithm::Ed25519) => BASE64
                .decode(public.as_bytes())
                .map_err(|error| error.to_string())
                .and_then(VerifyingKey::public)
                .map_err(|why| broken_key(&path, &why)),
            (None, SignatureAlgorithm::HmacSha256) => {
                let path = self.directory.join(file_name(project.algorithm));
                Self::key_in(&path).map(|key| key.verifying())
            }
            _ => Err(broken_key(&path, "the key does not fit the algorithm")),
        }
    }

    fn text(&self, path: &Path) -> Result<Option<String>, EngineError> {
        match path.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            _ => read(path).map(Some),
        }
    }

    fn write(&self, name: &str, text: &str) -> Result<(), EngineError> {
        let path = self.directory.join(name);
        create_private_directory(&self.directory)
            .and_then(|()| write_private(&path, text.as_bytes()))
            .map_err(|error| fault(&path, format!("it cannot be written: {error}")))
    }
}

fn file_name(algorithm: SignatureAlgorithm) -> String {
    format!("{}.pem", algorithm.name())
}

fn read(path: &Path) -> Result<String, EngineError> {
    read_text(path, MAX_BYTES).map_err(|why| fault(path, format!("the file {why}")))
}

/// Refuses a file with which others than its owner may do what they must not.
#[cfg(unix)]
fn private(path: &Path, forbidden: u32) -> Result<(), EngineError> {
    use std::os::unix::fs::PermissionsExt as _;

    let mode = path
        .metadata()
        .map_err(|error| fault(path, format!("the file cannot be read: {}", error.kind())))?
        .permissions()
        .mode();
    if mode & forbidden == 0 {
        return Ok(());
    }
    let what = if forbidden == SECRET {
        "read"
    } else {
        "change"
    };
    Err(EngineError {
        help: format!(
            "make sure that nobody has used it, then run `chmod 600 {}`",
            path.display()
        ),
        ..fault(
            path,
            format!("others than its owner may {what} the file, so that it proves nothing"),
        )
    })
}

#[cfg(not(unix))]
fn private(_: &Path, _: u32) -> Result<(), EngineError> {
    Ok(())
}

fn broken_key(path: &Path, why: &str) -> EngineError {
    fault(path, format!("the key cannot be used: {why}"))
}

fn fault(path: &Path, message: String) -> EngineError {
    EngineError {
        kind: EngineErrorKind::Trust,
        message,
        place: Some(Place::file(path.display().to_string())),
        help: "name a file that holds a key and that you may use, or keep the keys in another directory by `--keys DIR`"
            .to_owned(),
    }
}
