//! Entries for programs: one JSON object a line, with every unsafe character escaped.

use std::io;

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter};

use super::super::entry::DebugEntry;
use super::super::text::is_unsafe;
use super::EntryFormat;

/// Entries for programs: one JSON object a line.
///
/// The members are `time` (RFC 3339), `level`, `module`, `message`, `data`, `place` (`file`, `line`, `column`),
/// `thread` and `correlation`; what an entry does not have is left out.
///
/// ```
/// use llmspell_utils::debug::{DebugEntry, DebugLevel, EntryFormat, JsonFormat, Timestamp};
///
/// let entry = DebugEntry::new(Timestamp::from_nanoseconds(0), DebugLevel::Warn, "one\ntwo").with_thread("main");
/// assert_eq!(
///     JsonFormat::new().line(&entry),
///     r#"{"time":"1970-01-01T00:00:00.000000Z","level":"WARN","message":"one\ntwo","thread":"main"}"#,
/// );
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct JsonFormat;

impl JsonFormat {
    /// The only JSON format there is.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl EntryFormat for JsonFormat {
    fn format(&self, entry: &DebugEntry, line: &mut String) {
        push_json(line, entry);
    }
}

/// Appends a value as JSON on one line.
pub(crate) fn push_json(line: &mut String, value: &impl Serialize) {
    let mut bytes = std::mem::take(line).into_bytes();
    let before = bytes.len();
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, SafeFormatter);
    if value.serialize(&mut serializer).is_err() {
        // JSON values and entries always serialize; should one not, half a document helps nobody.
        bytes.truncate(before);
        bytes.extend_from_slice(b"null");
    }
    *line = String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
}

/// Compact JSON that also escapes what JSON itself would let through: C1, bidirectional overrides, line separators.
#[derive(Debug, Clone, Copy)]
struct SafeFormatter;

impl Formatter for SafeFormatter {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        // Nearly every text is plain ASCII, of which only DEL is unsafe and not escaped already.
        if fragment.bytes().all(|byte| byte < 0x7f) {
            return CompactFormatter.write_string_fragment(writer, fragment);
        }
        let mut rest = fragment;
        while let Some((offset, character)) = rest
            .char_indices()
            .find(|(_, character)| is_unsafe(*character))
        {
            let (before, from) = rest.split_at_checked(offset).unwrap_or((rest, ""));
            CompactFormatter.write_string_fragment(writer, before)?;
            // Every unsafe character has four hexadecimal digits at most.
            write!(writer, "\\u{:04x}", u32::from(character))?;
            rest = from.get(character.len_utf8()..).unwrap_or_default();
        }
        CompactFormatter.write_string_fragment(writer, rest)
    }
}
