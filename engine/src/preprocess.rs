//! Preprocessing: what policies see of an event besides what the agent sent, which always stays as it is.
//!
//! `paths` says which file a path means.

pub(crate) mod paths;
