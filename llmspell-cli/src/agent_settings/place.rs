//! Where each agent keeps its settings.

use std::path::{Path, PathBuf};

use llmspell_engine::Harness;

use crate::failure::Failure;

/// Whose settings are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Those of a project in this directory.
    Project(PathBuf),
    /// Those of the user, which hold for every project.
    User,
}

impl Scope {
    /// The directory beneath which its settings are expected to lie, if it is known.
    pub(crate) fn root(&self) -> Option<PathBuf> {
        match self {
            Self::Project(root) => Some(root.clone()),
            Self::User => home(),
        }
    }
}

/// The folder in which an agent keeps what concerns a project.
pub(crate) const fn agent_folder(harness: Harness) -> &'static str {
    match harness {
        Harness::Claude => ".claude",
        Harness::Cursor => ".cursor",
        Harness::Factory => ".factory",
        Harness::OpenCode => ".opencode",
    }
}

/// The file of an agent into which hooks are written.
pub(crate) fn settings_file(harness: Harness, scope: &Scope) -> Result<PathBuf, Failure> {
    let folder = match scope {
        Scope::Project(root) => root.join(agent_folder(harness)),
        Scope::User => users_folder(harness).ok_or_else(|| {
            Failure::fault(
                format_args!("it is not known where you keep your settings of {harness}"),
                "name the file with `--settings FILE`",
            )
        })?,
    };
    Ok(folder.join(match harness {
        Harness::Claude | Harness::Factory => "settings.json",
        Harness::Cursor => "hooks.json",
        Harness::OpenCode => "plugin/llmspell.js",
    }))
}

fn users_folder(harness: Harness) -> Option<PathBuf> {
    let named = match harness {
        Harness::Claude => named_folder("CLAUDE_CONFIG_DIR"),
        Harness::OpenCode => {
            let configuration =
                named_folder("XDG_CONFIG_HOME").or_else(|| Some(home()?.join(".config")));
            configuration.map(|folder| folder.join("opencode"))
        }
        Harness::Cursor | Harness::Factory => None,
    };
    named.or_else(|| Some(home()?.join(agent_folder(harness))))
}

fn named_folder(variable: &str) -> Option<PathBuf> {
    let folder = PathBuf::from(std::env::var_os(variable)?);
    folder.is_absolute().then_some(folder)
}

fn home() -> Option<PathBuf> {
    std::env::home_dir().filter(|home| home.is_absolute())
}

/// Whether a path lies beneath a directory, all links followed.
pub(crate) fn lies_beneath(path: &Path, root: &Path) -> bool {
    let real = |path: &Path| path.canonicalize();
    // What is not there yet lies where the nearest folder above it does.
    let there = path.ancestors().find_map(|path| {
        let path = if path.as_os_str().is_empty() {
            Path::new(".")
        } else {
            path
        };
        real(path).ok()
    });
    match (there, real(root)) {
        (Some(path), Ok(root)) => path.starts_with(root),
        _ => true,
    }
}
