//! Appending to the log.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use llmspell_utils::debug::{Clock, Redactor, SystemClock};

use super::chain::{Bond, Continues, Link};
use super::entry::AuditEntry;
use super::error::{AuditError, AuditErrorKind};
use super::files;
use super::lock::Lock;
use super::record::Recorder;
use super::settings::AuditSettings;
use super::tail::{self, Tail};
use super::volumes::{name_of, numbered, numbers};

/// How long is waited for other programs that write to the log.
const PATIENCE: Duration = Duration::from_secs(1);

/// The audit log of a project, to which any number of threads and programs may append at once.
///
/// What it takes to append does not depend on how long the log is.
///
/// ```
/// use std::time::Duration;
/// use llmspell_engine::{
///     AuditEntry, AuditLog, AuditSettings, AuditedEvent, Harness, Mode, verify_audit_log,
/// };
///
/// # let project = tempfile::tempdir()?;
/// let settings = AuditSettings { file: Some("audit/decisions.jsonl".into()), ..AuditSettings::default() };
/// let log = AuditLog::open(project.path(), &settings)?.ok_or("the settings name a file")?;
/// log.record(&AuditEntry {
///     harness: Harness::Claude,
///     event: AuditedEvent::Unread(b"{"),
///     decision: None,
///     refusal: Some("the event ends too early"),
///     mode: Mode::Enforce,
///     reply: "",
///     exit_code: Some(2),
///     trace: None,
///     took: Duration::from_micros(300),
/// })?;
/// let report = verify_audit_log(&project.path().join("audit/decisions.jsonl"), None)?;
/// assert_eq!((report.records, report.is_whole()), (1, true));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct AuditLog {
    path: PathBuf,
    is_required: bool,
    max_size: u64,
    keep: u32,
    recorder: Arc<Recorder>,
    clock: Arc<dyn Clock>,
    patience: Duration,
}

impl AuditLog {
    /// Opens the log of the project at a root; none where the settings name no file.
    ///
    /// The log's folder is made, and the lock beside it; a record is not written yet.
    ///
    /// # Errors
    ///
    /// When no log may lie there, or the disk refuses. Where the log is required, the answer is a deny then.
    pub fn open(root: &Path, settings: &AuditSettings) -> Result<Option<Self>, AuditError> {
        let Some(file) = &settings.file else {
            return Ok(None);
        };
        let path = files::place(root, file)?;
        let redactor = Redactor::builtin()
            .with(&settings.redact)
            .map_err(|error| AuditError::path(file, error.to_string()))?;
        files::open_or_create(&super::volumes::lock_of(&path))?;
        Ok(Some(Self {
            path,
            is_required: settings.required,
            max_size: settings.max_size,
            keep: settings.keep,
            recorder: Arc::new(Recorder {
                redactor,
                input: settings.input,
            }),
            clock: Arc::new(SystemClock::new()),
            patience: PATIENCE,
        }))
    }

    /// The same log with another clock.
    #[must_use]
    pub fn timed_by(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// The same log, which waits for other programs that write to it so long at most; one second otherwise.
    #[must_use]
    pub fn waiting(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Whether the answer must be a deny where nothing can be written.
    #[must_use]
    pub const fn is_required(&self) -> bool {
        self.is_required
    }

    /// Where the log lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends one record. When it returns, the operating system has it.
    ///
    /// # Errors
    ///
    /// When it cannot be written as a whole: then no part of it is left, as far as the disk lets go of it. Where the log
    /// is required, the answer is a deny then.
    pub fn record(&self, entry: &AuditEntry<'_>) -> Result<(), AuditError> {
        let record = self
            .recorder
            .text(entry, self.clock.wall())
            .map_err(|why| self.unfit(&why))?;
        let _lock = Lock::of(&self.path, self.patience)?;
        let mut current = self.current()?;
        let (line, _) = current
            .bond
            .seal(&record)
            .map_err(|error| self.unfit(&error))?;
        let length = current.length.saturating_add(line.len() as u64);
        if current.length > 0 && length > self.max_size {
            return self.rotate(current.bond, &record);
        }
        let file = match &mut current.file {
            Some(file) => file,
            None => current.file.insert(files::create(&self.path)?),
        };
        self.append(file, current.length, &line, current.is_open)
    }

    /// The file that is written to, and what its next record is bound to.
    fn current(&self) -> Result<Current, AuditError> {
        let Some(mut file) = files::open(&self.path)? else {
            return self.beginning(None);
        };
        let length = length(&file, &self.path)?;
        if length == 0 {
            return self.beginning(Some(file));
        }
        let Tail {
            last,
            torn,
            is_open,
        } = tail::read(&mut file, &self.path, length)?;
        let mut bond = match last {
            Some(last) => self.after(last)?,
            None => self.beginning(None)?.bond,
        };
        if bond.torn.is_some() {
            return Err(self.unfit("two files of it are torn"));
        }
        bond.torn = torn;
        Ok(Current {
            file: Some(file),
            length,
            bond,
            is_open,
        })
    }

    /// The first record of a file: of all, or behind the file that was put aside last.
    fn beginning(&self, file: Option<File>) -> Result<Current, AuditError> {
        let numbers =
            numbers(&self.path).map_err(|error| AuditError::disk(&self.path, "read", &error))?;
        let bond = match numbers.last() {
            None => Bond {
                volume: 1,
                sequence: 1,
                ..Bond::default()
            },
            Some(volume) => self.behind(&numbered(&self.path, *volume), *volume)?,
        };
        Ok(Current {
            file,
            length: 0,
            bond,
            is_open: false,
        })
    }

    /// What the first record behind a file is bound to.
    fn behind(&self, path: &Path, volume: u32) -> Result<Bond, AuditError> {
        let mut file = files::open(path)?.ok_or_else(|| self.unfit("a file of it is gone"))?;
        let length = length(&file, path)?;
        let Tail { last, torn, .. } = tail::read(&mut file, path, length)?;
        let last = last.filter(|last| last.volume == volume);
        let bond =
            self.after(last.ok_or_else(|| self.unfit("the file before it is no part of it"))?)?;
        self.next_volume(Bond { torn, ..bond })
    }

    /// What the record behind another one is bound to.
    fn after(&self, last: Link) -> Result<Bond, AuditError> {
        let sequence = last.sequence.checked_add(1);
        Ok(Bond {
            volume: last.volume,
            sequence: sequence.ok_or_else(|| self.unfit("its numbers are used up"))?,
            previous: Some(last.hash),
            torn: None,
            continues: None,
        })
    }

    /// The same in the next file.
    fn next_volume(&self, bond: Bond) -> Result<Bond, AuditError> {
        let volume = bond.volume.checked_add(1);
        let volume = volume.ok_or_else(|| self.unfit("its files' numbers are used up"))?;
        Ok(Bond {
            volume,
            continues: Some(Continues {
                file: name_of(&numbered(&self.path, bond.volume)),
                hash: bond.previous.clone().unwrap_or_default(),
                kept_from: self.kept_from(volume),
            }),
            ..bond
        })
    }

    fn kept_from(&self, volume: u32) -> u32 {
        volume.saturating_sub(self.keep).max(1)
    }

    /// Puts the file aside and writes the record to the next one.
    fn rotate(&self, bond: Bond, record: &str) -> Result<(), AuditError> {
        let aside = numbered(&self.path, bond.volume);
        let bond = self.next_volume(bond)?;
        let (line, _) = bond.seal(record).map_err(|error| self.unfit(&error))?;
        files::put_aside(&self.path, &aside)?;
        let written =
            files::create(&self.path).and_then(|mut file| self.append(&mut file, 0, &line, false));
        match written {
            Ok(()) => self.remove_before(self.kept_from(bond.volume)),
            Err(error) => {
                // Where this fails too, the next record finds the file that was put aside.
                let _ = fs::remove_file(&self.path);
                let _ = fs::rename(&aside, &self.path);
                Err(error)
            }
        }
    }

    /// Removes the files that are no longer kept. One that cannot be removed is tried again with the next.
    fn remove_before(&self, first: u32) -> Result<(), AuditError> {
        let numbers =
            numbers(&self.path).map_err(|error| AuditError::disk(&self.path, "read", &error))?;
        for number in numbers.into_iter().filter(|number| *number < first) {
            let _ = fs::remove_file(numbered(&self.path, number));
        }
        Ok(())
    }

    /// Writes a line by one call; what arrives of it only in part is taken back.
    fn append(
        &self,
        file: &mut File,
        length: u64,
        line: &str,
        is_open: bool,
    ) -> Result<(), AuditError> {
        let ended;
        let text = if is_open {
            ended = format!("\n{line}");
            &ended
        } else {
            line
        };
        let error = match write_once(file, text.as_bytes()) {
            Ok(count) if count == text.len() => return Ok(()),
            Ok(_) => io::Error::other("only a part of a record arrived, as on a full disk"),
            Err(error) => error,
        };
        // INVARIANT: the lock is held, so that nobody has written behind it. What cannot be taken back is torn, and the
        // next record says so.
        let _ = file.set_len(length);
        Err(AuditError::disk(&self.path, "written", &error))
    }

    fn unfit(&self, why: impl std::fmt::Display) -> AuditError {
        AuditError::new(
            AuditErrorKind::NoLog,
            &self.path,
            format!("the audit log cannot be continued: {why}"),
            "run `llmspell audit verify`, and move its files away to begin another",
        )
    }
}

/// The file that is written to.
struct Current {
    /// None, if there is none yet.
    file: Option<File>,
    length: u64,
    bond: Bond,
    is_open: bool,
}

fn length(file: &File, path: &Path) -> Result<u64, AuditError> {
    let metadata = file
        .metadata()
        .map_err(|error| AuditError::disk(path, "read", &error))?;
    Ok(metadata.len())
}

fn write_once(file: &mut File, bytes: &[u8]) -> io::Result<usize> {
    loop {
        match file.write(bytes) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            outcome => return outcome,
        }
    }
}
