//! What binds one line to the line before: its number, the digest of that line, and a digest of its own.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::digest;

const DIGITS: usize = 64;
/// The first member of every record, by which a file is known to be a log.
pub(super) const BEGINNING: &[u8] = b"{\"decision_id\":\"";

/// What a line ends with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    /// Which file of the log it is, counted from 1.
    pub(super) volume: u32,
    /// Which record of the log it is, counted from 1.
    pub(super) sequence: u64,
    /// The digest of the record before; none for the first of all.
    pub(super) previous: Option<String>,
    /// The digest of this line up to here.
    pub(super) hash: String,
}

/// Bytes behind the last record that are none: what was left of one when something stopped its writer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Torn {
    pub(super) bytes: u64,
    pub(super) hash: String,
    /// Whether a line break ended them, which no torn record has.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) ended: bool,
}

/// Where the first record of a file goes on from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Continues {
    /// The name of the file before.
    pub(super) file: String,
    /// The digest of its last record.
    pub(super) hash: String,
    /// The first file that was kept then; those before it were removed.
    pub(super) kept_from: u32,
}

/// What a record is bound to.
#[derive(Debug, Clone, Default)]
pub(super) struct Bond {
    pub(super) volume: u32,
    pub(super) sequence: u64,
    pub(super) previous: Option<String>,
    pub(super) torn: Option<Torn>,
    pub(super) continues: Option<Continues>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
const fn is_false(value: &bool) -> bool {
    !*value
}

impl Torn {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let ended = bytes.ends_with(b"\n");
        let text = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        Self {
            bytes: u64::try_from(text.len()).unwrap_or(u64::MAX),
            hash: hash_of(text),
            ended,
        }
    }
}

impl Bond {
    /// The record's line with its break, and its digest.
    ///
    /// # Errors
    ///
    /// Why it cannot be JSON.
    pub(super) fn seal(&self, record: &str) -> Result<(String, String), serde_json::Error> {
        let mut line = record.strip_suffix('}').unwrap_or(record).to_owned();
        if let Some(torn) = &self.torn {
            line.push_str(",\"torn\":");
            line.push_str(&serde_json::to_string(torn)?);
        }
        if let Some(continues) = &self.continues {
            line.push_str(",\"continues\":");
            line.push_str(&serde_json::to_string(continues)?);
        }
        let previous = serde_json::to_string(&self.previous)?;
        line.push_str(&format!(
            ",\"volume\":{},\"sequence\":{},\"previous\":{previous}",
            self.volume, self.sequence
        ));
        let hash = hash_of(line.as_bytes());
        line.push_str(&format!(",\"hash\":\"{hash}\"}}\n"));
        Ok((line, hash))
    }
}

/// What the end of a line says, which need not be there from its beginning; nothing if it is not the end of a record.
pub(super) fn link(line: &str) -> Option<Link> {
    let (sealed, hash) = sealed(line)?;
    let (rest, previous) = sealed.rsplit_once(",\"previous\":")?;
    let (rest, sequence) = rest.rsplit_once(",\"sequence\":")?;
    let (_, volume) = rest.rsplit_once(",\"volume\":")?;
    let previous = match previous {
        "null" => None,
        quoted => Some(unquoted(quoted)?.to_owned()),
    };
    Some(Link {
        volume: number(volume)?,
        sequence: number(sequence)?,
        previous,
        hash: hash.to_owned(),
    })
}

/// What a whole line says, if its own digest is right.
pub(super) fn verified(line: &[u8]) -> Option<Link> {
    let line = std::str::from_utf8(line).ok()?;
    let (text, hash) = sealed(line)?;
    (line.as_bytes().starts_with(BEGINNING) && hash_of(text.as_bytes()) == hash)
        .then(|| link(line))?
}

/// The part of a line that its digest is made of, and the digest.
fn sealed(line: &str) -> Option<(&str, &str)> {
    let (sealed, hash) = line.strip_suffix("\"}")?.rsplit_once(",\"hash\":\"")?;
    is_hash(hash).then_some((sealed, hash))
}

/// A digest without the quotes around it.
fn unquoted(text: &str) -> Option<&str> {
    let hash = text.strip_prefix('"')?.strip_suffix('"')?;
    is_hash(hash).then_some(hash)
}

/// Whether a text has the form of a digest.
fn is_hash(text: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.strip_prefix(digest::START)
        .is_some_and(|digits| digits.len() == DIGITS && digits.bytes().all(is_digit))
}

pub(super) fn hash_of(bytes: &[u8]) -> String {
    digest::shown(Sha256::new_with_prefix(bytes))
}

/// A number as it is written here, without signs and leading zeros.
fn number<N: std::str::FromStr>(text: &str) -> Option<N> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    is_plain.then(|| text.parse().ok())?
}
