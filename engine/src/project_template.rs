//! A new project: files that work as they are, and that nobody's own files are replaced with.

mod files;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::error::{EngineError, EngineErrorKind, Place};
use crate::harness::Harness;
use crate::user_directories;
use files::{TemplateFile, of_machine, of_project};

/// What became of one file of a new project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenFile {
    /// Its path, relative to the project.
    pub path: String,
    /// Whether it was there before, and so was left as it is.
    pub was_there: bool,
}

/// Writes a project for these harnesses into a directory, and leaves alone every file that is there.
///
/// Its `.cupcake` is readable by its owner only, as far as the system knows owners.
///
/// ```
/// use llmspell_engine::{EngineOptions, Harness, TestOptions, check_project, run_tests, write_project};
///
/// let directory = tempfile::tempdir()?;
/// let files = write_project(directory.path(), &[Harness::Claude])?;
/// assert!(files.iter().all(|file| !file.was_there));
/// let options = EngineOptions::default();
/// assert_eq!(check_project(directory.path(), &options)?.findings, []);
/// assert_eq!(run_tests(directory.path(), &options, &TestOptions::default())?.failed(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// When a file or folder cannot be made.
pub fn write_project(root: &Path, harnesses: &[Harness]) -> Result<Vec<WrittenFile>, EngineError> {
    write(root, Some(".cupcake"), &of_project(harnesses))
}

/// Writes the configuration of a machine for these harnesses into its folder, which holds for every project, and leaves
/// alone every file that is there.
///
/// # Errors
///
/// When a file or folder cannot be made.
pub fn write_machine_configuration(
    folder: &Path,
    harnesses: &[Harness],
) -> Result<Vec<WrittenFile>, EngineError> {
    write(folder, None, &of_machine(harnesses))
}

/// The folder of the configuration of this machine; none where the user has no folder for configuration.
#[must_use]
pub fn machine_configuration_folder() -> Option<PathBuf> {
    user_directories::shared_configuration().map(|folder| folder.join("cupcake"))
}

fn write(
    root: &Path,
    private: Option<&str>,
    files: &[TemplateFile],
) -> Result<Vec<WrittenFile>, EngineError> {
    let folder = private.map_or_else(|| root.to_owned(), |private| root.join(private));
    let was_there = folder.exists();
    fs::create_dir_all(&folder).map_err(|error| failure(&folder, &error))?;
    if !was_there {
        make_private(&folder).map_err(|error| failure(&folder, &error))?;
    }
    files.iter().map(|file| write_one(root, file)).collect()
}

fn write_one(root: &Path, file: &TemplateFile) -> Result<WrittenFile, EngineError> {
    let path = root.join(&file.path);
    let folder = path.parent().unwrap_or(root);
    fs::create_dir_all(folder).map_err(|error| failure(folder, &error))?;
    // Made anew or not at all: neither a file nor what a link points at is ever replaced.
    let made = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&path);
    let was_there = match made {
        Ok(mut made) => {
            let written = made.write_all(file.text.as_bytes());
            written.map_err(|error| failure(&path, &error))?;
            false
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => true,
        Err(error) => return Err(failure(&path, &error)),
    };
    Ok(WrittenFile {
        path: file.path.clone(),
        was_there,
    })
}

#[cfg(unix)]
fn make_private(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn make_private(_: &Path) -> std::io::Result<()> {
    Ok(())
}

fn failure(path: &Path, error: &std::io::Error) -> EngineError {
    EngineError {
        kind: EngineErrorKind::Read,
        message: format!("it cannot be made: {error}"),
        place: Some(Place::file(path.display().to_string())),
        help: "name a directory that you may write to".to_owned(),
    }
}
