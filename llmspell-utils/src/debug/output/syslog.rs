//! The output to a system log: the one of this machine, or another one over UDP or TCP.

mod message;
mod transport;

use std::io;
use std::path::{Path, PathBuf};

use super::super::entry::DebugEntry;
use super::super::format::{EntryFormat, FormatKind, TextFormat};
use super::DebugOutput;
use message::Header;
use transport::Transport;

pub(in crate::debug) use message::is_app_name;

/// Where the system log of this machine listens; the first that there is takes the messages.
const LOCAL: [&str; 3] = ["/dev/log", "/var/run/syslog", "/var/run/log"];

/// Sends each entry as one message to a system log.
///
/// The severity follows from the level: error 3, warn 4, info 6, debug and trace 7; the facility is user (1). The text
/// is module, message, data, place and correlation as [`TextFormat`] has them, of which at most 8 KiB are sent.
/// This machine's log gets messages as the C library's `syslog` writes them, others get RFC 5424: one a datagram
/// over UDP, each after its length (RFC 6587) over TCP.
///
/// Sending may wait up to 2 seconds: put it behind a [`Queued`](super::Queued), which also tries again what could not
/// be sent. Nobody confirms a message: what gets lost on the network is lost without anybody knowing.
#[derive(Debug)]
pub struct SyslogOutput {
    transport: Transport,
    header: Header,
    format: Box<dyn EntryFormat>,
    name: String,
}

impl SyslogOutput {
    /// To the system log of this machine; `app` is who speaks.
    ///
    /// # Errors
    ///
    /// Nobody listens there, or `app` is not 1 to 48 letters, digits, `.`, `_` and `-`.
    pub fn local(app: &str) -> io::Result<Self> {
        Self::local_at(&LOCAL.map(Path::new), app)
    }

    /// To the first of these sockets at which somebody listens, as the system log of a machine does.
    ///
    /// # Errors
    ///
    /// As [`local`](Self::local).
    pub fn local_at(paths: &[&Path], app: &str) -> io::Result<Self> {
        let header = Header::local(app)?;
        let paths: Vec<PathBuf> = paths.iter().map(|path| (*path).to_owned()).collect();
        let name = format!("syslog:{app}");
        Ok(Self::new(Transport::local(paths)?, header, name))
    }

    /// To a `HOST:PORT` over UDP; `app` is who speaks.
    ///
    /// # Errors
    ///
    /// `app` is not 1 to 48 letters, digits, `.`, `_` and `-`.
    pub fn udp(address: &str, app: &str) -> io::Result<Self> {
        let name = format!("syslog+udp:{address}/{app}");
        Ok(Self::new(
            Transport::udp(address),
            Header::network(app)?,
            name,
        ))
    }

    /// To a `HOST:PORT` over TCP; `app` is who speaks.
    ///
    /// # Errors
    ///
    /// `app` is not 1 to 48 letters, digits, `.`, `_` and `-`.
    pub fn tcp(address: &str, app: &str) -> io::Result<Self> {
        let name = format!("syslog+tcp:{address}/{app}");
        Ok(Self::new(
            Transport::tcp(address),
            Header::network(app)?,
            name,
        ))
    }

    /// The same with another text: JSON is the whole entry as [`JsonFormat`](super::super::JsonFormat) has it.
    #[must_use]
    pub fn with_format(mut self, format: FormatKind) -> Self {
        self.format = match format {
            FormatKind::Text => Box::new(TextFormat::bare()),
            FormatKind::Json => format.format(),
        };
        self
    }

    fn new(transport: Transport, header: Header, name: String) -> Self {
        Self {
            transport,
            header,
            format: Box::new(TextFormat::bare()),
            name,
        }
    }
}

impl DebugOutput for SyslogOutput {
    fn write(&self, entry: &DebugEntry) -> io::Result<()> {
        let message = self.header.message(entry, &self.format.line(entry));
        self.transport.send(&message)
    }

    fn name(&self) -> &str {
        &self.name
    }
}
