//! The `opa` program that is installed for this user, checked before each use.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use llmspell_utils::{create_private_directory, read_text, write_private};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::{EngineError, EngineErrorKind, Place};
use crate::user_directories;

/// Bytes of a program: the largest of the releases has 99 MB.
const MAX_BYTES: u64 = 256 * 1024 * 1024;
const NOTE: &str = "opa.json";
const MAX_NOTE_BYTES: usize = 4 * 1024;
/// The end of the names of files that are being written.
const UNFINISHED: &str = ".part";

/// One file of a release of OPA.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpaRelease {
    /// The version, such as `1.7.1`.
    pub version: &'static str,
    /// The operating system and processor, as Rust names them.
    pub platform: (&'static str, &'static str),
    /// The name of the file.
    pub asset: &'static str,
    /// The SHA-256 of the file, in hexadecimal digits.
    pub sha256: &'static str,
}

/// The release that this version of the engine is tested with, for each platform that it is made for.
const RELEASES: [OpaRelease; 5] = [
    release(
        "macos",
        "x86_64",
        "opa_darwin_amd64",
        "51da8fa6ce4ac9b963d4babbd78714e98880b20e74f30a3f45a96334e12830bd",
    ),
    release(
        "macos",
        "aarch64",
        "opa_darwin_arm64_static",
        "fe2a14b6ba7f587caeb62ef93ef62d1e713776a6e470f4e87326468a8ecfbfbd",
    ),
    release(
        "linux",
        "x86_64",
        "opa_linux_amd64",
        "7426bf5504049d7444f9ee9a1d47a64261842f38f5308903ef6b76ba90250b5a",
    ),
    release(
        "linux",
        "aarch64",
        "opa_linux_arm64_static",
        "a81af8cd767f1870e9e23b8ed0ad8f40b24e5c0a64c5768c75d5c292aaa81e54",
    ),
    release(
        "windows",
        "x86_64",
        "opa_windows_amd64.exe",
        "205f87d0fd1e2673c3a6f9caf9d9655290e478a93eeb3ef9f211acdaa214a9ca",
    ),
];

const fn release(
    system: &'static str,
    processor: &'static str,
    asset: &'static str,
    sha256: &'static str,
) -> OpaRelease {
    OpaRelease {
        version: "1.7.1",
        platform: (system, processor),
        asset,
        sha256,
    }
}

impl OpaRelease {
    /// The release for the platform that this program runs on, if it is made for it.
    #[must_use]
    pub fn here() -> Option<&'static Self> {
        let here = (std::env::consts::OS, std::env::consts::ARCH);
        RELEASES.iter().find(|release| release.platform == here)
    }

    /// Where its maker publishes it.
    #[must_use]
    pub fn url(&self) -> String {
        format!(
            "https://github.com/open-policy-agent/opa/releases/download/v{}/{}",
            self.version, self.asset
        )
    }
}

/// A private directory with one `opa` program, and with the digest that it must have.
///
/// ```
/// use llmspell_engine::OpaStore;
///
/// # let directory = tempfile::tempdir().unwrap();
/// let store = OpaStore::at(directory.path());
/// assert_eq!(store.installed()?, None);
/// // The digest of `abc`.
/// let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
/// let path = store.install(&mut b"abc".as_slice(), digest)?;
/// assert_eq!(store.installed()?, Some(path));
/// assert!(store.install(&mut b"abd".as_slice(), digest).is_err());
/// # Ok::<(), llmspell_engine::EngineError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpaStore {
    directory: PathBuf,
}

/// What `opa.json` says of the program beside it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    sha256: String,
}

impl OpaStore {
    /// The store in this directory, which need not be there yet.
    #[must_use]
    pub fn at(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
        }
    }

    /// The user's own, in the folder of caches; none without a home.
    #[must_use]
    pub fn of_user() -> Option<Self> {
        Some(Self::at(
            user_directories::cache()?.join("llmspell").join("opa"),
        ))
    }

    /// Where the program lies.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The program, if one is installed and has the digest that it was installed with.
    ///
    /// # Errors
    ///
    /// When it is there and was changed, or cannot be read.
    pub fn installed(&self) -> Result<Option<PathBuf>, EngineError> {
        let path = self.program();
        let note = self.directory.join(NOTE);
        if !path.exists() && !note.exists() {
            return Ok(None);
        }
        let text = read_text(&note, MAX_NOTE_BYTES)
            .map_err(|why| self.fault(format!("what was noted of it {why}")))?;
        let noted: Note = serde_json::from_str(&text)
            .map_err(|_| self.fault("what was noted of it is broken"))?;
        let file = fs::File::open(&path)
            .map_err(|error| self.fault(format!("it cannot be read: {error}")))?;
        let digest = digest(&mut file.take(MAX_BYTES + 1), &mut io::sink())
            .map_err(|error| self.fault(format!("it cannot be read: {error}")))?;
        if digest != noted.sha256 {
            return Err(self.fault(format!(
                "it has the digest `{digest}`, and was installed with `{}`",
                noted.sha256
            )));
        }
        Ok(Some(path))
    }

    /// Installs the program that `content` gives, if it has this SHA-256 in hexadecimal digits.
    ///
    /// It becomes executable, and takes the place of the one before, only after it was checked whole; whatever is
    /// wrong leaves nothing behind.
    ///
    /// # Errors
    ///
    /// When the content cannot be read to its end, has another digest or is far too long, or cannot be written.
    pub fn install(&self, content: &mut dyn Read, sha256: &str) -> Result<PathBuf, EngineError> {
        create_private_directory(&self.directory)
            .map_err(|error| self.fault(format!("its directory cannot be made: {error}")))?;
        self.remove_unfinished();
        let unfinished = self
            .directory
            .join(format!("{}{UNFINISHED}", uuid::Uuid::new_v4().simple()));
        let installed = self.install_by_way_of(&unfinished, content, sha256);
        if installed.is_err() {
            // The error that is told is the first.
            let _ = fs::remove_file(&unfinished);
        }
        installed
    }

    fn install_by_way_of(
        &self,
        unfinished: &Path,
        content: &mut dyn Read,
        sha256: &str,
    ) -> Result<PathBuf, EngineError> {
        let unwritten = |error: io::Error| self.fault(format!("it cannot be written: {error}"));
        // Made private and empty first, so that nobody else ever has it open for writing.
        write_private(unfinished, b"").map_err(unwritten)?;
        let mut file = fs::OpenOptions::new()
            .write(true)
            .open(unfinished)
            .map_err(unwritten)?;
        let found = digest(&mut content.take(MAX_BYTES + 1), &mut file)
            .map_err(|error| self.fault(format!("it cannot be received: {error}")))?;
        file.sync_all().map_err(unwritten)?;
        drop(file);
        if !found.eq_ignore_ascii_case(sha256) {
            return Err(self.fault(format!(
                "what was received has the digest `{found}`, and `{sha256}` was expected: it is wrong or cut off"
            )));
        }
        let note =
            serde_json::to_string(&Note { sha256: found }).map_err(|error| self.fault(error))?;
        executable::make(unfinished).map_err(unwritten)?;
        let path = self.program();
        fs::rename(unfinished, &path).map_err(unwritten)?;
        write_private(&self.directory.join(NOTE), note.as_bytes()).map_err(unwritten)?;
        Ok(path)
    }

    /// Removes what an installation left that was killed.
    fn remove_unfinished(&self) {
        let entries = fs::read_dir(&self.directory)
            .into_iter()
            .flatten()
            .flatten();
        let unfinished = entries
            .map(|entry| entry.path())
            .filter(|path| path.to_string_lossy().ends_with(UNFINISHED));
        for path in unfinished {
            let _ = fs::remove_file(path);
        }
    }

    fn program(&self) -> PathBuf {
        self.directory
            .join(format!("opa{}", std::env::consts::EXE_SUFFIX))
    }

    fn fault(&self, why: impl std::fmt::Display) -> EngineError {
        EngineError {
            kind: EngineErrorKind::Opa,
            message: format!("the `opa` program is not installed: {why}"),
            place: Some(Place::file(self.program().display().to_string())),
            help: "run `llmspell opa install`, or name a program by `--opa`".to_owned(),
        }
    }
}

/// Copies, and gives the SHA-256 of what was copied.
fn digest(from: &mut dyn Read, to: &mut dyn io::Write) -> io::Result<String> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let length = match from.read(&mut buffer) {
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let Some(read) = buffer.get(..length).filter(|read| !read.is_empty()) else {
            break;
        };
        hasher.update(read);
        to.write_all(read)?;
    }
    Ok(HEXLOWER.encode(&hasher.finalize()))
}

#[cfg(unix)]
mod executable {
    use std::fs::Permissions;
    use std::io;
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;

    pub(super) fn make(path: &Path) -> io::Result<()> {
        std::fs::set_permissions(path, Permissions::from_mode(0o700))
    }
}

#[cfg(not(unix))]
mod executable {
    use std::io;
    use std::path::Path;

    /// What may be run is told by the ending of its name.
    pub(super) const fn make(_path: &Path) -> io::Result<()> {
        Ok(())
    }
}
