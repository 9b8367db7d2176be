//! Trust: a signed list of everything that decides, checked before anything of it is interpreted.
//!
//! `manifest` is the signed list, `files` says what belongs into it, `keys` are the user's keys and the projects that
//! they have signed, `signing` makes and checks whole lists for the command line, and `gate` admits file after file
//! while a project is loaded.

mod files;
mod gate;
mod keys;
mod manifest;
mod signing;

pub(crate) use files::digest_of_file;
pub(crate) use gate::{SignedScript, TrustGate};
pub use keys::{KeyStore, SignatureAlgorithm, TrustedProject};
pub use signing::{FileTrust, SignedManifest, TrustReport};

/// The signed list, relative to the project.
pub(crate) const FILE: &str = ".cupcake/trust.manifest";

/// Whose keys say whether a project is trusted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum TrustOptions {
    /// Those of the user who runs the program.
    #[default]
    User,
    /// Those in this store.
    Store(KeyStore),
    /// Nobody's: the embedder vouches for the project, and a signature means nothing.
    Off,
}
