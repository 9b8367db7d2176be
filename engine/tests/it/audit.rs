//! The audit log: what is in a record, what binds records, and what becomes of a log that is damaged, full or contended.

mod chain;
mod content;
mod faults;
mod many;
mod rotation;
mod settings;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use llmspell_engine::{
    AuditEntry, AuditError, AuditLog, AuditReport, AuditSettings, AuditedEvent, Harness, Mode,
    verify_audit_log,
};
use llmspell_utils::debug::{ManualClock, Timestamp};
use serde_json::Value as Json;
use tempfile::TempDir;

const FILE: &str = "audit/decisions.jsonl";

/// A project with nothing but a log.
struct Logged {
    folder: TempDir,
    settings: AuditSettings,
}

impl Logged {
    fn new() -> Self {
        Self::with(AuditSettings::default())
    }

    fn with(settings: AuditSettings) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            settings: AuditSettings {
                file: Some(FILE.into()),
                ..settings
            },
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join(FILE)
    }

    fn file(&self, volume: u32) -> PathBuf {
        self.folder.path().join(format!("{FILE}.{volume}"))
    }

    fn log(&self) -> AuditLog {
        opened(self.folder.path(), &self.settings).unwrap()
    }

    fn refuse(&self, count: usize) {
        let log = self.log();
        for _ in 0..count {
            log.record(&refusal("no")).unwrap();
        }
    }

    fn verify(&self) -> AuditReport {
        verify_audit_log(&self.path(), None).unwrap()
    }

    /// The records of the current file.
    fn records(&self) -> Vec<Json> {
        records(&self.path())
    }

    fn fault(&self) -> (String, Option<u64>, String) {
        let fault = self.verify().fault.unwrap();
        (fault.file, fault.line, fault.message)
    }
}

fn opened(root: &Path, settings: &AuditSettings) -> Result<AuditLog, AuditError> {
    let clock = ManualClock::at(Timestamp::from_nanoseconds(1_700_000_000_000_000_000));
    let log = AuditLog::open(root, settings)?.unwrap();
    Ok(log
        .timed_by(Arc::new(clock))
        .waiting(Duration::from_mins(1)))
}

fn records(path: &Path) -> Vec<Json> {
    let text = fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// An event that could not be read.
fn refusal(why: &str) -> AuditEntry<'_> {
    AuditEntry {
        harness: Harness::Claude,
        event: AuditedEvent::Unread(b"{"),
        decision: None,
        refusal: Some(why),
        mode: Mode::Enforce,
        reply: r#"{"continue":false}"#,
        exit_code: Some(2),
        trace: None,
        took: Duration::from_micros(5),
    }
}
