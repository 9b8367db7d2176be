//! What an output says that counts its losses itself.

use std::io;

/// What an output says that counts its losses itself, as the inside of an [`io::Error`].
///
/// Any other error of [`write`](super::DebugOutput::write) means that this one entry did not arrive. This one says how
/// many were lost since the output spoke last: perhaps none, when it is in trouble but has lost nothing so far.
///
/// ```
/// use std::io;
/// use llmspell_utils::debug::OutputTrouble;
///
/// let error = io::Error::from(OutputTrouble::new(3, "its queue is full"));
/// assert_eq!(OutputTrouble::of(&error).map(OutputTrouble::lost), Some(3));
/// assert_eq!(error.to_string(), "its queue is full");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct OutputTrouble {
    lost: u64,
    message: String,
    known: bool,
}

impl OutputTrouble {
    /// So many entries were lost, and why.
    #[must_use]
    pub fn new(lost: u64, message: impl Into<String>) -> Self {
        Self {
            lost,
            message: message.into(),
            known: false,
        }
    }

    /// Says that the reason was told before, so that nobody needs to report it again.
    #[must_use]
    pub const fn known(mut self, known: bool) -> Self {
        self.known = known;
        self
    }

    /// How many entries were lost since the output spoke last.
    #[must_use]
    pub const fn lost(&self) -> u64 {
        self.lost
    }

    /// Whether the reason was told before.
    #[must_use]
    pub const fn is_known(&self) -> bool {
        self.known
    }

    /// The trouble inside an error, if there is one.
    #[must_use]
    pub fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }
}

impl From<OutputTrouble> for io::Error {
    fn from(trouble: OutputTrouble) -> Self {
        Self::other(trouble)
    }
}
