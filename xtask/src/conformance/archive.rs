//! The archive of the cases, which lies outside of the repository, and the folder that it is unpacked to.

use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::invocation::Invocation;
use crate::workspace::{self, Metadata};

/// Where the archive lies, beside the workspace.
pub const PATH: &str = "../shared/opa-cases/opa-cases-v1.14.1.tar.xz";
const FOLDER: &str = "opa-cases-v1.14.1";
/// The folder in the archive that holds one folder for each topic.
const CASES: &str = "v1";

/// Unpacks the archive, if that was not done before; none where there is no archive.
///
/// # Errors
/// When it cannot be unpacked, or is not there in CI.
pub fn unpacked() -> Result<Option<PathBuf>, Failure> {
    let archive = workspace::root().join(PATH);
    if !archive.is_file() {
        return absent(&archive);
    }
    let target = Metadata::load()?.target_directory;
    let folder = target.join(FOLDER);
    if !folder.join(CASES).is_dir() {
        unpack(&archive, &folder)?;
    }
    Ok(Some(folder.join(CASES)))
}

fn absent(archive: &Path) -> Result<Option<PathBuf>, Failure> {
    if std::env::var_os("CI").is_none() {
        return Ok(None);
    }
    let message = format!("`{}` is not there, and CI needs it", archive.display());
    Err(Failure::new(message).help("check out the shared folder beside the workspace"))
}

/// Unpacks beside the folder and renames, so that a folder is never half there.
fn unpack(archive: &Path, folder: &Path) -> Result<(), Failure> {
    let unpacking = folder.with_extension("unpacking");
    let failed = |what: &Path, error: &std::io::Error| {
        Failure::new(format!("`{}` cannot be made: {error}", what.display()))
    };
    if unpacking.exists() {
        std::fs::remove_dir_all(&unpacking).map_err(|error| failed(&unpacking, &error))?;
    }
    std::fs::create_dir_all(&unpacking).map_err(|error| failed(&unpacking, &error))?;
    let (from, to) = (
        archive.display().to_string(),
        unpacking.display().to_string(),
    );
    Invocation::program(Path::new("tar"), ["-xJf", &from, "-C", &to]).run()?;
    std::fs::rename(&unpacking, folder).map_err(|error| failed(folder, &error))
}
