//! The output that forgets everything.

use std::io;

use super::super::entry::DebugEntry;
use super::DebugOutput;

/// Forgets every entry; captured entries are kept all the same.
#[derive(Debug, Clone, Copy, Default)]
pub struct NullOutput;

impl DebugOutput for NullOutput {
    fn write(&self, _entry: &DebugEntry) -> io::Result<()> {
        Ok(())
    }

    fn name(&self) -> &str {
        "null"
    }
}
