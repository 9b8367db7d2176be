//! Where entries go: standard error, files, memory, a system log, a listener, several places at once, or nowhere.

mod buffer;
mod console;
mod fan_out;
mod file;
mod gap;
mod line_file;
mod null;
mod queue;
mod rotating_file;
mod socket;
mod stream;
mod syslog;
mod trouble;

// What not every system has, and what not every build has.
#[cfg(not(unix))]
#[path = "output/not_unix.rs"]
mod system;
#[cfg(unix)]
#[path = "output/unix.rs"]
mod system;
#[cfg(not(feature = "tracing"))]
#[path = "output/no_tracing.rs"]
mod tracing;
#[cfg(feature = "tracing")]
mod tracing;

use std::fmt;
use std::io;

use super::entry::DebugEntry;

pub use buffer::{BufferLimits, BufferOutput};
pub use console::ConsoleOutput;
pub use fan_out::FanOut;
pub use file::FileOutput;
pub use null::NullOutput;
pub use queue::{QueueLimits, Queued};
pub use rotating_file::{RotatingFileOutput, Rotation};
pub use socket::SocketOutput;
pub use syslog::SyslogOutput;
#[cfg(feature = "tracing")]
pub use tracing::{DebugLayer, TracingOutput};
pub use trouble::OutputTrouble;

pub(super) use gap::Gap;
pub(super) use syslog::is_app_name;
pub(super) use tracing::open as open_tracing;

/// A place that entries go to.
///
/// A failure is counted and reported by the manager; it never reaches whoever logs.
pub trait DebugOutput: fmt::Debug + Send + Sync {
    /// Takes one entry.
    ///
    /// # Errors
    ///
    /// When the entry did not arrive; or, as [`OutputTrouble`], when so many were lost since it spoke last.
    fn write(&self, entry: &DebugEntry) -> io::Result<()>;

    /// Brings everything that was taken to where it belongs.
    ///
    /// # Errors
    ///
    /// When something did not arrive.
    fn flush(&self) -> io::Result<()> {
        Ok(())
    }

    /// Ends the output before it is dropped, and says as [`OutputTrouble`] how much is lost by that.
    ///
    /// Called by whoever holds it last; nothing is written afterwards.
    ///
    /// # Errors
    ///
    /// When something did not arrive.
    fn close(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// What the output is called in messages about it.
    fn name(&self) -> &str;
}
