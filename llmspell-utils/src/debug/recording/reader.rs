//! The reader: every whole record, and a precise word about every byte that is none.

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use flate2::{Decompress, FlushDecompress, Status};
use uuid::Uuid;

use super::error::{RecordingError, RecordingErrorKind};
use super::frame::{self, BEGINS_SEGMENT, FRAME_HEAD, HEAD, Head, MOST_COMPRESSED, MOST_JSON};
use super::record::{Record, RecordKind};

/// The most bytes that a record may have when it is unpacked: what a writer allows, and room for its own.
const MOST_UNPACKED: usize = MOST_JSON + 64 * 1024;

/// How many bytes are searched at once for the next segment.
const SEARCHED: usize = 64 * 1024;

/// Reads the records of a recording, also of one that is still being written.
///
/// It is an iterator. Damage is an item of its own, after which reading goes on with the next segment; a torn last
/// record is the last item.
#[derive(Debug)]
pub struct RecordingReader<R = BufReader<File>> {
    source: R,
    id: Uuid,
    decompress: Decompress,
    /// Where the next frame begins.
    offset: u64,
    length: u64,
    /// The number of the next record; none before a segment has begun.
    next: Option<u64>,
    /// Since damage, only a frame that begins a segment can be read.
    ended: bool,
    done: bool,
}

/// What became of the attempt to read a frame.
enum Frame {
    Record(Box<Record>),
    /// The file ends within the frame.
    Cut,
    /// The bytes are not what was written.
    Wrong(&'static str),
    TooLarge,
}

impl RecordingReader {
    /// Opens a recording.
    ///
    /// # Errors
    ///
    /// The file cannot be read, is no recording, or is of a later version.
    pub fn open(path: &Path) -> Result<Self, RecordingError> {
        let failed = |error| RecordingError::io("the recording cannot be read", error);
        // To open a named pipe would wait for whoever writes to it.
        if !fs::metadata(path).map_err(failed)?.is_file() {
            let message = "only a regular file can be a recording";
            return Err(RecordingError::new(
                RecordingErrorKind::NotARecording,
                message,
            ));
        }
        let file = File::open(path).map_err(failed)?;
        Self::new(BufReader::with_capacity(SEARCHED, file))
    }
}

impl<R: Read + Seek> RecordingReader<R> {
    /// Reads a recording from anything that has bytes and can go back.
    ///
    /// # Errors
    ///
    /// The bytes cannot be read, are no recording, or are of a later version.
    pub fn new(mut source: R) -> Result<Self, RecordingError> {
        let failed = |error| RecordingError::io("the recording cannot be read", error);
        let length = source.seek(SeekFrom::End(0)).map_err(failed)?;
        source.rewind().map_err(failed)?;
        let mut head = [0; HEAD];
        let known = match source.read_exact(&mut head) {
            Ok(()) => frame::read_head(&head),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Head::Unknown,
            Err(error) => return Err(failed(error)),
        };
        let id = match known {
            Head::Recording(id) => id,
            Head::LaterVersion(version) => {
                let message = format!(
                    "the recording has version {version}, which this program does not know"
                );
                return Err(RecordingError::new(RecordingErrorKind::Version, message));
            }
            Head::Unknown => {
                let message = "the file is no recording, or its first bytes are damaged";
                let bytes = length.min(HEAD as u64);
                return Err(
                    RecordingError::new(RecordingErrorKind::NotARecording, message).at(0, bytes),
                );
            }
        };
        Ok(Self {
            source,
            id,
            decompress: Decompress::new(false),
            offset: HEAD as u64,
            length,
            next: None,
            ended: false,
            done: false,
        })
    }

    /// The recording's own id.
    #[must_use]
    pub const fn id(&self) -> Uuid {
        self.id
    }

    /// Whether the writer's last record was read: then nothing is missing at the end.
    #[must_use]
    pub const fn is_ended(&self) -> bool {
        self.ended
    }

    fn step(&mut self) -> Result<Option<Record>, RecordingError> {
        if self.offset >= self.length {
            return Ok(None);
        }
        let failed = |error| RecordingError::io("the recording cannot be read", error);
        let start = self.offset;
        let what = match self.frame().map_err(failed)? {
            Frame::Record(record) => {
                self.ended = record.kind == RecordKind::End;
                return Ok(Some(*record));
            }
            Frame::Cut => None,
            Frame::Wrong(what) => Some((RecordingErrorKind::Damaged, what)),
            Frame::TooLarge => Some((RecordingErrorKind::TooLarge, "a record is too large")),
        };
        // A length that is damaged may seem to reach beyond the end, so the next segment is looked for in any case.
        self.next = None;
        self.offset = self.next_segment(start + 1).map_err(failed)?;
        let bytes = self.offset - start;
        let (kind, message) = match what {
            Some(what) => what,
            None if self.offset >= self.length => (
                RecordingErrorKind::Torn,
                "the last record was not written to its end",
            ),
            None => (
                RecordingErrorKind::Damaged,
                "a record is longer than the file",
            ),
        };
        Err(RecordingError::new(kind, message).at(start, bytes))
    }

    /// Reads the frame that begins here; if it is whole, the next one is the next.
    fn frame(&mut self) -> io::Result<Frame> {
        let mut left = self.length - self.offset;
        self.source.seek(SeekFrom::Start(self.offset))?;
        let Some([length, checksum]) = self.numbers(&mut left)? else {
            return Ok(Frame::Cut);
        };
        let begins = length & BEGINS_SEGMENT != 0;
        let size = (length & !BEGINS_SEGMENT) as usize;
        let seq = if begins {
            let Some((id, seq)) = self.segment_head(&mut left)? else {
                return Ok(Frame::Cut);
            };
            if id != self.id {
                return Ok(Frame::Wrong("a segment belongs to another recording"));
            }
            seq
        } else {
            match self.next {
                Some(seq) => seq,
                None => return Ok(Frame::Wrong("the beginning of a segment is missing")),
            }
        };
        if size > MOST_COMPRESSED {
            return Ok(Frame::TooLarge);
        }
        if size as u64 > left {
            return Ok(Frame::Cut);
        }
        let mut payload = Vec::new();
        (&mut self.source)
            .take(size as u64)
            .read_to_end(&mut payload)?;
        if payload.len() < size {
            return Ok(Frame::Cut);
        }
        if frame::checksum(length, self.id, seq, &payload) != checksum {
            return Ok(Frame::Wrong("a record does not have its checksum"));
        }
        if begins {
            self.decompress.reset(false);
        }
        let Some(text) = self.unpacked(&payload) else {
            return Ok(Frame::TooLarge);
        };
        let record = match Record::parse(&text) {
            Some(record) if record.seq == seq => record,
            _ => return Ok(Frame::Wrong("a record is not what a writer writes")),
        };
        let head = if begins { frame::SEGMENT_HEAD } else { 0 };
        self.offset += (FRAME_HEAD + head + size) as u64;
        // Behind the last number there is, only another segment can follow.
        self.next = seq.checked_add(1);
        Ok(Frame::Record(Box::new(record)))
    }

    fn numbers(&mut self, left: &mut u64) -> io::Result<Option<[u32; 2]>> {
        let mut bytes = [0; FRAME_HEAD];
        if !self.fill(&mut bytes, left)? {
            return Ok(None);
        }
        let [a, b, c, d, e, f, g, h] = bytes;
        Ok(Some([
            u32::from_le_bytes([a, b, c, d]),
            u32::from_le_bytes([e, f, g, h]),
        ]))
    }

    fn segment_head(&mut self, left: &mut u64) -> io::Result<Option<(Uuid, u64)>> {
        let mut id = [0; 16];
        let mut seq = [0; 8];
        if !self.fill(&mut id, left)? || !self.fill(&mut seq, left)? {
            return Ok(None);
        }
        Ok(Some((Uuid::from_bytes(id), u64::from_le_bytes(seq))))
    }

    /// Reads that many bytes, and says whether they were there.
    fn fill(&mut self, bytes: &mut [u8], left: &mut u64) -> io::Result<bool> {
        if (bytes.len() as u64) > *left {
            return Ok(false);
        }
        *left -= bytes.len() as u64;
        match self.source.read_exact(bytes) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The JSON of a record; nothing if it is more than a writer writes, however small it was packed.
    fn unpacked(&mut self, payload: &[u8]) -> Option<Vec<u8>> {
        let mut text = Vec::with_capacity((payload.len() * 4).clamp(512, MOST_UNPACKED));
        let begin = self.decompress.total_in();
        loop {
            let done = usize::try_from(self.decompress.total_in() - begin).unwrap_or(usize::MAX);
            let rest = payload.get(done..).unwrap_or_default();
            let before = (text.len(), rest.len());
            let status = self
                .decompress
                .decompress_vec(rest, &mut text, FlushDecompress::Sync);
            let left = payload.len() as u64 - (self.decompress.total_in() - begin);
            match status {
                Err(_) => return Some(Vec::new()),
                Ok(Status::StreamEnd) => return Some(text),
                Ok(_) if left == 0 && text.len() < text.capacity() => return Some(text),
                Ok(_) => {}
            }
            if text.len() >= MOST_UNPACKED {
                return None;
            }
            if text.len() < text.capacity() && (text.len(), left as usize) == before {
                // It neither takes nor gives any more.
                return Some(text);
            }
            let more = text.capacity().min(MOST_UNPACKED - text.len() + 1);
            text.reserve_exact(more);
        }
    }

    /// Where the next frame with this recording's id begins, from here on; the end of the file if there is none.
    fn next_segment(&mut self, from: u64) -> io::Result<u64> {
        let id = *self.id.as_bytes();
        // The id stands behind the beginning of the frame.
        let mut at = from + FRAME_HEAD as u64;
        let mut window = Vec::with_capacity(SEARCHED + id.len());
        self.source.seek(SeekFrom::Start(at.min(self.length)))?;
        loop {
            let kept = window.len();
            let room = SEARCHED.saturating_sub(kept) as u64;
            if (&mut self.source).take(room).read_to_end(&mut window)? == 0 {
                return Ok(self.length);
            }
            let found = window.windows(id.len()).position(|bytes| bytes == id);
            if let Some(found) = found {
                return Ok(at + found as u64 - FRAME_HEAD as u64);
            }
            let passed = window.len().saturating_sub(id.len() - 1);
            window.drain(..passed);
            at += passed as u64;
        }
    }
}

impl<R: Read + Seek> Iterator for RecordingReader<R> {
    type Item = Result<Record, RecordingError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let step = self.step();
        let last = match &step {
            Ok(record) => record.is_none(),
            Err(error) => matches!(
                error.kind(),
                RecordingErrorKind::Io | RecordingErrorKind::Torn
            ),
        };
        self.done = last;
        step.transpose()
    }
}
