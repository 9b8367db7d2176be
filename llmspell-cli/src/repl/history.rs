//! Where the inputs of earlier sessions are kept: in a file of one's own, or nowhere.

use std::env;
use std::path::PathBuf;

/// How many inputs are kept.
pub(super) const MOST_INPUTS: usize = 1000;

/// The longest input that is kept, in bytes.
pub(super) const LONGEST_INPUT: usize = 16 << 10;

/// The file of the history, in a folder that is there; the editor makes it readable for its owner only.
///
/// It is `LLMSPELL_HISTORY`, or else in the user's state folder.
/// An empty `LLMSPELL_HISTORY` keeps nothing.
pub(super) fn file() -> Option<PathBuf> {
    let file = match env::var_os("LLMSPELL_HISTORY") {
        Some(named) if named.is_empty() => return None,
        Some(named) => PathBuf::from(named),
        None => state_folder()?.join("llmspell").join("history"),
    };
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    match folder {
        Some(folder) => std::fs::create_dir_all(folder).is_ok().then_some(file),
        None => Some(file),
    }
}

fn state_folder() -> Option<PathBuf> {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
    let folder = match set("XDG_STATE_HOME").or_else(|| set("LOCALAPPDATA")) {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(set("HOME")?).join(".local").join("state"),
    };
    folder.is_absolute().then_some(folder)
}
