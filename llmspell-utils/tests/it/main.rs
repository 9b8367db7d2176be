//! The debug infrastructure as people use it.
