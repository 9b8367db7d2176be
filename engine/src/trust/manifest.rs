//! The signed list: one header line with the signature, and the text that is signed.
//!
//! The header is `llmspell-trust 1 ALGORITHM KEY-ID SIGNATURE`. What is signed begins with the header's first four words, so
//! that a signature by one key and algorithm is never read as one by another.

mod entries;

use std::collections::BTreeMap;

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::keys::{SignatureAlgorithm, SigningKey, VerifyingKey};
use crate::digest;

const TITLE: &str = "llmspell-trust";
const VERSION: &str = "1";
/// Bytes of a whole list: ten thousand files with long names.
pub(super) const MAX_BYTES: usize = 4 * 1024 * 1024;

/// What is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    /// The project's own id, made when it was signed first.
    pub(super) project: String,
    /// Greater by one with each signature, so that an older list is known as such.
    pub(super) serial: u64,
    /// The digest of each file, by its path relative to the project.
    #[serde(deserialize_with = "entries::read")]
    pub(super) files: BTreeMap<String, String>,
}

/// A list whose signature was not checked yet.
#[derive(Debug)]
pub(super) struct Unverified<'text> {
    pub(super) algorithm: SignatureAlgorithm,
    pub(super) key_id: &'text str,
    signature: Vec<u8>,
    signed: String,
    body: &'text str,
}

impl Manifest {
    /// The list with its signature.
    pub(super) fn signed_by(&self, key: &SigningKey) -> Result<String, String> {
        let body = serde_json::to_string_pretty(self).map_err(|error| error.to_string())?;
        let title = title(key.algorithm(), &key.id());
        let signature = key.sign(signed(&title, &body).as_bytes())?;
        Ok(format!(
            "{title} {}\n{body}\n",
            BASE64URL_NOPAD.encode(&signature)
        ))
    }
}

impl<'text> Unverified<'text> {
    /// Takes a list apart; nothing in it is believed yet.
    pub(super) fn read(text: &'text str) -> Result<Self, String> {
        if text.len() > MAX_BYTES {
            return Err(format!("it is larger than {MAX_BYTES} bytes"));
        }
        let (header, body) = text
            .split_once('\n')
            .ok_or("it has no header line and list")?;
        let words: Vec<&str> = header.split(' ').collect();
        let [TITLE, VERSION, algorithm, key_id, signature] = words.as_slice() else {
            return Err(format!("it does not begin with `{TITLE} {VERSION}`"));
        };
        let algorithm = SignatureAlgorithm::from_name(algorithm)
            .ok_or_else(|| format!("it is signed by an unknown algorithm `{algorithm}`"))?;
        let signature = BASE64URL_NOPAD
            .decode(signature.as_bytes())
            .map_err(|_| "its signature is not base64url".to_owned())?;
        let body = body.strip_suffix('\n').unwrap_or(body);
        Ok(Self {
            algorithm,
            key_id,
            signature,
            signed: signed(&title(algorithm, key_id), body),
            body,
        })
    }

    /// The list, if the key has signed it.
    pub(super) fn verified(&self, key: &VerifyingKey) -> Result<Manifest, String> {
        if key.algorithm() != self.algorithm || key.id() != self.key_id {
            return Err(format!(
                "it is signed by the key `{}` and not by `{}`, which is known for this project",
                self.key_id,
                key.id()
            ));
        }
        if !key.verifies(self.signed.as_bytes(), &self.signature) {
            return Err(
                "its signature is wrong: the list was changed after it was signed".to_owned(),
            );
        }
        serde_json::from_str(self.body)
            .map_err(|error| format!("it is signed and cannot be read: {error}"))
    }
}

fn title(algorithm: SignatureAlgorithm, key_id: &str) -> String {
    format!("{TITLE} {VERSION} {} {key_id}", algorithm.name())
}

fn signed(title: &str, body: &str) -> String {
    format!("{title}\n{body}")
}

/// The digest of a file's content.
pub(super) fn digest(content: &[u8]) -> String {
    digest::shown(Sha256::new_with_prefix(content))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

    use super::*;

    fn manifest() -> Manifest {
        Manifest {
            project: "p".to_owned(),
            serial: 3,
            files: BTreeMap::from([("a".to_owned(), digest(b"x"))]),
        }
    }

    #[test]
    fn what_a_key_has_signed_it_verifies_and_no_byte_of_it_can_be_changed() {
        for algorithm in [SignatureAlgorithm::Ed25519, SignatureAlgorithm::HmacSha256] {
            let key = SigningKey::generate(algorithm).unwrap();
            let text = manifest().signed_by(&key).unwrap();
            let verify = |text: &str| Unverified::read(text)?.verified(&key.verifying());
            assert_eq!(verify(&text), Ok(manifest()));
            for index in 0..text.len() {
                let mut bytes = text.clone().into_bytes();
                bytes[index] ^= 1;
                let accepted = String::from_utf8(bytes).is_ok_and(|text| verify(&text).is_ok());
                // The last line break is no part of the list.
                assert!(!accepted || index + 1 == text.len(), "byte {index}");
            }
        }
    }

    #[test]
    fn another_key_does_not_verify() {
        let [one, other] =
            [0, 1].map(|_| SigningKey::generate(SignatureAlgorithm::Ed25519).unwrap());
        let text = manifest().signed_by(&one).unwrap();
        let error = Unverified::read(&text)
            .unwrap()
            .verified(&other.verifying())
            .unwrap_err();
        assert!(error.contains("is signed by the key"), "{error}");
    }

    #[test]
    fn a_list_that_names_a_file_twice_or_one_outside_the_project_is_refused_although_it_is_signed()
    {
        let key = SigningKey::generate(SignatureAlgorithm::Ed25519).unwrap();
        let read = |files: &str| {
            let body = format!("{{\"project\": \"p\", \"serial\": 1, \"files\": {{{files}}}}}");
            let title = title(key.algorithm(), &key.id());
            let signature = key.sign(signed(&title, &body).as_bytes()).unwrap();
            let text = format!("{title} {}\n{body}\n", BASE64URL_NOPAD.encode(&signature));
            let verified = Unverified::read(&text)?.verified(&key.verifying());
            verified.map(|manifest| manifest.files.len())
        };
        let digest = digest(b"x");
        let entry = |path: &str| format!("\"{path}\": \"{digest}\"");
        assert_eq!(read(&[entry("a"), entry("b/c.rego")].join(", ")), Ok(2));
        let twice = read(&[entry("a"), entry("a")].join(", ")).unwrap_err();
        assert!(twice.contains("`a` stands twice"), "{twice}");
        for path in ["../a", "/a", "a/../../b", "a//b", "./a", ""] {
            let outside = read(&entry(path)).unwrap_err();
            assert!(outside.contains("is no path of a project"), "{outside}");
        }
        let wrong = read("\"a\": \"md5:00\"").unwrap_err();
        assert!(wrong.contains("has no digest"), "{wrong}");
    }

    #[test]
    fn what_is_no_list_is_refused_in_words() {
        for (text, expected) in [
            ("", "it has no header line and list"),
            ("x\n", "it does not begin with `llmspell-trust 1`"),
            (
                "llmspell-trust 1 rot13 k AA\n{}",
                "it is signed by an unknown algorithm `rot13`",
            ),
            (
                "llmspell-trust 1 ed25519 k ???\n{}",
                "its signature is not base64url",
            ),
        ] {
            assert_eq!(Unverified::read(text).err().as_deref(), Some(expected));
        }
    }
}
