//! One writer at a time, among all programs of the machine.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::error::{AuditError, AuditErrorKind};
use super::owner;
use super::volumes::lock_of;
use super::{files, lines};

const SHORTEST: Duration = Duration::from_micros(20);
const LONGEST: Duration = Duration::from_millis(1);

/// The lock of a log, held until it is dropped.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Waits for the lock so long at most.
    pub(super) fn of(log: &Path, patience: Duration) -> Result<Self, AuditError> {
        let path = lock_of(log);
        let since = Instant::now();
        loop {
            let file = files::open_or_create(&path)?;
            acquire(&file, &path, since, patience)?;
            // Whoever has removed the file meanwhile holds another lock than ours.
            if is_current(&file, &path) {
                return Ok(Self { _file: file });
            }
            if since.elapsed() >= patience {
                return Err(too_long(&path));
            }
        }
    }

    /// The lock of a log that is only read; none where nobody ever wrote it here.
    pub(super) fn to_read(log: &Path, patience: Duration) -> Result<Option<Self>, AuditError> {
        let path = lock_of(log);
        // Whoever may only read the log may be unable to open its lock.
        let Ok((file, _)) = lines::opened(&path) else {
            return Ok(None);
        };
        acquire(&file, &path, Instant::now(), patience)?;
        Ok(Some(Self { _file: file }))
    }
}

fn acquire(file: &File, path: &Path, since: Instant, patience: Duration) -> Result<(), AuditError> {
    let mut pause = SHORTEST;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(error)) => {
                return Err(AuditError::disk(path, "locked", &error));
            }
            Err(TryLockError::WouldBlock) if since.elapsed() >= patience => {
                return Err(too_long(path));
            }
            Err(TryLockError::WouldBlock) => {}
        }
        thread::sleep(pause);
        pause = (pause * 2).min(LONGEST);
    }
}

fn is_current(file: &File, path: &Path) -> bool {
    let (Ok(held), Ok(named)) = (file.metadata(), path.symlink_metadata()) else {
        return false;
    };
    owner::is_same(&held, &named)
}

fn too_long(path: &Path) -> AuditError {
    AuditError::new(
        AuditErrorKind::Locked,
        path,
        "another program held the audit log for too long",
        "find the program that holds the lock, and end it if it hangs",
    )
}
