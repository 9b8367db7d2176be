//! What stands in for the output to `tracing` in a program that was built without it.

use std::io;
use std::sync::Arc;

use super::DebugOutput;

/// Says what is missing.
pub(in crate::debug) fn open() -> io::Result<Arc<dyn DebugOutput>> {
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "this program was built without the feature `tracing`",
    ))
}
