//! The user's keys, and the projects that are signed by them or by others whom the user trusts.

mod algorithm;
mod signing_key;
mod store;
mod verifying_key;

pub use algorithm::SignatureAlgorithm;
pub(super) use signing_key::SigningKey;
pub use store::{KeyStore, TrustedProject};
pub(super) use verifying_key::VerifyingKey;
