//! A key that signs.

use data_encoding::BASE64;
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{Ed25519KeyPair, KeyPair};

use super::{SignatureAlgorithm, VerifyingKey};

/// Bytes of a secret of `hmac-sha256`.
const SECRET_BYTES: usize = 32;

/// A key that signs; `Debug` shows which, never the secret.
pub(in crate::trust) struct SigningKey {
    algorithm: SignatureAlgorithm,
    /// A PKCS#8 document, or the bytes of the secret.
    secret: Vec<u8>,
    verifying: VerifyingKey,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("SigningKey")
            .field("algorithm", &self.algorithm)
            .field("id", &self.id())
            .finish_non_exhaustive()
    }
}

impl SigningKey {
    pub(in crate::trust) fn generate(algorithm: SignatureAlgorithm) -> Result<Self, String> {
        let random = SystemRandom::new();
        let no_randomness = |_| "the system gives no random numbers".to_owned();
        let secret = match algorithm {
            SignatureAlgorithm::Ed25519 => Ed25519KeyPair::generate_pkcs8(&random)
                .map_err(no_randomness)?
                .as_ref()
                .to_vec(),
            SignatureAlgorithm::HmacSha256 => {
                let mut secret = vec![0; SECRET_BYTES];
                random.fill(&mut secret).map_err(no_randomness)?;
                secret
            }
        };
        Self::of(algorithm, secret)
    }

    fn of(algorithm: SignatureAlgorithm, secret: Vec<u8>) -> Result<Self, String> {
        let verifying = match algorithm {
            SignatureAlgorithm::Ed25519 => {
                let pair = Ed25519KeyPair::from_pkcs8(&secret)
                    .map_err(|_| "it holds no private key of Ed25519".to_owned())?;
                VerifyingKey::public(pair.public_key().as_ref().to_vec())?
            }
            SignatureAlgorithm::HmacSha256 => VerifyingKey::secret(secret.clone())?,
        };
        Ok(Self {
            algorithm,
            secret,
            verifying,
        })
    }

    /// Reads what `to_text` writes.
    pub(in crate::trust) fn from_text(text: &str) -> Result<Self, String> {
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let (algorithm, end) = match lines.next() {
            Some(PRIVATE_BEGIN) => (SignatureAlgorithm::Ed25519, PRIVATE_END),
            Some(SECRET_BEGIN) => (SignatureAlgorithm::HmacSha256, SECRET_END),
            _ => return Err(format!("it does not begin with `{PRIVATE_BEGIN}`")),
        };
        let body: String = lines.take_while(|line| *line != end).collect();
        let secret = BASE64
            .decode(body.as_bytes())
            .map_err(|_| "it is no base64 between its first and last line".to_owned())?;
        Self::of(algorithm, secret)
    }

    /// The key as a PEM file.
    pub(in crate::trust) fn to_text(&self) -> String {
        let (begin, end) = match self.algorithm {
            SignatureAlgorithm::Ed25519 => (PRIVATE_BEGIN, PRIVATE_END),
            SignatureAlgorithm::HmacSha256 => (SECRET_BEGIN, SECRET_END),
        };
        format!("{begin}\n{}\n{end}\n", BASE64.encode(&self.secret))
    }

    pub(in crate::trust) const fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    pub(in crate::trust) fn id(&self) -> String {
        self.verifying.id()
    }

    pub(in crate::trust) fn verifying(&self) -> VerifyingKey {
        self.verifying.clone()
    }

    pub(in crate::trust) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, String> {
        match self.algorithm {
            SignatureAlgorithm::Ed25519 => Ed25519KeyPair::from_pkcs8(&self.secret)
                .map(|pair| pair.sign(message).as_ref().to_vec())
                .map_err(|_| "the key cannot sign".to_owned()),
            SignatureAlgorithm::HmacSha256 => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, &self.secret);
                Ok(hmac::sign(&key, message).as_ref().to_vec())
            }
        }
    }
}

const PRIVATE_BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const PRIVATE_END: &str = "-----END PRIVATE KEY-----";
const SECRET_BEGIN: &str = "-----BEGIN LLMSPELL SECRET-----";
const SECRET_END: &str = "-----END LLMSPELL SECRET-----";
