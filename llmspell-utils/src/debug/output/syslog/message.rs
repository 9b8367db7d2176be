//! One message of a system log: priority, time, who speaks, and the text.

use std::fmt::Write as _;
use std::io;
use std::process;

use super::super::super::clock::Timestamp;
use super::super::super::entry::DebugEntry;
use super::super::super::level::DebugLevel;
use super::super::super::text::cut;

/// The most bytes of a text; the usual daemons take 8 KiB with the header, and cut without a word.
const TEXT_BYTES: usize = 8 * 1024 - 256;

/// What stands in front of the text.
#[derive(Debug)]
pub(super) struct Header {
    app: String,
    style: Style,
}

#[derive(Debug, Clone, Copy)]
enum Style {
    /// As the C library writes to the daemon of its own machine: `<14>Nov  1 22:13:20 app[42]: text`.
    Local,
    /// RFC 5424: `<14>1 2023-11-14T22:13:20.000000Z - app 42 - - text`. The receiver knows the host by its address.
    Network,
}

/// Whether a name may stand in a header.
pub(in crate::debug) fn is_app_name(name: &str) -> bool {
    (1..=48).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

impl Header {
    pub(super) fn local(app: &str) -> io::Result<Self> {
        Self::new(app, Style::Local)
    }

    pub(super) fn network(app: &str) -> io::Result<Self> {
        Self::new(app, Style::Network)
    }

    fn new(app: &str, style: Style) -> io::Result<Self> {
        if !is_app_name(app) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the name is not 1 to 48 letters, digits, `.`, `_` and `-`",
            ));
        }
        Ok(Self {
            app: app.to_owned(),
            style,
        })
    }

    /// The whole message; of a long text only the beginning, with a word about the rest.
    pub(super) fn message(&self, entry: &DebugEntry, text: &str) -> String {
        let (app, process) = (&self.app, process::id());
        let priority = priority(entry.level);
        let mut message = match self.style {
            Style::Local => {
                let time = calendar_time(entry.time);
                format!("<{priority}>{time} {app}[{process}]: ")
            }
            Style::Network => {
                let time = entry.time;
                format!("<{priority}>1 {time} - {app} {process} - - ")
            }
        };
        let kept = cut(text, TEXT_BYTES);
        message.push_str(kept);
        if kept.len() < text.len() {
            // Writing to a string does not fail.
            let _ = write!(message, "… ({} bytes cut)", text.len() - kept.len());
        }
        message
    }
}

/// Facility user, and the severity of a level (RFC 5424, 6.2.1).
const fn priority(level: DebugLevel) -> u8 {
    let severity = match level {
        DebugLevel::Error => 3,
        DebugLevel::Warn => 4,
        DebugLevel::Off | DebugLevel::Info => 6,
        DebugLevel::Debug | DebugLevel::Trace => 7,
    };
    8 + severity
}

/// A time as RFC 3164 has it, in UTC: the daemons put their own time in its place.
fn calendar_time(time: Timestamp) -> String {
    match jiff::Timestamp::from_nanosecond(i128::from(time.as_nanoseconds())) {
        Ok(time) => time.strftime("%b %e %H:%M:%S").to_string(),
        // Out of the calendar's range, which 64 bits cannot reach.
        Err(_) => "Jan  1 00:00:00".to_owned(),
    }
}
