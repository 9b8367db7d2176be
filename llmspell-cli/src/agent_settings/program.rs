//! Which program the agent's settings name.

use std::path::{Path, PathBuf};

use super::shell_words::{is_llmspell, quote};
use crate::failure::Failure;
use crate::programs::{self, FRONT};

/// The program that answers hooks, as settings name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Program {
    /// Its name or path.
    pub(crate) name: String,
    /// The same as a word for a shell.
    pub(crate) word: String,
    /// Why it is named so, as a sentence.
    pub(crate) why: String,
}

impl Program {
    /// The one beside this program: `llmspell` where that finds it, else its path.
    pub(crate) fn of_this() -> Result<Self, Failure> {
        let path = programs::beside(FRONT).map_err(|error| {
            Failure::internal(format_args!(
                "it is not known where this program lies: {error}"
            ))
        })?;
        let found = on_path(FRONT);
        if found.as_deref().is_some_and(|found| is_same(found, &path)) {
            let why = "it is the first `llmspell` on PATH".to_owned();
            return Ok(Self::named("llmspell".to_owned(), why));
        }
        let Some(name) = path.to_str().filter(|name| is_llmspell(name)) else {
            return Err(Failure::fault(
                format_args!("{}: settings cannot name this program", path.display()),
                "call it `llmspell`, in a folder whose name is UTF-8",
            ));
        };
        let name = if cfg!(windows) {
            name.replace('\\', "/")
        } else {
            name.to_owned()
        };
        let why = match found {
            Some(other) => format!("`llmspell` on PATH is another one, {}", other.display()),
            None => "`llmspell` is not on PATH".to_owned(),
        };
        Ok(Self::named(name, why))
    }

    fn named(name: String, why: String) -> Self {
        let word = quote(&name);
        Self { name, word, why }
    }
}

/// The program that a shell finds by a name; a folder that is named relatively is none to rely on.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let path = std::env::var_os("PATH")?;
    let folders = std::env::split_paths(&path).filter(|folder| folder.is_absolute());
    folders
        .map(|folder| folder.join(&name))
        .find(|program| is_program(program))
}

/// Whether something can be run.
pub(crate) fn is_program(path: &Path) -> bool {
    let Ok(metadata) = path.metadata() else {
        return false;
    };
    metadata.is_file() && may_run(&metadata)
}

#[cfg(unix)]
fn may_run(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn may_run(_: &std::fs::Metadata) -> bool {
    true
}

/// Whether two paths lead to one file.
pub(crate) fn is_same(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}
