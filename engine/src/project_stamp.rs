//! Whether anything that decides has changed, told by what the disk says of the files and without reading them.

use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use walkdir::WalkDir;

use crate::error::EngineError;
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

impl Stamping {
    /// Adds a file, or a folder and all that is in it.
    fn take(&mut self, place: &Path) -> bool {
        for entry in WalkDir::new(place).follow_links(true).sort_by_file_name() {
            self.entries += 1;
            if self.entries > MAX_ENTRIES {
                return false;
            }
            let seen = entry.and_then(|entry| Ok((entry.metadata()?, entry.into_path())));
            match seen {
                Ok((metadata, path)) => {
                    if !self.add(&path, &metadata) {
                        return false;
                    }
                }
                Err(error) => {
                    let path = error
                        .path()
                        .map(Path::to_owned)
                        .unwrap_or_else(PathBuf::new);
                    let kind = error.io_error().map(std::io::Error::kind);
                    self.part(path.as_os_str().as_encoded_bytes());
                    self.part(format!("{kind:?}").as_bytes());
                }
            }
        }
        true
    }

    /// Adds a part with its length in front, so that no two lists of parts are the same.
    fn part(&mut self, bytes: &[u8]) {
        self.seen.extend_from_slice(&bytes.len().to_le_bytes());
        self.seen.extend_from_slice(bytes);
    }

    #[cfg(unix)]
    fn add(&mut self, path: &Path, metadata: &Metadata) -> bool {
        use std::os::unix::fs::MetadataExt as _;
        self.part(path.as_os_str().as_encoded_bytes());
        let numbers = [
            metadata.dev(),
            metadata.ino(),
            metadata.size(),
            metadata.mode().into(),
        ];
        let times = [
            metadata.mtime(),
            metadata.mtime_nsec(),
            metadata.ctime(),
            metadata.ctime_nsec(),
        ];
        numbers
            .iter()
            .for_each(|number| self.seen.extend_from_slice(&number.to_le_bytes()));
        times
            .iter()
            .for_each(|time| self.seen.extend_from_slice(&time.to_le_bytes()));
        let seconds = u64::try_from(metadata.ctime()).unwrap_or_default();
        let nanoseconds = u32::try_from(metadata.ctime_nsec()).unwrap_or_default();
        let changed = SystemTime::UNIX_EPOCH + Duration::new(seconds, nanoseconds);
        self.changed = self.changed.max(Some(changed));
        true
    }

    /// Nothing else than Unix says when a file was changed so that whoever changed it cannot say otherwise.
    #[cfg(not(unix))]
    fn add(&mut self, _path: &Path, _metadata: &Metadata) -> bool {
        false
    }
}
