//! Where entries go: standard error, files, memory, several places at once, or nowhere.

mod buffer;
mod console;
mod fan_out;
mod file;
mod null;

use std::fmt;
use std::io;

use super::entry::DebugEntry;

pub use buffer::{BufferLimits, BufferOutput};
pub use console::ConsoleOutput;
pub use fan_out::FanOut;
pub use file::FileOutput;
pub use null::NullOutput;

/// A place that entries go to.
///
/// A failure is counted and reported by the manager; it never reaches whoever logs.
pub trait DebugOutput: fmt::Debug + Send + Sync {
    /// Takes one entry.
    ///
    /// # Errors
    ///
    /// When the entry did not arrive.
    fn write(&self, entry: &DebugEntry) -> io::Result<()>;

    /// Brings everything that was taken to where it belongs.
    ///
    /// # Errors
    ///
    /// When something did not arrive.
    fn flush(&self) -> io::Result<()> {
        Ok(())
    }

    /// What the output is called in messages about it.
    fn name(&self) -> &str;
}
