//! How a list is signed.

use serde::{Deserialize, Serialize};

/// How a list is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignatureAlgorithm {
    /// With a private key that the user keeps; whoever has the public key can verify.
    #[default]
    Ed25519,
    /// With a secret of one machine, which both signs and verifies.
    HmacSha256,
}

impl SignatureAlgorithm {
    /// The name in files and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::HmacSha256 => "hmac-sha256",
        }
    }

    pub(in crate::trust) fn from_name(name: &str) -> Option<Self> {
        [Self::Ed25519, Self::HmacSha256]
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
    }
}
