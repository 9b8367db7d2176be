//! Profiles as files.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use llmspell_utils::debug::Profile;
use llmspell_utils::debug::report::{ReportFormat, render};

use crate::failure::Failure;

/// Where a profile goes, and in which format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SavedProfile {
    format: ReportFormat,
    file: PathBuf,
}

impl SavedProfile {
    /// A file whose ending says the format.
    pub(crate) fn of_file(file: &Path) -> Result<Self, String> {
        let format = ReportFormat::of_file(file);
        let format = format.ok_or_else(|| {
            format!(
                "the ending says no format of profiles: use one of {}",
                ReportFormat::endings()
            )
        })?;
        Ok(Self {
            format,
            file: file.to_owned(),
        })
    }

    /// Looks whether there is a folder for the file, before anybody waits for what is to go into it.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let folder = self
            .file
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        match folder {
            Some(folder) if !folder.is_dir() => Err(Failure::fault(
                format_args!(
                    "{}: there is no folder `{}` for the profile",
                    self.file.display(),
                    folder.display()
                ),
                "name a file in a folder that you may write to",
            )),
            _ if self.file.is_dir() => Err(Failure::fault(
                format_args!("{}: this is a folder", self.file.display()),
                "name a file for the profile",
            )),
            _ => Ok(()),
        }
    }

    /// Writes the profile; an old one of that name is replaced.
    pub(crate) fn write(&self, profile: &Profile) -> Result<(), Failure> {
        let text = render(profile, self.format).map_err(Failure::internal)?;
        std::fs::write(&self.file, text).map_err(|error| {
            Failure::fault(
                format_args!(
                    "{}: the profile cannot be written: {error}",
                    self.file.display()
                ),
                "name a file in a folder that you may write to",
            )
        })
    }

    /// The file, for people.
    pub(crate) fn shown(&self) -> String {
        self.file.display().to_string()
    }
}

impl FromStr for SavedProfile {
    type Err = String;

    /// Reads `FORMAT:FILE`, or a file whose ending says the format.
    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some((name, file)) if !file.is_empty() && name.len() > 1 => {
                let format = ReportFormat::from_str(name).map_err(|error| error.to_string())?;
                Ok(Self {
                    format,
                    file: PathBuf::from(file),
                })
            }
            _ => Self::of_file(Path::new(text)),
        }
    }
}
