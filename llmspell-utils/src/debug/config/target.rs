//! The outputs that a configuration can name.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer};

use super::super::error::{DebugError, DebugErrorKind};
use super::super::format::FormatKind;
use super::super::output::{
    ConsoleOutput, DebugOutput, FileOutput, NullOutput, QueueLimits, Queued, RotatingFileOutput,
    Rotation, SocketOutput, SyslogOutput, is_app_name, open_tracing,
};
use super::super::text::quoted;

/// Who speaks in a system log, if nobody says it.
const APP: &str = "llmspell";

/// An output as a configuration names it; each variant says how.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum OutputTarget {
    /// Nowhere: `null`.
    Null,
    /// Standard error: `console`.
    Console,
    /// The end of a file: `file:PATH`.
    File(PathBuf),
    /// A system log: `syslog`, `syslog:APP`, `syslog+udp:HOST:PORT`, `syslog+tcp:HOST:PORT/APP`.
    Syslog {
        /// Which system log.
        place: SyslogPlace,
        /// Who speaks.
        app: String,
    },
    /// Whoever listens at a `HOST:PORT`, in JSON lines: `tcp:HOST:PORT`.
    Tcp(String),
    /// Whoever listens at a local socket, in JSON lines: `unix:PATH`.
    Unix(PathBuf),
    /// The program's subscriber of `tracing`: `tracing`.
    Tracing,
}

/// Where a system log is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SyslogPlace {
    /// On this machine.
    Local,
    /// At a `HOST:PORT` over UDP.
    Udp(String),
    /// At a `HOST:PORT` over TCP.
    Tcp(String),
}

impl OutputTarget {
    /// What a target may be, for a person to read.
    pub(super) const ALLOWED: &'static str = "use null, console, file:PATH, syslog, syslog:APP, \
        syslog+udp:HOST:PORT, syslog+tcp:HOST:PORT, tcp:HOST:PORT, unix:PATH, tracing or a list of these";

    /// The same target, with a relative path taken from `directory`.
    pub(super) fn relative_to(self, directory: &Path) -> Self {
        match self {
            Self::File(path) => Self::File(directory.join(path)),
            Self::Unix(path) => Self::Unix(directory.join(path)),
            other => other,
        }
    }

    /// Opens the output; without a format a file's ending tells it, and the others have text. Sockets always have JSON.
    pub(super) fn open(
        &self,
        format: Option<FormatKind>,
        rotate: Option<&Rotation>,
    ) -> Result<Arc<dyn DebugOutput>, DebugError> {
        let or_text = format.unwrap_or(FormatKind::Text);
        match self {
            Self::Null => Ok(Arc::new(NullOutput)),
            Self::Console => Ok(Arc::new(ConsoleOutput::new(or_text))),
            Self::File(path) => {
                let format = format.unwrap_or_else(|| FormatKind::of_file(path));
                open_file(path, format, rotate).map_err(|error| {
                    self.refused("the directory must exist and be writable", error)
                })
            }
            Self::Syslog { place, app } => place.open(app, or_text).map_err(|error| {
                self.refused(
                    "a daemon must listen, at `/dev/log` or where `syslog+udp:HOST:PORT` says",
                    error,
                )
            }),
            Self::Tcp(address) => self.queued(SocketOutput::tcp(address)),
            Self::Unix(path) => self.queued(SocketOutput::unix(path)),
            Self::Tracing => open_tracing().map_err(|error| {
                self.refused("name another output, or build the program with it", error)
            }),
        }
    }

    fn queued(&self, output: SocketOutput) -> Result<Arc<dyn DebugOutput>, DebugError> {
        queued(output).map_err(|error| self.refused("a thread of its own must be allowed", error))
    }

    fn refused(&self, help: &str, error: io::Error) -> DebugError {
        let message = format!(
            "the output {} cannot be opened: {error}",
            quoted(&self.to_string())
        );
        DebugError::new(DebugErrorKind::Output, message)
            .help_with(help)
            .caused_by(error)
    }
}

fn open_file(
    path: &Path,
    format: FormatKind,
    rotate: Option<&Rotation>,
) -> io::Result<Arc<dyn DebugOutput>> {
    Ok(match rotate {
        Some(rotation) => Arc::new(RotatingFileOutput::open(path, format, rotation.clone())?),
        None => Arc::new(FileOutput::open(path, format)?),
    })
}

/// An output that may wait for others, behind a queue.
fn queued(output: impl DebugOutput + 'static) -> io::Result<Arc<dyn DebugOutput>> {
    Ok(Arc::new(Queued::new(
        Arc::new(output),
        QueueLimits::default(),
    )?))
}

impl SyslogPlace {
    fn open(&self, app: &str, format: FormatKind) -> io::Result<Arc<dyn DebugOutput>> {
        let output = match self {
            Self::Local => SyslogOutput::local(app),
            Self::Udp(address) => SyslogOutput::udp(address, app),
            Self::Tcp(address) => SyslogOutput::tcp(address, app),
        };
        queued(output?.with_format(format))
    }
}

impl FromStr for OutputTarget {
    type Err = DebugError;

    fn from_str(text: &str) -> Result<Self, DebugError> {
        let (kind, rest) = match text.split_once(':') {
            Some((kind, rest)) => (kind, Some(rest)),
            None => (text, None),
        };
        target(kind, rest).ok_or_else(|| {
            DebugError::new(
                DebugErrorKind::Value,
                format!("{} is not an output", quoted(text)),
            )
            .help_with(Self::ALLOWED)
        })
    }
}

/// The target of a kind, with what stands after the colon.
fn target(kind: &str, rest: Option<&str>) -> Option<OutputTarget> {
    match (kind, rest) {
        ("null", None) => Some(OutputTarget::Null),
        ("console", None) => Some(OutputTarget::Console),
        ("tracing", None) => Some(OutputTarget::Tracing),
        ("file", Some(path)) if !path.is_empty() => Some(OutputTarget::File(path.into())),
        ("unix", Some(path)) if !path.is_empty() => Some(OutputTarget::Unix(path.into())),
        ("tcp", Some(address)) => address_of(address).map(OutputTarget::Tcp),
        ("syslog", app) => syslog(SyslogPlace::Local, app),
        ("syslog+udp", Some(rest)) => network_syslog(SyslogPlace::Udp, rest),
        ("syslog+tcp", Some(rest)) => network_syslog(SyslogPlace::Tcp, rest),
        _ => None,
    }
}

fn network_syslog(place: fn(String) -> SyslogPlace, rest: &str) -> Option<OutputTarget> {
    let (address, app) = match rest.split_once('/') {
        Some((address, app)) => (address, Some(app)),
        None => (rest, None),
    };
    syslog(place(address_of(address)?), app)
}

fn syslog(place: SyslogPlace, app: Option<&str>) -> Option<OutputTarget> {
    let app = app.unwrap_or(APP);
    is_app_name(app).then(|| OutputTarget::Syslog {
        place,
        app: app.to_owned(),
    })
}

/// A `HOST:PORT`, if it is one.
fn address_of(text: &str) -> Option<String> {
    let (host, port) = text.rsplit_once(':')?;
    let is_bare_v6 = host.contains(':') && !host.starts_with('[');
    let is_port = port.parse::<u16>().is_ok_and(|port| port > 0);
    (!host.is_empty() && !is_bare_v6 && is_port).then(|| text.to_owned())
}

impl fmt::Display for OutputTarget {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => formatter.write_str("null"),
            Self::Console => formatter.write_str("console"),
            Self::File(path) => write!(formatter, "file:{}", path.display()),
            Self::Syslog { place, app } => match place {
                SyslogPlace::Local => write!(formatter, "syslog:{app}"),
                SyslogPlace::Udp(address) => write!(formatter, "syslog+udp:{address}/{app}"),
                SyslogPlace::Tcp(address) => write!(formatter, "syslog+tcp:{address}/{app}"),
            },
            Self::Tcp(address) => write!(formatter, "tcp:{address}"),
            Self::Unix(path) => write!(formatter, "unix:{}", path.display()),
            Self::Tracing => formatter.write_str("tracing"),
        }
    }
}

impl<'de> Deserialize<'de> for OutputTarget {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse()
            .map_err(|error: DebugError| serde::de::Error::custom(error.message()))
    }
}
