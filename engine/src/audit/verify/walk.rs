//! Going through a log line by line, and holding each to the line before.

use serde::Deserialize;

use super::super::chain::{Continues, Link, Torn, hash_of, verified};
use super::super::lines::Lines;
use super::super::tail;
use super::report::{AuditFault, AuditReport, AuditTear};

const MOST_TORN: usize = 1_000;

/// What is known after the lines so far.
#[derive(Debug)]
pub(super) struct Walk<'e> {
    report: AuditReport,
    expected: Option<&'e str>,
    last: Option<Link>,
    /// The file and the line of that.
    place: (String, u64),
    /// The first file that must be there.
    kept_from: u32,
    /// The first file that is there.
    oldest: Option<u32>,
    /// Lines that are no records, which the next record must tell of.
    pending: Option<Pending>,
}

#[derive(Debug)]
struct Pending {
    file: String,
    line: u64,
    bytes: Vec<u8>,
}

/// What a record says of what stands before it.
#[derive(Debug, Deserialize)]
struct Marks {
    #[serde(default)]
    torn: Option<Torn>,
    #[serde(default)]
    continues: Option<Continues>,
}

impl<'e> Walk<'e> {
    pub(super) fn new(expected: Option<&'e str>) -> Self {
        Self {
            report: AuditReport::default(),
            expected,
            last: None,
            place: (String::new(), 0),
            kept_from: 1,
            oldest: None,
            pending: None,
        }
    }

    /// Goes through a file, and says whether nothing was wrong. `number` is that of a file that was put aside.
    pub(super) fn file(&mut self, name: &str, number: Option<u32>, lines: &mut Lines) -> bool {
        self.report.files.push(name.to_owned());
        let expected = self.last.as_ref().map(|last| last.volume.saturating_add(1));
        if let (Some(expected), Some(number)) = (expected, number)
            && expected != number
        {
            return self.missing(name, expected);
        }
        let mut is_first = true;
        loop {
            let line = match lines.next() {
                Ok(Some(line)) => line,
                Ok(None) => return true,
                Err(error) => {
                    return self.fault(name, Some(lines.number + 1), error.to_string());
                }
            };
            let text = line.strip_suffix(b"\n").unwrap_or(&line);
            let Some(link) = verified(text) else {
                if !self.suspend(name, lines.number, &line) {
                    return false;
                }
                continue;
            };
            if let Some(expected) = expected
                && is_first
                && link.volume > expected
            {
                return self.missing(name, expected);
            }
            let volume = number.or(expected).filter(|_| is_first);
            if let Err(message) = self.record(link, text, is_first, volume) {
                return self.fault(name, Some(lines.number), message);
            }
            if self.report.fault.is_some() {
                return false;
            }
            is_first = false;
            self.place = (name.to_owned(), lines.number);
            if text.len() == line.len() {
                // A record whose break is missing is torn too.
                self.pending = Some(Pending::new(name, lines.number));
            }
        }
    }

    /// What is said where there is no current file.
    pub(super) fn no_current(&mut self, name: &str) {
        self.report.files.push(name.to_owned());
        let message = "the newest file of the log is missing or empty: it was removed or cut off, or its writer was stopped before the first record";
        self.fault(name, None, message.to_owned());
    }

    pub(super) fn finish(mut self) -> AuditReport {
        self.report.last = self.last.as_ref().map(|last| last.sequence);
        self.report.last_hash = self.last.take().map(|last| last.hash);
        if let Some(pending) = self.pending.take() {
            let message = if pending.bytes.ends_with(b"\n") {
                CHANGED
            } else {
                "the log ends in the middle of a line: its writer was stopped, or the end was cut off"
            };
            self.fault(&pending.file, Some(pending.line), message.to_owned());
        }
        if let (Some(oldest), Some(name)) = (self.oldest, self.report.files.first().cloned())
            && oldest > self.kept_from
        {
            self.missing(&name, self.kept_from);
        }
        if self.expected.is_some()
            && self.report.since_expected.is_none()
            && let Some(name) = self.report.files.last().cloned()
        {
            let message = "the record that is expected is not in the log: it was cut off, or its file was removed since";
            self.fault(&name, None, message.to_owned());
        }
        self.report
    }

    /// Holds a record to the one before it.
    fn record(
        &mut self,
        link: Link,
        text: &[u8],
        is_first: bool,
        volume: Option<u32>,
    ) -> Result<(), String> {
        let marks: Marks = serde_json::from_slice(text)
            .map_err(|error| format!("the line is no JSON: {error}"))?;
        self.check_torn(marks.torn.as_ref())?;
        if self.report.fault.is_some() {
            return Ok(());
        }
        self.check_place(&link)?;
        self.check_file(&link, is_first, volume, marks.continues.as_ref())?;
        if let Some(continues) = marks.continues {
            self.kept_from = self.kept_from.max(continues.kept_from);
        }
        self.count(link);
        Ok(())
    }

    fn count(&mut self, link: Link) {
        self.report.records += 1;
        self.report.first.get_or_insert(link.sequence);
        self.oldest.get_or_insert(link.volume);
        if let Some(since) = &mut self.report.since_expected {
            *since += 1;
        } else if self.expected == Some(link.hash.as_str()) {
            self.report.since_expected = Some(0);
        }
        self.last = Some(link);
    }

    /// Whether the record tells of the lines before it that are none.
    fn check_torn(&mut self, torn: Option<&Torn>) -> Result<(), String> {
        match (self.pending.take(), torn) {
            (None, None) => Ok(()),
            // The break of the record before was missing, and came with this one.
            (None, Some(torn)) if torn.bytes == 0 && self.last.is_some() => {
                let (file, line) = self.place.clone();
                self.tear(file, line, torn);
                Ok(())
            }
            (None, Some(_)) => Err("the record tells of a torn line that is not there".to_owned()),
            (Some(pending), Some(torn)) if pending.is(torn) => {
                if torn.ended {
                    let message =
                        "the line is no record, and something else than this program wrote it";
                    self.fault(&pending.file, Some(pending.line), message.to_owned());
                } else {
                    self.tear(pending.file, pending.line, torn);
                }
                Ok(())
            }
            (Some(pending), _) => {
                self.fault(&pending.file, Some(pending.line), CHANGED.to_owned());
                Ok(())
            }
        }
    }

    fn tear(&mut self, file: String, line: u64, torn: &Torn) {
        if self.report.torn.len() < MOST_TORN {
            let bytes = torn.bytes;
            self.report.torn.push(AuditTear { file, line, bytes });
        }
    }

    fn check_place(&self, link: &Link) -> Result<(), String> {
        let Some(last) = &self.last else {
            let is_first = link.sequence == 1 && link.previous.is_none();
            return if is_first || link.volume > 1 {
                Ok(())
            } else {
                Err(format!(
                    "the log begins with record {}, and those before it are missing",
                    link.sequence
                ))
            };
        };
        if last.sequence.checked_add(1) != Some(link.sequence) {
            return Err(format!(
                "record {} stands behind record {}: records are missing, or in another order",
                link.sequence, last.sequence
            ));
        }
        if link.previous.as_ref() != Some(&last.hash) {
            return Err("the record was not written behind the one before it".to_owned());
        }
        Ok(())
    }

    /// Whether the record may stand in this file, and at this place of it.
    fn check_file(
        &self,
        link: &Link,
        is_first: bool,
        volume: Option<u32>,
        continues: Option<&Continues>,
    ) -> Result<(), String> {
        let same = self.last.as_ref().map(|last| last.volume);
        let volume = if is_first { volume } else { same };
        if volume.is_some_and(|volume| volume != link.volume) {
            return Err(format!(
                "the record belongs to file number {} of the log",
                link.volume
            ));
        }
        match continues {
            Some(continues) if is_first && link.volume > 1 => {
                if link.previous.as_ref() == Some(&continues.hash) {
                    Ok(())
                } else {
                    Err("the file does not go on from the file that it names".to_owned())
                }
            }
            None if !is_first || link.volume == 1 => Ok(()),
            None => Err("the records at the beginning of the file are missing".to_owned()),
            Some(_) => Err("the record is the first of a file, and stands elsewhere".to_owned()),
        }
    }

    /// Remembers a line that is no record, until the next record tells of it or does not.
    fn suspend(&mut self, name: &str, number: u64, line: &[u8]) -> bool {
        let pending = self
            .pending
            .get_or_insert_with(|| Pending::new(name, number));
        pending.bytes.extend_from_slice(line);
        if pending.bytes.len() as u64 <= tail::MOST {
            return true;
        }
        let (file, line) = (pending.file.clone(), pending.line);
        self.pending = None;
        self.fault(&file, Some(line), CHANGED.to_owned())
    }

    fn missing(&mut self, name: &str, number: u32) -> bool {
        let message = format!("a file of the log is missing before it: number {number}");
        self.fault(name, None, message)
    }

    /// Remembers the first thing that is wrong.
    fn fault(&mut self, file: &str, line: Option<u64>, message: String) -> bool {
        self.report.fault.get_or_insert_with(|| AuditFault {
            file: file.to_owned(),
            line,
            message,
        });
        false
    }
}

const CHANGED: &str = "the line is no record of this log, or was changed after it was written";

impl Pending {
    fn new(file: &str, line: u64) -> Self {
        Self {
            file: file.to_owned(),
            line,
            bytes: Vec::new(),
        }
    }

    /// Whether these are the bytes that a record tells of; the break behind them may have come with the record.
    fn is(&self, torn: &Torn) -> bool {
        let text = self.bytes.strip_suffix(b"\n").unwrap_or(&self.bytes);
        text.len() as u64 == torn.bytes && hash_of(text) == torn.hash
    }
}
