//! The agent programs whose policies a project may hold.

mod events;
mod fields;
mod opencode_plugin;
mod reply;

use std::fmt;

pub(crate) use events::{is_known, meant};
pub(crate) use fields::{add_snake_case, add_tool};
pub use opencode_plugin::OPENCODE_PLUGIN;
pub use reply::{Reply, WireCell, WireFit, WireRow, WireVerb};

/// An agent program with its own folder under `policies/` and its own wire format.
///
/// ```
/// use llmspell_engine::Harness;
///
/// assert_eq!(Harness::from_name("cursor"), Some(Harness::Cursor));
/// assert_eq!(Harness::Claude.name(), "claude");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Harness {
    /// Claude Code.
    #[default]
    Claude,
    /// Cursor.
    Cursor,
    /// Factory's Droid.
    Factory,
    /// OpenCode.
    OpenCode,
}

impl Harness {
    /// Every harness, in the order of their names.
    pub const ALL: [Self; 4] = [Self::Claude, Self::Cursor, Self::Factory, Self::OpenCode];

    /// The name that folders, settings and command lines use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Claude => "claude",
            Self::Cursor => "cursor",
            Self::Factory => "factory",
            Self::OpenCode => "opencode",
        }
    }

    /// The harness that a file under `policies/` belongs to; none, if it serves every harness.
    pub(crate) fn of_file(path: &str) -> Option<Self> {
        let inside = [".cupcake/policies/", "global:policies/"]
            .iter()
            .find_map(|folder| path.strip_prefix(folder))?;
        Self::from_name(inside.split_once('/')?.0)
    }

    /// The harness with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|harness| harness.name() == name)
    }
}

impl fmt::Display for Harness {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
