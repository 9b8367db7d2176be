//! Whether anything that decides has changed, told by what the disk says of the files and without reading them.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::error::EngineError;
use crate::open_folder::{Entry, Kind, OpenFolder, Status};
use crate::policy_engine::EngineOptions;
use crate::project::Project;
use crate::settings;
use crate::trust::{KeyStore, TrustOptions};

/// Files and folders that are looked at.
const MAX_ENTRIES: usize = 100_000;
/// How long ago the last change must lie: disks tell the time of a change in steps of some milliseconds, and a second
/// change within one step looks like none.
const SETTLED: Duration = Duration::from_millis(100);

/// The state of every file that an engine's decisions depend on: of the project, of the machine's configuration and of
/// the user's keys.
///
/// Two stamps are equal if no file was written, replaced, added, removed or made readable for others between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectStamp {
    /// What the disk says of each, one behind the other.
    seen: Vec<u8>,
    /// When the last of them was changed.
    changed: Option<SystemTime>,
}

impl ProjectStamp {
    /// Looks at the files; none where the disk does not tell enough of them, or there are more than any project has.
    ///
    /// # Errors
    ///
    /// When the configuration of the machine that the options name cannot be looked at.
    pub fn take(project: &Project, options: &EngineOptions) -> Result<Option<Self>, EngineError> {
        let global = options
            .global
            .find()?
            .map(|global| global.root().to_owned());
        let keys = match &options.trust {
            TrustOptions::Off => None,
            TrustOptions::User => KeyStore::of_user(),
            TrustOptions::Store(store) => Some(store.clone()),
        };
        let keys = keys.map(|store| store.directory().to_owned());
        let mut stamping = Stamping {
            seen: Vec::with_capacity(64 * 1024),
            changed: None,
            entries: 0,
        };
        let own = [project.root().join(settings::FILE), project.folder()];
        let places = own.into_iter().chain(global).chain(keys);
        let is_whole = places.into_iter().all(|place| stamping.take(&place));
        Ok(is_whole.then_some(Self {
            seen: stamping.seen,
            changed: stamping.changed,
        }))
    }

    /// Whether the last change lies far enough back that the next one will show.
    #[must_use]
    pub fn is_settled(&self, taken: SystemTime) -> bool {
        let since = self.changed.map(|changed| taken.duration_since(changed));
        // A change that lies in the future says that a clock was set.
        since.is_none_or(|since| since.is_ok_and(|since| since > SETTLED))
    }
}

struct Stamping {
    seen: Vec<u8>,
    changed: Option<SystemTime>,
    entries: usize,
}

/// The folder where a way through the files began, and those above the one that is looked at.
struct Way<'a> {
    start: &'a OpenFolder,
    /// The folders that are still to be looked at, by their paths from the start.
    folders: Vec<PathBuf>,
}

impl Stamping {
    /// Adds a file, or a folder and all that is in it; says no where the disk does not tell enough.
    fn take(&mut self, place: &Path) -> bool {
        self.part(place.as_os_str().as_encoded_bytes());
        match Status::at(place) {
            Ok(status) if status.is_folder() => self.add(&status) && self.take_folder(place),
            Ok(status) => self.add(&status),
            Err(error) => self.missing(&error),
        }
    }

    fn take_folder(&mut self, place: &Path) -> bool {
        let listed = OpenFolder::at(place);
        let listed = listed.and_then(|mut start| Ok((start.entries(MAX_ENTRIES + 1)?, start)));
        let (entries, start) = match listed {
            Ok(listed) => listed,
            Err(error) => return self.missing(&error),
        };
        let mut way = Way {
            start: &start,
            folders: Vec::new(),
        };
        let mut is_whole = self.take_entries(entries, &start, Path::new(""), &mut way);
        while let Some(path) = way.folders.pop().filter(|_| is_whole) {
            self.part(path.as_os_str().as_encoded_bytes());
            let opened = start.inside(&path);
            let listed =
                opened.and_then(|mut opened| Ok((opened.entries(MAX_ENTRIES + 1)?, opened)));
            is_whole = match listed {
                Ok((entries, folder)) => self.take_entries(entries, &folder, &path, &mut way),
                Err(error) => self.missing(&error),
            };
        }
        is_whole
    }

    /// Adds what lies in one folder.
    fn take_entries(
        &mut self,
        mut entries: Vec<Entry>,
        folder: &OpenFolder,
        path: &Path,
        way: &mut Way<'_>,
    ) -> bool {
        self.entries += entries.len();
        if self.entries > MAX_ENTRIES {
            return false;
        }
        entries.sort_unstable_by(|one, other| one.order().cmp(other.order()));
        self.part(&entries.len().to_le_bytes());
        entries.iter().all(|entry| {
            self.part(entry.order());
            match folder.status(entry) {
                Ok(status) => {
                    if status.is_folder() && !leads_back(entry, &status, folder, path, way.start) {
                        way.folders.push(path.join(entry.file_name()));
                    }
                    self.add(&status)
                }
                Err(error) => self.missing(&error),
            }
        })
    }

    /// Adds what the disk says of something; says no where that is not enough.
    fn add(&mut self, status: &Status) -> bool {
        let changed = status.stamp(&mut self.seen);
        self.changed = self.changed.max(changed);
        changed.is_some()
    }

    /// Adds that something cannot be looked at.
    fn missing(&mut self, error: &io::Error) -> bool {
        self.part(format!("{:?}", error.kind()).as_bytes());
        true
    }

    /// Adds a part with its length in front, so that no two lists of parts are the same.
    fn part(&mut self, bytes: &[u8]) {
        self.seen.extend_from_slice(&bytes.len().to_le_bytes());
        self.seen.extend_from_slice(bytes);
    }
}

/// Whether an entry is a link to a folder that holds it, or may be one.
fn leads_back(
    entry: &Entry,
    status: &Status,
    folder: &OpenFolder,
    path: &Path,
    start: &OpenFolder,
) -> bool {
    if matches!(folder.kind(entry), Ok(Kind::Folder)) {
        return false;
    }
    path.ancestors().any(|above| {
        let above = start.status_of(&above.join("."));
        above.map_or(true, |above| above.identity() == status.identity())
    })
}
