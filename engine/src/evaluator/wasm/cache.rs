//! Compiled modules on disk, so that the next process need not compile them.
//!
//! What lies there is machine code. Only its owner may enter the directory, and a file counts only if it is that of
//! the same content, engine, version and settings, under the name that it was written for, and as whole as it was.

#![expect(
    unsafe_code,
    reason = "wasmtime takes machine code back only so; it is what this file has written"
)]

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use wasmtime::{Engine, Module};

use super::fault;
use crate::digest::digits;
use crate::evaluator::PolicyFault;

/// What a file begins with: its kind and the version of its form.
const MAGIC: &[u8; 8] = b"llmwasm2";
const DIGEST_BYTES: usize = 32;
/// Bytes of a compiled module.
const MAX_BYTES: u64 = 512 * 1024 * 1024;
/// Files that are kept; the oldest make room.
const MAX_FILES: usize = 256;

/// Where compiled modules lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ModuleCache {
    /// Used if only its owner may enter it; else every process compiles for itself.
    directory: Option<PathBuf>,
    /// Whether machine code is kept as well, and not only what `opa` has made.
    keeps_code: bool,
}

impl ModuleCache {
    /// The cache in a directory, which is made where something is looked for in it and it is not there.
    pub(crate) const fn at(directory: Option<PathBuf>) -> Self {
        Self {
            directory,
            keeps_code: true,
        }
    }

    /// A cache of what `opa` has made, for many modules that are each used once.
    pub(crate) fn of_sources(directory: Option<PathBuf>) -> Self {
        Self {
            keeps_code: false,
            ..Self::at(directory)
        }
    }

    /// The compiled module of these bytes.
    pub(super) fn module(&self, engine: &Engine, bytes: &[u8]) -> Result<Module, PolicyFault> {
        let file = self
            .file(&format!("{}.cwasm", key(engine, bytes)))
            .filter(|_| self.keeps_code);
        if let Some(module) = file.as_deref().and_then(|file| stored(engine, file)) {
            return Ok(module);
        }
        let module = Module::from_binary(engine, bytes).map_err(|error| {
            fault::load(format!(
                "the file is no WebAssembly module: {}",
                reason(&error)
            ))
        })?;
        if let (Some(file), Ok(code)) = (file, module.serialize()) {
            self.store(&file, &code);
        }
        Ok(module)
    }

    /// The bytes that were kept under a name.
    pub(super) fn read(&self, name: &str) -> Option<Vec<u8>> {
        let file = self.file(name)?;
        let content = content(&file)?;
        checked(&file, &content).map(<[u8]>::to_vec)
    }

    /// Keeps bytes under a name, if there is a place.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) {
        if let Some(file) = self.file(name) {
            self.store(&file, bytes);
        }
    }

    fn file(&self, name: &str) -> Option<PathBuf> {
        let directory = self.directory.as_ref();
        let directory = directory.filter(|directory| private::is_usable(directory));
        directory.map(|directory| directory.join(name))
    }

    fn store(&self, file: &Path, bytes: &[u8]) {
        self.make_room();
        let mut content = MAGIC.to_vec();
        content.extend_from_slice(&seal(file, bytes));
        content.extend_from_slice(bytes);
        // What cannot be kept is made again.
        let _ = llmspell_utils::write_private(file, &content);
    }

    /// Removes the oldest files where there are many.
    fn make_room(&self) {
        if !self.keeps_code {
            return;
        }
        let entries = self
            .directory
            .as_ref()
            .and_then(|directory| std::fs::read_dir(directory).ok());
        let mut files: Vec<_> = entries
            .into_iter()
            .flatten()
            .filter_map(|entry| {
                let entry = entry.ok()?;
                Some((entry.metadata().ok()?.modified().ok()?, entry.path()))
            })
            .collect();
        files.sort();
        let surplus = files.len().saturating_sub(MAX_FILES - 1);
        for (_, path) in files.into_iter().take(surplus) {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Everything on which compiled code depends.
fn key(engine: &Engine, bytes: &[u8]) -> String {
    let mut settings = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut settings);
    let mut digest = Sha256::new();
    digest.update(bytes);
    digest.update(settings.finish().to_le_bytes());
    digest.update(env!("CARGO_PKG_VERSION"));
    digits(digest)
}

/// The module of a file, if it is one of ours and whole.
fn stored(engine: &Engine, file: &Path) -> Option<Module> {
    let content = content(file)?;
    let code = checked(file, &content)?;
    // SAFETY: the code is what `Module::serialize` gave and this user has written: the directory and the file are
    // this user's and nobody else may write there, and the digest says that nothing of it is missing or changed.
    // Whether it is for this engine, version and machine is checked by wasmtime.
    unsafe { Module::deserialize(engine, code) }.ok()
}

fn content(file: &Path) -> Option<Vec<u8>> {
    if !private::is_own_file(file) {
        return None;
    }
    std::fs::read(file).ok()
}

/// What follows the digest, if the digest is its own.
fn checked<'content>(file: &Path, content: &'content [u8]) -> Option<&'content [u8]> {
    let rest = content.strip_prefix(MAGIC)?;
    let (digest, bytes) = rest.split_at_checked(DIGEST_BYTES)?;
    (seal(file, bytes) == digest).then_some(bytes)
}

/// The digest of a file's name and of what it holds, so that no file can stand in for another one.
fn seal(file: &Path, bytes: &[u8]) -> Vec<u8> {
    let name = file.file_name().unwrap_or_default();
    let mut digest = Sha256::new();
    digest.update(name.as_encoded_bytes());
    digest.update([0]);
    digest.update(bytes);
    digest.finalize().to_vec()
}

/// The first line of what wasmtime says.
fn reason(error: &wasmtime::Error) -> String {
    let text = error.root_cause().to_string();
    text.lines().next().unwrap_or_default().to_owned()
}

#[cfg(unix)]
mod private {
    use std::os::unix::fs::MetadataExt as _;
    use std::path::Path;

    use super::MAX_BYTES;

    const OTHERS: u32 = 0o077;

    /// Whether the directory is there, or can be made, and is this user's alone.
    pub(super) fn is_usable(directory: &Path) -> bool {
        if llmspell_utils::create_private_directory(directory).is_err() {
            return false;
        }
        std::fs::symlink_metadata(directory).is_ok_and(|found| {
            found.is_dir() && found.mode() & OTHERS == 0 && found.uid() == own_id()
        })
    }

    pub(super) fn is_own_file(file: &Path) -> bool {
        std::fs::symlink_metadata(file).is_ok_and(|found| {
            found.is_file()
                && found.mode() & OTHERS == 0
                && found.uid() == own_id()
                && found.len() <= MAX_BYTES
        })
    }

    fn own_id() -> u32 {
        rustix::process::geteuid().as_raw()
    }
}

#[cfg(not(unix))]
mod private {
    use std::path::Path;

    use super::MAX_BYTES;

    /// Whether the directory is there or can be made; a user's folder is the user's alone on such systems.
    pub(super) fn is_usable(directory: &Path) -> bool {
        llmspell_utils::create_private_directory(directory).is_ok() && directory.is_dir()
    }

    pub(super) fn is_own_file(file: &Path) -> bool {
        std::fs::symlink_metadata(file)
            .is_ok_and(|found| found.is_file() && found.len() <= MAX_BYTES)
    }
}
