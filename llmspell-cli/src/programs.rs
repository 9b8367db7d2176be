//! Where the two programs lie: side by side.

use std::io;
use std::path::PathBuf;

/// The program that answers hooks, and has the other one do everything else.
pub(crate) const FRONT: &str = "llmspell";
/// The program that does everything.
pub(crate) const HOST: &str = "llmspell-host";

/// Where one of them lies: beside this one, which is one of them too.
///
/// # Errors
///
/// When the system does not say where this one lies.
pub(crate) fn beside(name: &str) -> io::Result<PathBuf> {
    let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    // The link is followed: who links to one of them need not link to both.
    Ok(std::env::current_exe()?
        .canonicalize()?
        .with_file_name(name))
}

/// What is said where one of them cannot be started.
pub(crate) fn cannot_start(name: &str, error: &io::Error) -> String {
    format!(
        "`{name}` cannot be started: {error}: install both programs, `{FRONT}` and `{HOST}`, into one folder"
    )
}
