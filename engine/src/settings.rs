//! The `[policy]` table of `llmspell.toml`.

/// What an error of a policy means for the decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// The decision is at least a deny.
    #[default]
    Enforce,
    /// The error is listed and changes nothing.
    Monitor,
}
