//! A rule about modules as people write it, and what it does.

use std::fmt;

use serde::{Serialize, Serializer};

use super::super::level::DebugLevel;
use super::pattern::PatternKind;

/// What a rule does to the modules that it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FilterAction {
    /// The module may speak, down to the global level.
    On,
    /// The module is silent.
    Off,
    /// The module may speak down to this level, whatever the global level is.
    Level(DebugLevel),
}

impl FilterAction {
    /// On or off.
    #[must_use]
    pub const fn from_enabled(enabled: bool) -> Self {
        if enabled { Self::On } else { Self::Off }
    }

    /// A level of its own; off silences.
    #[must_use]
    pub const fn from_level(level: DebugLevel) -> Self {
        match level {
            DebugLevel::Off => Self::Off,
            level => Self::Level(level),
        }
    }

    /// `on`, `off` or the level's lower-case name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
            Self::Level(level) => level.as_lower_str(),
        }
    }

    /// The threshold of a module, where `global` is everybody's.
    pub(crate) const fn threshold(self, global: u8) -> u8 {
        match self {
            Self::On => global,
            Self::Off => 0,
            Self::Level(level) => level.as_u8(),
        }
    }
}

impl fmt::Display for FilterAction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

impl Serialize for FilterAction {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A rule about the modules that match a pattern.
///
/// It is checked when it is added to a manager.
///
/// ```
/// use llmspell_utils::debug::{DebugLevel, FilterAction, FilterRule, PatternKind};
///
/// let rule = FilterRule::classified("policy.*", FilterAction::Level(DebugLevel::Debug));
/// assert_eq!(rule.kind, PatternKind::Hierarchical);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct FilterRule {
    /// The pattern as it was given.
    pub pattern: String,
    /// How the pattern is read.
    pub kind: PatternKind,
    /// What happens to the modules that match.
    pub action: FilterAction,
}

impl FilterRule {
    /// A rule whose pattern is read in this way.
    #[must_use]
    pub fn new(pattern: impl Into<String>, kind: PatternKind, action: FilterAction) -> Self {
        Self {
            pattern: pattern.into(),
            kind,
            action,
        }
    }

    /// A rule whose pattern says by itself how it is read, see [`PatternKind::classify`].
    #[must_use]
    pub fn classified(pattern: impl Into<String>, action: FilterAction) -> Self {
        let pattern = pattern.into();
        let kind = PatternKind::classify(&pattern);
        Self {
            pattern,
            kind,
            action,
        }
    }

    /// Whether the other rule has the same pattern, read in the same way.
    #[must_use]
    pub fn is_about_the_same(&self, other: &Self) -> bool {
        self.kind == other.kind && self.pattern == other.pattern
    }
}

/// The rules of a manager in the order they were added, and what happens to everybody else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FilterSummary {
    /// Whether a module that no rule matches may speak.
    pub default_enabled: bool,
    /// The rules, the oldest first.
    pub rules: Vec<FilterRule>,
}
