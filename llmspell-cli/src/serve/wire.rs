//! What a hook and a server say to each other: a line of JSON, and the bytes that it announces.

use std::ffi::OsString;
use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::path::PathBuf;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Bytes of a line.
const MAX_LINE: u64 = 256 * 1024;

/// What a hook wants decided; the event follows.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Question {
    /// What the hook and the server must have in common, for one answer to be that of the other.
    pub(crate) likeness: String,
    pub(crate) harness: String,
    /// The project's directory.
    pub(crate) root: PathBuf,
    pub(crate) global_config: Option<PathBuf>,
    pub(crate) trace_parent: Option<String>,
    /// Bytes of the event.
    pub(crate) length: usize,
}

/// What the agent is to be told; the text of the reply follows.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) enum Answer {
    /// The reply.
    Reply {
        exit_code: u8,
        notice: Option<String>,
        /// Bytes of the reply.
        length: usize,
    },
    /// There is no decision, and why.
    Refusal { reason: String },
    /// The server does not decide this, and the hook has to.
    Unserved,
}

/// Writes a line and what follows it, in one piece.
pub(crate) fn send(to: &mut impl Write, line: &impl Serialize, rest: &[u8]) -> io::Result<()> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    text.extend_from_slice(rest);
    to.write_all(&text)
}

/// The line that somebody has sent, and what follows it, which `length` says of the line.
pub(crate) fn receive<T: DeserializeOwned>(
    from: &mut impl Read,
    most: usize,
    length: impl FnOnce(&T) -> usize,
) -> io::Result<(T, Vec<u8>)> {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    from.by_ref().take(MAX_LINE).read_until(b'\n', &mut line)?;
    let line: T = serde_json::from_slice(&line)?;
    let length = length(&line);
    if length > most {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut rest = vec![0; length];
    from.read_exact(&mut rest)?;
    Ok((line, rest))
}

/// A digest of this program's version and of the environment that decisions depend on.
pub(crate) fn likeness() -> String {
    const NAMES: [&str; 8] = [
        "HOME",
        "LLMSPELL_KEYS",
        "OPA",
        "PATH",
        "TMPDIR",
        "XDG_CACHE_HOME",
        "XDG_CONFIG_HOME",
        "XDG_DATA_HOME",
    ];
    let named = NAMES.map(|name| {
        let value = std::env::var_os(name);
        (OsString::from(name), value.unwrap_or_default())
    });
    let mut variables = llmspell_engine::signal_environment();
    variables.extend(named);
    variables.sort();
    let mut hasher = Sha256::new();
    hasher.update(env!("CARGO_PKG_VERSION"));
    for (name, value) in variables {
        for part in [name, value] {
            let bytes = part.as_encoded_bytes();
            hasher.update(bytes.len().to_le_bytes());
            hasher.update(bytes);
        }
    }
    data_encoding::HEXLOWER.encode(&hasher.finalize())
}
