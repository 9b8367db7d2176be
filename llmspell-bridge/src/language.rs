//! The script languages and how a file tells which one it is.

use std::fmt;
use std::path::Path;

/// A language that the host runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// Luau, the typed and sandboxed descendant of Lua 5.1.
    Lua,
    /// ECMAScript 2023, run by QuickJS-ng.
    JavaScript,
}

impl Language {
    /// Both languages, in the order in which documents list them.
    pub const ALL: [Self; 2] = [Self::Lua, Self::JavaScript];

    /// The language of a script file, by its ending: `.lua`, `.luau`, `.js` or `.mjs`.
    #[must_use]
    pub fn of_path(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "lua" | "luau" => Some(Self::Lua),
            "js" | "mjs" => Some(Self::JavaScript),
            _ => None,
        }
    }

    /// The name that people write: `Lua` or `JavaScript`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lua => "Lua",
            Self::JavaScript => "JavaScript",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
