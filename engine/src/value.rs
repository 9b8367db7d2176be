//! The one in-memory form of JSON data, and what the engine does with it.

pub use regorus::Value;
