//! Opening the files of a log: inside the project, regular, the user's own, and by no link.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Component, Path, PathBuf};

use llmspell_utils::create_private_directory;

use super::error::{AuditError, AuditErrorKind};
use super::owner;

/// Where the log lies, whose folder is made if it is not there.
///
/// # Errors
///
/// When the settings name no file inside the project, or a link is on the way.
pub(super) fn place(root: &Path, file: &Path) -> Result<PathBuf, AuditError> {
    let is_inside = file
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    let (true, Some(name), Some(folder)) = (is_inside, file.file_name(), file.parent()) else {
        return Err(AuditError::path(
            file,
            "the audit log does not lie inside the project",
        ));
    };
    let mut path = root.to_owned();
    for part in folder.components() {
        path.push(part);
        match path.symlink_metadata() {
            Ok(found) if found.is_dir() => {}
            Ok(_) => {
                return Err(AuditError::path(
                    &path,
                    "a folder of the audit log is a link or a file",
                ));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                create_private_directory(&path)
                    .map_err(|error| AuditError::disk(&path, "written", &error))?;
            }
            Err(error) => return Err(AuditError::disk(&path, "written", &error)),
        }
    }
    path.push(name);
    Ok(path)
}

/// A file of a log, open for reading and for appending, if it is there.
pub(super) fn open(path: &Path) -> Result<Option<File>, AuditError> {
    let found = match path.symlink_metadata() {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(AuditError::disk(path, "opened", &error)),
    };
    if !found.is_file() {
        return Err(AuditError::path(
            path,
            "the audit log is a link, a folder or a device",
        ));
    }
    if let Some(why) = owner::refused(&found) {
        return Err(AuditError::new(
            AuditErrorKind::Owner,
            path,
            why,
            "look at what is in it, move it away, and let the next decision begin another",
        ));
    }
    let file = OpenOptions::new()
        .read(true)
        .append(true)
        .open(path)
        .map_err(|error| AuditError::disk(path, "opened", &error))?;
    let opened = file
        .metadata()
        .map_err(|error| AuditError::disk(path, "opened", &error))?;
    // Between the look and the opening somebody may have put a link there.
    if !owner::is_same(&found, &opened) {
        return Err(AuditError::path(
            path,
            "the audit log was exchanged while it was opened",
        ));
    }
    Ok(Some(file))
}

/// Makes a file that only its owner may read; nothing that is there, a link least of all, is taken for it.
pub(super) fn create(path: &Path) -> Result<File, AuditError> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create_new(true);
    owner::only_for_owner(&mut options)
        .open(path)
        .map_err(|error| AuditError::disk(path, "written", &error))
}

/// Opens a file, or makes it.
pub(super) fn open_or_create(path: &Path) -> Result<File, AuditError> {
    if let Some(file) = open(path)? {
        return Ok(file);
    }
    match create(path) {
        Ok(file) => Ok(file),
        // Another program may have been faster.
        Err(error) => open(path)?.ok_or(error),
    }
}

/// Moves a file to a name that nobody has.
pub(super) fn put_aside(from: &Path, to: &Path) -> Result<(), AuditError> {
    if to.symlink_metadata().is_ok() {
        return Err(AuditError::new(
            AuditErrorKind::Disk,
            to,
            "the audit log cannot be put aside, because there is a file of that name",
            "move the file away",
        ));
    }
    fs::rename(from, to).map_err(|error| AuditError::disk(to, "put aside", &error))
}
