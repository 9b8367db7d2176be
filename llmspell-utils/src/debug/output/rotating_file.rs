//! The output to a file that is put aside when it is too long or too old.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use parking_lot::Mutex;

use super::super::clock::{Timestamp, saturating_nanoseconds};
use super::super::entry::DebugEntry;
use super::super::format::{EntryFormat, FormatKind};
use super::line_file::LineFile;
use super::{DebugOutput, OutputTrouble};

/// How long after a failure the file is tried to be put aside again.
const RETRY: Duration = Duration::from_secs(10);

/// When a file is put aside, and how many of those are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// The most bytes of a file; an entry that would go beyond begins the next one.
    pub size: u64,
    /// The longest time from a file's first entry to its last.
    pub age: Option<Duration>,
    /// How many files are kept beside the current one: `debug.log.1` is the newest of them. At most
    /// [`Rotation::MOST_KEPT`].
    pub keep: u32,
}

impl Rotation {
    /// The most files that can be kept: each time that a file is put aside, all of them are renamed.
    pub const MOST_KEPT: u32 = 999;
}

impl Default for Rotation {
    /// 10 MiB, whatever the age, and 5 files.
    fn default() -> Self {
        Self {
            size: 10 * 1024 * 1024,
            age: None,
            keep: 5,
        }
    }
}

/// Appends each entry as one line to a file, and puts the file aside when it is too long or too old.
///
/// `debug.log` becomes `debug.log.1`, what was `debug.log.1` becomes `debug.log.2`, and so on; the oldest is removed.
/// An entry is never split over two files. Age goes by the time of the entries. When a file cannot be put aside,
/// nothing is lost: it grows on, the failure is reported once, and every 10 seconds it is tried again.
///
/// The threads of a program may share an output. Programs may share a file, but when two of them put it aside at the
/// same moment, one file more than necessary is used up.
///
/// ```
/// use llmspell_utils::debug::{DebugEntry, DebugLevel, DebugOutput, FormatKind, RotatingFileOutput, Rotation, Timestamp};
///
/// let directory = tempfile::tempdir()?;
/// let path = directory.path().join("debug.log");
/// let output = RotatingFileOutput::open(&path, FormatKind::Text, Rotation { size: 60, ..Rotation::default() })?;
/// for message in ["the first message", "the second message"] {
///     output.write(&DebugEntry::new(Timestamp::default(), DebugLevel::Info, message))?;
/// }
/// assert!(std::fs::read_to_string(directory.path().join("debug.log.1"))?.ends_with("the first message\n"));
/// assert!(std::fs::read_to_string(path)?.ends_with("the second message\n"));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct RotatingFileOutput {
    current: Mutex<Current>,
    rotation: Rotation,
    format: Box<dyn EntryFormat>,
    name: String,
}

#[derive(Debug)]
struct Current {
    file: LineFile,
    /// The time of its first entry.
    since: Option<Timestamp>,
    /// When it could not be put aside.
    failed: Option<Timestamp>,
    reported: bool,
}

impl RotatingFileOutput {
    /// Opens a file for appending, or creates it.
    ///
    /// # Errors
    ///
    /// What the operating system says, for instance that the directory does not exist.
    pub fn open(path: &Path, format: FormatKind, rotation: Rotation) -> io::Result<Self> {
        Self::with_format(path, format.format(), rotation)
    }

    /// Opens a file for appending, or creates it, with a format of one's own.
    ///
    /// # Errors
    ///
    /// What the operating system says, for instance that the directory does not exist.
    pub fn with_format(
        path: &Path,
        format: Box<dyn EntryFormat>,
        rotation: Rotation,
    ) -> io::Result<Self> {
        Ok(Self {
            current: Mutex::new(Current::new(LineFile::open(path)?)),
            rotation,
            format,
            name: format!("file:{}", path.display()),
        })
    }
}

impl DebugOutput for RotatingFileOutput {
    fn write(&self, entry: &DebugEntry) -> io::Result<()> {
        let line = self.format.line(entry);
        let mut current = self.current.lock();
        current.follow()?;
        let put_aside = current.make_room(&self.rotation, line.len() as u64 + 1, entry.time);
        current.file.write_line(line)?;
        current.since.get_or_insert(entry.time);
        put_aside.map_err(|error| current.report(&error))
    }

    fn flush(&self) -> io::Result<()> {
        self.current.lock().file.flush()
    }

    fn name(&self) -> &str {
        &self.name
    }
}

impl Current {
    fn new(file: LineFile) -> Self {
        Self {
            since: file.began().map(Timestamp::from_system_time),
            file,
            failed: None,
            reported: false,
        }
    }

    /// Goes on with the file that has the name now, should another program have put ours aside.
    fn follow(&mut self) -> io::Result<()> {
        if self.file.follow()? {
            self.since = self.file.began().map(Timestamp::from_system_time);
        }
        Ok(())
    }

    /// Puts the file aside if it is too long or too old for another line of so many bytes.
    fn make_room(&mut self, rotation: &Rotation, bytes: u64, now: Timestamp) -> io::Result<()> {
        if !self.is_due(rotation, bytes, now) || self.has_just_failed(now) {
            return Ok(());
        }
        let outcome = self.put_aside(rotation);
        self.failed = outcome.is_err().then_some(now);
        outcome
    }

    fn is_due(&self, rotation: &Rotation, bytes: u64, now: Timestamp) -> bool {
        let length = self.file.bytes();
        let too_long = length.saturating_add(bytes) > rotation.size;
        let too_old = match (rotation.age, self.since) {
            (Some(age), Some(since)) => passed(since, now) >= saturating_nanoseconds(age),
            _ => false,
        };
        length > 0 && (too_long || too_old)
    }

    fn has_just_failed(&self, now: Timestamp) -> bool {
        self.failed
            .is_some_and(|failed| passed(failed, now) < saturating_nanoseconds(RETRY))
    }

    fn put_aside(&mut self, rotation: &Rotation) -> io::Result<()> {
        let path = self.file.path().to_owned();
        make_place(&path, rotation.keep)?;
        let aside = numbered(&path, 1);
        if rotation.keep == 0 {
            remove(&path)?;
        } else {
            fs::rename(&path, &aside)?;
        }
        match LineFile::open(&path) {
            Ok(file) => {
                self.file = file;
                self.since = None;
                Ok(())
            }
            Err(error) => {
                // The old file is still open and takes entries; it gets its name back if that is possible.
                let _ = fs::rename(&aside, &path);
                Err(error)
            }
        }
    }

    /// The failure to put the file aside, as something that lost no entry.
    fn report(&mut self, error: &io::Error) -> io::Error {
        let message = format!("the file cannot be put aside and grows on: {error}");
        let known = std::mem::replace(&mut self.reported, true);
        OutputTrouble::new(0, message).known(known).into()
    }
}

/// Moves the files that are kept up by one, so that the first place is free; the last one goes.
fn make_place(path: &Path, keep: u32) -> io::Result<()> {
    let keep = keep.min(Rotation::MOST_KEPT);
    // Whatever lies beyond the first free place need not move.
    let free = (1..=keep).find(|number| !exists(&numbered(path, *number)));
    let last = match free {
        Some(free) => free,
        None if keep == 0 => return Ok(()),
        None => {
            remove(&numbered(path, keep))?;
            keep
        }
    };
    for number in (1..last).rev() {
        fs::rename(numbered(path, number), numbered(path, number + 1))?;
    }
    Ok(())
}

fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The name of the file that was put aside so many times.
fn numbered(path: &Path, number: u32) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{number}"));
    name.into()
}

/// Nanoseconds from one time to another; none if the clock went backwards.
fn passed(from: Timestamp, to: Timestamp) -> u64 {
    to.as_nanoseconds().saturating_sub(from.as_nanoseconds())
}
