//! A key that verifies: the public half of a pair, or the secret of a machine.

use data_encoding::{BASE64, HEXLOWER};
use ring::{hmac, signature};
use sha2::{Digest, Sha256};

use super::SignatureAlgorithm;

/// What stands before the key in a public key of Ed25519, as X.509 writes it.
const PUBLIC_PREFIX: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];
const PUBLIC_BYTES: usize = 32;
const PUBLIC_BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
const PUBLIC_END: &str = "-----END PUBLIC KEY-----";
/// Hexadecimal digits of a key's id.
const ID_DIGITS: usize = 16;

/// A key that verifies; `Debug` shows which, never the secret.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::trust) struct VerifyingKey {
    algorithm: SignatureAlgorithm,
    bytes: Vec<u8>,
}

impl std::fmt::Debug for VerifyingKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("VerifyingKey")
            .field("algorithm", &self.algorithm)
            .field("id", &self.id())
            .finish_non_exhaustive()
    }
}

impl VerifyingKey {
    pub(in crate::trust) fn public(bytes: Vec<u8>) -> Result<Self, String> {
        if bytes.len() != PUBLIC_BYTES {
            return Err(format!("a public key of Ed25519 has {PUBLIC_BYTES} bytes"));
        }
        Ok(Self {
            algorithm: SignatureAlgorithm::Ed25519,
            bytes,
        })
    }

    pub(in crate::trust) fn secret(bytes: Vec<u8>) -> Result<Self, String> {
        // A short secret can be guessed, and an empty one verifies what anybody has signed.
        if bytes.len() < PUBLIC_BYTES {
            return Err(format!("a secret has at least {PUBLIC_BYTES} bytes"));
        }
        Ok(Self {
            algorithm: SignatureAlgorithm::HmacSha256,
            bytes,
        })
    }

    /// Reads a public key from a PEM file.
    pub(in crate::trust) fn from_text(text: &str) -> Result<Self, String> {
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        if lines.next() != Some(PUBLIC_BEGIN) {
            return Err(format!("it does not begin with `{PUBLIC_BEGIN}`"));
        }
        let body: String = lines.take_while(|line| *line != PUBLIC_END).collect();
        let document = BASE64
            .decode(body.as_bytes())
            .map_err(|_| "it is no base64 between its first and last line".to_owned())?;
        let key = document
            .strip_prefix(PUBLIC_PREFIX.as_slice())
            .ok_or("it holds no public key of Ed25519")?;
        Self::public(key.to_vec())
    }

    /// The public key as a PEM file; none for a secret.
    pub(in crate::trust) fn to_text(&self) -> Option<String> {
        (self.algorithm == SignatureAlgorithm::Ed25519).then(|| {
            let document = [PUBLIC_PREFIX.as_slice(), &self.bytes].concat();
            format!(
                "{PUBLIC_BEGIN}\n{}\n{PUBLIC_END}\n",
                BASE64.encode(&document)
            )
        })
    }

    /// The bytes of a public key; none for a secret.
    pub(in crate::trust) fn public_bytes(&self) -> Option<&[u8]> {
        (self.algorithm == SignatureAlgorithm::Ed25519).then_some(self.bytes.as_slice())
    }

    pub(in crate::trust) const fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// What the key is called: the start of the digest over its algorithm and its bytes.
    pub(in crate::trust) fn id(&self) -> String {
        let mut hasher = Sha256::new();
        hasher.update(self.algorithm.name().as_bytes());
        hasher.update([0]);
        hasher.update(&self.bytes);
        let mut id = HEXLOWER.encode(&hasher.finalize());
        id.truncate(ID_DIGITS);
        id
    }

    /// Whether the key, or its private half, has signed the message.
    pub(in crate::trust) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match self.algorithm {
            SignatureAlgorithm::Ed25519 => {
                signature::UnparsedPublicKey::new(&signature::ED25519, &self.bytes)
                    .verify(message, signature)
                    .is_ok()
            }
            SignatureAlgorithm::HmacSha256 => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, &self.bytes);
                hmac::verify(&key, message, signature).is_ok()
            }
        }
    }
}
