//! The output to somebody who listens at a TCP port or a local socket, one JSON line an entry.

use std::io;
use std::path::Path;

use super::super::entry::DebugEntry;
use super::super::format::{EntryFormat as _, JsonFormat};
use super::DebugOutput;
use super::stream::{Listener, Stream};

/// Sends each entry as one JSON line to whoever listens.
///
/// The connection is made with the first entry, and anew after it broke. Connecting and writing wait up to 2 seconds:
/// put it behind a [`Queued`](super::Queued), which also tries again what could not be sent. What the system had taken
/// and the other side did not read when a connection broke is lost without anybody knowing.
///
/// ```
/// use std::io::{BufRead as _, BufReader};
/// use std::sync::Arc;
/// use llmspell_utils::debug::{DebugLevel, DebugManager, Queued, QueueLimits, SocketOutput};
///
/// let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
/// let output = SocketOutput::tcp(listener.local_addr()?.to_string());
/// let manager = DebugManager::new();
/// manager.set_output(Arc::new(Queued::new(Arc::new(output), QueueLimits::default())?));
/// manager.log(DebugLevel::Info, None, "hello");
///
/// let mut line = String::new();
/// BufReader::new(listener.accept()?.0).read_line(&mut line)?;
/// assert!(line.contains(r#""message":"hello""#));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct SocketOutput {
    stream: Stream,
    format: JsonFormat,
    name: String,
}

impl SocketOutput {
    /// To a `HOST:PORT`.
    #[must_use]
    pub fn tcp(address: impl Into<String>) -> Self {
        let address = address.into();
        let name = format!("tcp:{address}");
        Self::new(Listener::Tcp(address), name)
    }

    /// To the socket at a path.
    #[must_use]
    pub fn unix(path: &Path) -> Self {
        let name = format!("unix:{}", path.display());
        Self::new(Listener::Unix(path.to_owned()), name)
    }

    const fn new(listener: Listener, name: String) -> Self {
        Self {
            stream: Stream::new(listener),
            format: JsonFormat::new(),
            name,
        }
    }
}

impl DebugOutput for SocketOutput {
    fn write(&self, entry: &DebugEntry) -> io::Result<()> {
        let mut line = self.format.line(entry);
        line.push('\n');
        self.stream.send(line.as_bytes())
    }

    fn name(&self) -> &str {
        &self.name
    }
}
