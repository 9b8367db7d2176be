//! The severity of a debug entry, and the threshold that decides which severities may speak.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::text::quoted;

/// How severe an entry is, or, as a threshold, the least severe entry that may speak.
///
/// A greater level is more verbose. [`DebugLevel::Off`] is only a threshold: an entry at that level is never logged.
///
/// ```
/// use llmspell_utils::debug::DebugLevel;
///
/// let level: DebugLevel = "Warning".parse()?;
/// assert_eq!(level, DebugLevel::Warn);
/// assert_eq!(level.to_string(), "WARN");
/// assert!(DebugLevel::Trace > DebugLevel::Error);
/// # Ok::<(), llmspell_utils::debug::LevelError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[repr(u8)]
pub enum DebugLevel {
    /// Nothing speaks.
    Off = 0,
    /// Something failed.
    Error = 1,
    /// Something is wrong, and work goes on.
    Warn = 2,
    /// Something that people want to know.
    #[default]
    Info = 3,
    /// Something that helps to find a fault.
    Debug = 4,
    /// Every step.
    Trace = 5,
}

impl DebugLevel {
    /// Every level, the quietest first.
    pub const ALL: [Self; 6] = [
        Self::Off,
        Self::Error,
        Self::Warn,
        Self::Info,
        Self::Debug,
        Self::Trace,
    ];

    /// The upper-case name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "OFF",
            Self::Error => "ERROR",
            Self::Warn => "WARN",
            Self::Info => "INFO",
            Self::Debug => "DEBUG",
            Self::Trace => "TRACE",
        }
    }

    /// The lower-case name, as directives and configuration files write it.
    #[must_use]
    pub const fn as_lower_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }

    /// The level with this number, 0 (off) to 5 (trace).
    #[must_use]
    pub const fn from_u8(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Off),
            1 => Some(Self::Error),
            2 => Some(Self::Warn),
            3 => Some(Self::Info),
            4 => Some(Self::Debug),
            5 => Some(Self::Trace),
            _ => None,
        }
    }

    /// The number of this level, 0 (off) to 5 (trace).
    #[must_use]
    pub const fn as_u8(self) -> u8 {
        self as u8
    }

    /// Whether an entry at this level passes a threshold.
    ///
    /// Off minus one wraps round to the greatest number, so that a single comparison also refuses entries at level off.
    #[inline]
    pub(crate) const fn passes(self, threshold: u8) -> bool {
        (self as u8).wrapping_sub(1) < threshold
    }
}

impl fmt::Display for DebugLevel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// The names that each level answers to.
const NAMES: [(&str, DebugLevel); 15] = [
    ("off", DebugLevel::Off),
    ("none", DebugLevel::Off),
    ("0", DebugLevel::Off),
    ("error", DebugLevel::Error),
    ("err", DebugLevel::Error),
    ("1", DebugLevel::Error),
    ("warn", DebugLevel::Warn),
    ("warning", DebugLevel::Warn),
    ("2", DebugLevel::Warn),
    ("info", DebugLevel::Info),
    ("3", DebugLevel::Info),
    ("debug", DebugLevel::Debug),
    ("4", DebugLevel::Debug),
    ("trace", DebugLevel::Trace),
    ("5", DebugLevel::Trace),
];

impl FromStr for DebugLevel {
    type Err = LevelError;

    fn from_str(text: &str) -> Result<Self, LevelError> {
        NAMES
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(text))
            .map(|(_, level)| *level)
            .ok_or_else(|| LevelError {
                given: quoted(text),
            })
    }
}

/// A text that names no level.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{given} is not a level; use {}", LevelError::ALLOWED)]
pub struct LevelError {
    given: String,
}

impl LevelError {
    /// What a level may be, for a person to read.
    pub const ALLOWED: &'static str = "off, error, warn, info, debug, trace or 0 to 5";
}

impl Serialize for DebugLevel {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for DebugLevel {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
