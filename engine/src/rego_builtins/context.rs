//! What functions know beside their arguments: the clock and the seed of the decision, and its deadline.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use sha2::{Digest, Sha256};

use super::BuiltinError;

/// The surroundings of a call, the same for all calls of one decision: whoever records them can repeat the decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Context {
    /// The time of the decision.
    pub(crate) now: SystemTime,
    /// What functions of chance draw from.
    pub(crate) seed: [u8; 16],
    /// When the decision has to be there; `None` if it may take for ever.
    pub(crate) deadline: Option<Instant>,
}

impl Context {
    /// The time of the decision in nanoseconds since 1970.
    pub(super) fn nanoseconds(&self) -> Result<u64, BuiltinError> {
        let since = self.now.duration_since(UNIX_EPOCH).ok();
        since
            .and_then(|since| u64::try_from(since.as_nanos()).ok())
            .ok_or_else(|| BuiltinError::failed("cannot read a clock before 1970"))
    }

    /// An error once the deadline has passed: for loops that may take long.
    pub(super) fn check(&self) -> Result<(), BuiltinError> {
        match self.deadline {
            Some(deadline) if Instant::now() >= deadline => Err(BuiltinError::timed_out()),
            _ => Ok(()),
        }
    }

    /// Sixteen bytes of chance for this purpose and key: the same for all calls of one decision.
    pub(super) fn chance(&self, purpose: &str, key: &str) -> [u8; 16] {
        let mut digest = Sha256::new();
        digest.update(self.seed);
        digest.update(purpose.as_bytes());
        digest.update([0]);
        digest.update(key.as_bytes());
        let mut bytes = [0; 16];
        for (byte, from) in bytes.iter_mut().zip(digest.finalize()) {
            *byte = from;
        }
        bytes
    }
}
