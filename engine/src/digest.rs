//! Digests, as everything shows them that names what it was made of.

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

/// What stands before the digits, so that they say what they are.
pub(crate) const START: &str = "sha256:";

/// Adds a part with its length in front, so that no two lists of parts are the same.
pub(crate) fn add(hasher: &mut Sha256, part: &[u8]) {
    hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
    hasher.update(part);
}

/// `sha256:` and the digits.
pub(crate) fn shown(hasher: Sha256) -> String {
    format!("{START}{}", digits(hasher))
}

/// The digits alone, in lower case.
pub(crate) fn digits(hasher: Sha256) -> String {
    HEXLOWER.encode(&hasher.finalize())
}
