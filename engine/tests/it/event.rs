//! What is accepted as an event, and how the rest is refused.
