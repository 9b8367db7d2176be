//! Entries for people: time, level, module, message, data, place and correlation on one line.

use std::fmt::{self, Write as _};

use anstyle::{AnsiColor, Style};

use super::super::entry::DebugEntry;
use super::super::level::DebugLevel;
use super::super::text::push_escaped;
use super::EntryFormat;
use super::json::push_json;

/// Entries for people.
///
/// Whatever an entry says, it stays one line: control characters, terminal sequences and bidirectional overrides
/// are escaped. The thread is left out; [`JsonFormat`](super::JsonFormat) has it.
///
/// ```
/// use llmspell_utils::debug::{DebugEntry, DebugLevel, EntryFormat, TextFormat, Timestamp};
///
/// let entry = DebugEntry::new(Timestamp::from_nanoseconds(0), DebugLevel::Warn, "one\ntwo").with_module("shell");
/// assert_eq!(TextFormat::new().line(&entry), "1970-01-01T00:00:00.000000Z WARN  [shell] one\\ntwo");
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct TextFormat {
    colour: bool,
    bare: bool,
}

impl TextFormat {
    /// Without colour.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            colour: false,
            bare: false,
        }
    }

    /// Without colour, time and level: for places that keep these themselves.
    #[must_use]
    pub const fn bare() -> Self {
        Self {
            colour: false,
            bare: true,
        }
    }

    /// With the level in colour and what is less important dimmed.
    #[must_use]
    pub const fn coloured() -> Self {
        Self {
            colour: true,
            bare: false,
        }
    }

    fn styled(self, line: &mut String, style: Style, write: impl FnOnce(&mut String)) {
        if self.colour {
            push_display(line, style.render());
            write(line);
            push_display(line, style.render_reset());
        } else {
            write(line);
        }
    }
}

impl EntryFormat for TextFormat {
    fn format(&self, entry: &DebugEntry, line: &mut String) {
        let dimmed = Style::new().dimmed();
        if !self.bare {
            self.styled(line, dimmed, |line| push_display(line, entry.time));
            line.push(' ');
            self.styled(line, level_style(entry.level), |line| {
                push_display(line, format_args!("{:5}", entry.level));
            });
            line.push(' ');
        }
        if let Some(module) = &entry.module {
            line.push('[');
            push_escaped(line, module);
            line.push_str("] ");
        }
        push_escaped(line, &entry.message);
        if let Some(data) = &entry.data {
            line.push(' ');
            self.styled(line, dimmed, |line| push_json(line, data));
        }
        if let Some(place) = &entry.place {
            line.push(' ');
            self.styled(line, dimmed, |line| {
                push_escaped(line, &format!("({place})"));
            });
        }
        if let Some(correlation) = &entry.correlation {
            line.push(' ');
            self.styled(line, dimmed, |line| {
                push_escaped(line, &format!("#{correlation}"));
            });
        }
    }
}

/// Appends what displays as harmless text.
fn push_display(line: &mut String, value: impl fmt::Display) {
    // Writing to a string does not fail.
    let _ = write!(line, "{value}");
}

fn level_style(level: DebugLevel) -> Style {
    match level {
        DebugLevel::Error => AnsiColor::Red.on_default().bold(),
        DebugLevel::Warn => AnsiColor::Yellow.on_default(),
        DebugLevel::Info => AnsiColor::Green.on_default(),
        DebugLevel::Debug => AnsiColor::Cyan.on_default(),
        DebugLevel::Trace | DebugLevel::Off => Style::new().dimmed(),
    }
}
