//! What a signal's command knows of its environment: little, so that no secret of the agent program reaches it.

use std::ffi::{OsStr, OsString};

/// The variables that are handed on as they are.
const KEPT: [&str; 4] = ["HOME", "LANG", "LC_ALL", "TMPDIR"];
/// The beginning of those that are meant for signals.
const OWN: &str = "CUPCAKE_";
const PATH: &str = "PATH";
/// Where programs lie if nobody says it.
const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// The variables that the commands of signals get of this process's own.
///
/// ```
/// let environment = llmspell_engine::signal_environment();
/// assert!(environment.iter().any(|(name, _)| name == "PATH"));
/// ```
#[must_use]
pub fn signal_environment() -> Vec<(OsString, OsString)> {
    minimal(std::env::vars_os())
}

/// The part of these variables that a command gets.
fn minimal(variables: impl Iterator<Item = (OsString, OsString)>) -> Vec<(OsString, OsString)> {
    let mut path = None;
    let mut kept = Vec::new();
    for (name, value) in variables {
        if name == PATH {
            path = Some(absolute_only(&value));
        } else if is_kept(&name) {
            kept.push((name, value));
        }
    }
    let path = path.filter(|path| !path.is_empty());
    kept.push((PATH.into(), path.unwrap_or_else(|| DEFAULT_PATH.into())));
    kept
}

fn is_kept(name: &OsStr) -> bool {
    let name = name.to_str().unwrap_or_default();
    KEPT.contains(&name) || name.starts_with(OWN)
}

/// The path without relative folders: an agent could put programs of its own there, since commands run in the project.
fn absolute_only(path: &OsStr) -> OsString {
    let folders = std::env::split_paths(path).filter(|folder| folder.is_absolute());
    std::env::join_paths(folders).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minimal_of(variables: &[(&str, &str)]) -> Vec<String> {
        let variables = variables
            .iter()
            .map(|(name, value)| (OsString::from(name), OsString::from(value)));
        let kept = minimal(variables).into_iter();
        kept.map(|(name, value)| format!("{}={}", name.display(), value.display()))
            .collect()
    }

    #[test]
    fn secrets_and_loader_variables_are_left_out() {
        let given = [
            ("API_KEY", "secret"),
            ("LD_PRELOAD", "/tmp/evil.so"),
            ("HOME", "/home/me"),
            ("CUPCAKE_TEAM", "blue"),
            ("PATH", "/bin"),
        ];
        assert_eq!(
            minimal_of(&given),
            ["HOME=/home/me", "CUPCAKE_TEAM=blue", "PATH=/bin"]
        );
    }

    #[cfg(unix)]
    #[test]
    fn relative_folders_are_left_out_of_the_path() {
        assert_eq!(
            minimal_of(&[("PATH", ".:/usr/bin::bin:/bin")]),
            ["PATH=/usr/bin:/bin"]
        );
        assert_eq!(
            minimal_of(&[("PATH", "node_modules/.bin")]),
            ["PATH=/usr/local/bin:/usr/bin:/bin"]
        );
    }
}
