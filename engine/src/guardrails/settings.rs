//! What the rulebook says of a guardrail.
