//! Who is told of every event that a script asks about, and of what was decided.

use std::fmt;

use llmspell_engine::Value;

/// Is told of every event that a script asks about, and of the decision, as the script gets it.
///
/// It is called on the script's thread before the script goes on, so it should not take long. What both hold is not
/// redacted.
pub trait DecisionObserver: Send + Sync {
    /// Takes one event and its decision.
    fn decided(&self, event: &Value, decision: &Value);
}

impl fmt::Debug for dyn DecisionObserver {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DecisionObserver")
    }
}
