//! A settings file as it is on the disk, and how it is replaced.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::failure::Failure;

use super::place::lies_beneath;

/// How long settings may be, in bytes.
pub(crate) const LONGEST: usize = 1 << 20;

/// A settings file.
#[derive(Debug)]
pub(crate) struct SettingsFile {
    /// The path as it was named.
    pub(crate) path: PathBuf,
    /// Where it lies, links followed.
    target: PathBuf,
    /// What it holds; none, if there is no such file.
    pub(crate) text: Option<String>,
    /// What people should know of where it lies.
    pub(crate) remarks: Vec<String>,
}

impl SettingsFile {
    /// Reads the file, if it is there.
    pub(crate) fn open(path: &Path, root: Option<&Path>) -> Result<Self, Failure> {
        let shown = path.display();
        let is_link = path.is_symlink();
        let target = if is_link {
            path.canonicalize().map_err(|error| {
                Failure::fault(
                    format_args!("{shown}: it is a link that leads nowhere: {error}"),
                    "mend or remove the link",
                )
            })?
        } else {
            path.to_owned()
        };
        let mut remarks = Vec::new();
        if is_link {
            remarks.push(format!("{shown} is a link to {}", target.display()));
        }
        if root.is_some_and(|root| !lies_beneath(&target, root)) {
            remarks.push(format!("{shown} lies elsewhere, all links followed"));
        }
        let is_there = fs::symlink_metadata(&target).is_ok();
        let text = is_there.then(|| read(&target, path)).transpose()?;
        Ok(Self {
            path: path.to_owned(),
            target,
            text,
            remarks,
        })
    }

    /// The file beside it that keeps what was there before.
    pub(crate) fn backup(&self) -> PathBuf {
        let mut name = self.target.file_name().unwrap_or_default().to_owned();
        name.push(".llmspell-backup");
        self.target.with_file_name(name)
    }

    /// What the backup holds, if there is one.
    pub(crate) fn backed_up(&self) -> Option<String> {
        llmspell_utils::read_text(&self.backup(), LONGEST).ok()
    }

    /// Refuses a file that its owner does not want to be changed.
    pub(crate) fn must_be_writable(&self) -> Result<(), Failure> {
        match self.target.metadata() {
            Ok(metadata) if metadata.permissions().readonly() => Err(Failure::fault(
                format_args!(
                    "{}: it is read-only, nothing was changed",
                    self.path.display()
                ),
                "make it writable, or make the change by hand that `--dry-run` shows",
            )),
            _ => Ok(()),
        }
    }

    /// Keeps what is there now in the backup.
    pub(crate) fn back_up(&self) -> Result<(), Failure> {
        let text = self.text.as_deref().unwrap_or_default();
        self.replaced(&self.backup(), text)
    }

    /// Replaces what the file holds, all at once.
    pub(crate) fn write(&self, text: &str) -> Result<(), Failure> {
        self.must_be_unchanged()?;
        self.replaced(&self.target, text)
    }

    /// Removes the file, and the agent's folders above it that are empty then.
    pub(crate) fn remove(&self) -> Result<(), Failure> {
        self.must_be_unchanged()?;
        fs::remove_file(&self.target).map_err(|error| self.failure(&error))?;
        let folders = self.target.ancestors().skip(1).take_while(|folder| {
            let name = folder.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| name == "plugin" || name.starts_with('.'))
        });
        for folder in folders {
            // A folder that holds something else stays.
            if fs::remove_dir(folder).is_err() {
                break;
            }
        }
        Ok(())
    }

    /// Nobody may have written in the meantime.
    fn must_be_unchanged(&self) -> Result<(), Failure> {
        let now = llmspell_utils::read_text(&self.target, LONGEST).ok();
        if now == self.text {
            return Ok(());
        }
        Err(Failure::fault(
            format_args!("{}: it was changed in the meantime", self.path.display()),
            "run the command again",
        ))
    }

    fn replaced(&self, target: &Path, text: &str) -> Result<(), Failure> {
        let folder = target
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let like = self.target.metadata().ok();
        folder
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| replace(target, text, like.as_ref()))
            .map_err(|error| self.failure(&error))
    }

    fn failure(&self, error: &io::Error) -> Failure {
        Failure::fault(
            format_args!("{}: it cannot be written: {error}", self.path.display()),
            "make its folder writable, or make the change by hand that `--dry-run` shows",
        )
    }
}

fn read(target: &Path, path: &Path) -> Result<String, Failure> {
    llmspell_utils::read_text(target, LONGEST).map_err(|why| {
        Failure::fault(
            format_args!("{}: the file {why}", path.display()),
            "make it a text file that you may read, or name another with `--settings FILE`",
        )
    })
}

/// Writes a file beside another and moves it there: whoever reads finds the old text or the new.
fn replace(target: &Path, text: &str, like: Option<&Metadata>) -> io::Result<()> {
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(format!(".llmspell-{}", std::process::id()));
    let beside = target.with_file_name(name);
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&beside)
        .and_then(|mut file: File| {
            if let Some(like) = like {
                keep_owner(&file, like)?;
                file.set_permissions(like.permissions())?;
            }
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
    let moved = written.and_then(|()| fs::rename(&beside, target));
    if moved.is_err() {
        // What cannot be moved is of no use; the error that is told is the first.
        let _ = fs::remove_file(&beside);
    }
    moved
}

#[cfg(unix)]
fn keep_owner(file: &File, like: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let own = file.metadata()?;
    if (own.uid(), own.gid()) == (like.uid(), like.gid()) {
        return Ok(());
    }
    fchown(file, Some(like.uid()), Some(like.gid()))
}

#[cfg(not(unix))]
fn keep_owner(_: &File, _: &Metadata) -> io::Result<()> {
    Ok(())
}
