//! The writer: one record, one write, so that a killed program leaves whole records.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::{Compress, Compression, FlushCompress, Status};
use parking_lot::Mutex;
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::clock::Clock;
use super::super::entry::DebugEntry;
use super::super::format::push_json;
use super::super::output::DebugOutput;
use super::super::redact::Redactor;
use super::error::RecordingError;
use super::frame::{self, BEGINS_SEGMENT, MOST_COMPRESSED, MOST_JSON};
use super::record::{RECORDING_VERSION, Record, RecordKind};

/// How many records a segment has: damage costs at most what follows it in its segment.
const SEGMENT_RECORDS: u64 = 256;

/// How many compressed bytes a segment has before the next one begins.
const SEGMENT_BYTES: usize = 64 * 1024;

/// How deeply the body of a record may be nested.
const DEPTH: usize = 100;

/// Appends records to a file of its own.
///
/// Each record is in the operating system's hands when [`record`](Self::record) returns, so a program that is killed
/// loses at most the record that it was writing. Everything is redacted before it is written. In memory there is one
/// record at a time.
///
/// It is a [`DebugOutput`]: put it into a [`FanOut`](super::super::FanOut) to record the entries of a manager.
pub struct RecordingWriter {
    state: Mutex<State>,
    id: Uuid,
    path: PathBuf,
    name: String,
    redactor: Arc<Redactor>,
    clock: Arc<dyn Clock>,
}

struct State {
    file: File,
    compress: Compress,
    seq: u64,
    segment_records: u64,
    segment_bytes: usize,
    /// How long the file is as far as it holds whole records.
    length: u64,
    written: u64,
    lost: u64,
    failure: Option<String>,
    finished: bool,
}

/// What became of a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordingSummary {
    /// How many records are in the file.
    pub records: u64,
    /// How many records could not be written.
    pub lost: u64,
    /// How many bytes the file has.
    pub bytes: u64,
    /// Why the first lost record could not be written.
    pub failure: Option<String>,
}

impl RecordingWriter {
    /// Makes the file, which only its owner may read, and writes the first record: what is recorded, as `about` says.
    ///
    /// # Errors
    ///
    /// The file exists already or cannot be made, or another process is writing to it.
    pub fn create(
        path: &Path,
        about: &Value,
        redactor: Arc<Redactor>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, RecordingError> {
        let failed = |error| RecordingError::io("the recording cannot be made", error);
        let file = private(path).map_err(failed)?;
        file.try_lock().map_err(|error| failed(error.into()))?;
        let id = Uuid::now_v7();
        let this = Self {
            state: Mutex::new(State {
                file,
                compress: Compress::new(Compression::fast(), false),
                seq: 0,
                segment_records: 0,
                segment_bytes: 0,
                length: frame::HEAD as u64,
                written: 0,
                lost: 0,
                failure: None,
                finished: false,
            }),
            id,
            path: path.to_owned(),
            name: format!("recording:{}", path.display()),
            redactor,
            clock,
        };
        let header = json!({ "version": RECORDING_VERSION, "id": id.to_string(), "about": about });
        let headed = this.state.lock().file.write_all(&frame::head(id));
        if let Err(error) = headed.and_then(|()| this.record(RecordKind::Header, header)) {
            drop(this);
            // Whoever tries again must not find a file that was never a recording.
            let _ = fs::remove_file(path);
            return Err(failed(error));
        }
        Ok(this)
    }

    /// Appends a record. A body that is nested deeper than 100 levels or has more than 1 MiB as JSON is replaced by
    /// `{"left_out": "deep" | "large"}` with its size in `bytes`.
    ///
    /// # Errors
    ///
    /// The record could not be written; it is counted, and the next one is tried again.
    pub fn record(&self, kind: RecordKind, mut body: Value) -> io::Result<()> {
        let deep = is_deep(&body);
        if deep {
            body = json!({ "left_out": "deep" });
        } else {
            self.redactor.value(&mut body);
        }
        let mut state = self.state.lock();
        if state.finished {
            state.lost += 1;
            return Err(io::Error::other("the recording is finished"));
        }
        self.append(&mut state, kind, body)
    }

    /// The time is taken where the number is, so that both have one order.
    fn append(&self, state: &mut State, kind: RecordKind, body: Value) -> io::Result<()> {
        let mut record = Record {
            seq: state.seq,
            time: self.clock.wall(),
            kind,
            body,
        };
        let mut text = String::new();
        push_json(&mut text, &record);
        if text.len() > MOST_JSON {
            record.body = json!({ "left_out": "large", "bytes": text.len() });
            text.clear();
            push_json(&mut text, &record);
        }
        state.append(self.id, text.as_bytes())
    }

    /// The name of a file that does not exist yet: `recording-<uuid>.llmrec`, in the order of their making.
    #[must_use]
    pub fn new_name() -> String {
        format!("recording-{}.llmrec", Uuid::now_v7())
    }

    /// Where the recording is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What became of the recording so far.
    #[must_use]
    pub fn summary(&self) -> RecordingSummary {
        self.state.lock().summary()
    }

    /// Writes the last record and brings everything to the disk; what comes later is refused and counted as lost.
    /// Finishing again changes nothing.
    ///
    /// # Errors
    ///
    /// The last record could not be written, or the disk says that something did not arrive.
    pub fn finish(&self) -> io::Result<RecordingSummary> {
        // Nobody may come between the last record and its counts, or behind it.
        let mut state = self.state.lock();
        if !state.finished {
            state.finished = true;
            let end = json!({ "records": state.written + 1, "lost": state.lost });
            self.append(&mut state, RecordKind::End, end)?;
        }
        state.file.sync_all()?;
        Ok(state.summary())
    }
}

impl State {
    fn summary(&self) -> RecordingSummary {
        RecordingSummary {
            records: self.written,
            lost: self.lost,
            bytes: self.length,
            failure: self.failure.clone(),
        }
    }

    fn append(&mut self, id: Uuid, text: &[u8]) -> io::Result<()> {
        let outcome = self.try_append(id, text);
        match &outcome {
            Ok(()) => self.written += 1,
            Err(error) => {
                self.lost += 1;
                self.failure.get_or_insert_with(|| error.to_string());
                // The compressor must not refer to what did not arrive.
                self.segment_records = 0;
                self.cut_torn();
            }
        }
        // A number that is missing tells the reader of the loss.
        self.seq += 1;
        outcome
    }

    /// Takes away what of a record arrived. Where that cannot be done it stays, and the reader passes over it; what is
    /// written behind it must not be taken away later.
    fn cut_torn(&mut self) {
        if self.file.set_len(self.length).is_err() {
            let length = self.file.metadata().map(|metadata| metadata.len());
            // Nothing can be cut to a length that nobody knows.
            self.length = length.unwrap_or(u64::MAX);
        }
    }

    fn try_append(&mut self, id: Uuid, text: &[u8]) -> io::Result<()> {
        let begins = self.segment_records == 0
            || self.segment_records >= SEGMENT_RECORDS
            || self.segment_bytes >= SEGMENT_BYTES;
        if begins {
            self.compress.reset();
            self.segment_records = 0;
            self.segment_bytes = 0;
        }
        let payload = compressed(&mut self.compress, text)?;
        let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
        let length = if begins {
            length | BEGINS_SEGMENT
        } else {
            length
        };
        let checksum = frame::checksum(length, id, self.seq, &payload);
        let mut bytes = Vec::with_capacity(frame::FRAME_HEAD + frame::SEGMENT_HEAD + payload.len());
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(&checksum.to_le_bytes());
        if begins {
            bytes.extend_from_slice(id.as_bytes());
            bytes.extend_from_slice(&self.seq.to_le_bytes());
        }
        bytes.extend_from_slice(&payload);
        self.file.write_all(&bytes)?;
        self.length = self.length.saturating_add(bytes.len() as u64);
        self.segment_records += 1;
        self.segment_bytes += payload.len();
        Ok(())
    }
}

/// What the compressor makes of a record, so that the record can be read without the next one.
fn compressed(compress: &mut Compress, text: &[u8]) -> io::Result<Vec<u8>> {
    let mut output = Vec::with_capacity(text.len() / 2 + 64);
    let begin = compress.total_in();
    loop {
        let done = usize::try_from(compress.total_in() - begin).unwrap_or(usize::MAX);
        let rest = text.get(done..).unwrap_or_default();
        let room = output.capacity() - output.len();
        let status = compress.compress_vec(rest, &mut output, FlushCompress::Sync)?;
        let all_in = compress.total_in() - begin == text.len() as u64;
        // Room that is left says that the flush is complete.
        if all_in && output.len() < output.capacity() && status != Status::BufError {
            return Ok(output);
        }
        if all_in && status == Status::BufError && room > 0 {
            return Ok(output);
        }
        if output.len() > MOST_COMPRESSED {
            return Err(io::Error::other("the record is too large"));
        }
        output.reserve(output.capacity().max(256));
    }
}

/// Whether a body is nested so deeply that writing it would need too much stack.
fn is_deep(body: &Value) -> bool {
    let mut remaining = vec![(body, 0_usize)];
    while let Some((value, depth)) = remaining.pop() {
        if depth > DEPTH {
            return true;
        }
        match value {
            Value::Array(items) => remaining.extend(items.iter().map(|item| (item, depth + 1))),
            Value::Object(members) => {
                remaining.extend(members.values().map(|item| (item, depth + 1)));
            }
            _ => {}
        }
    }
    false
}

#[cfg(unix)]
fn private(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    OpenOptions::new()
        .create_new(true)
        .append(true)
        .mode(0o600)
        .open(path)
}

#[cfg(not(unix))]
fn private(path: &Path) -> io::Result<File> {
    OpenOptions::new().create_new(true).append(true).open(path)
}

impl DebugOutput for RecordingWriter {
    fn write(&self, entry: &DebugEntry) -> io::Result<()> {
        let deep = entry.data.as_ref().is_some_and(is_deep);
        let body = if deep {
            let mut entry = entry.clone();
            entry.data = Some(json!({ "left_out": "deep" }));
            serde_json::to_value(&entry)
        } else {
            serde_json::to_value(entry)
        };
        self.record(RecordKind::Entry, body?)
    }

    fn flush(&self) -> io::Result<()> {
        self.state.lock().file.sync_data()
    }

    fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Debug for RecordingWriter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RecordingWriter")
            .field("path", &self.path)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
