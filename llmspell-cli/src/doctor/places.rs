//! The settings files that each agent reads, in the order in which they speak.

use std::path::{Path, PathBuf};

use llmspell_engine::Harness;

use crate::agent_settings::{Scope, settings_file};

/// Whose a settings file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// The organisation's, which nobody overrides.
    Organisation,
    User,
    Project,
}

/// The files of an agent, those first whose switches are overridden by the later ones; the organisation's come last.
pub(super) fn settings_files(harness: Harness, root: &Path) -> Vec<(Owner, PathBuf)> {
    let mut files = Vec::new();
    let user = settings_file(harness, &Scope::User).ok();
    files.extend(user.map(|file| (Owner::User, file)));
    let project = settings_file(harness, &Scope::Project(root.to_owned())).ok();
    let local = project
        .as_ref()
        .map(|file| file.with_file_name("settings.local.json"));
    files.extend(project.map(|file| (Owner::Project, file)));
    if matches!(harness, Harness::Claude | Harness::Factory) {
        files.extend(local.map(|file| (Owner::Project, file)));
    }
    if harness == Harness::OpenCode {
        let plural = files.clone().into_iter().filter_map(|(owner, file)| {
            let folder = file.parent()?.with_file_name("plugins");
            Some((owner, folder.join("llmspell.js")))
        });
        files.extend(plural.collect::<Vec<_>>());
    }
    let organisation = organisation_file(harness).map(PathBuf::from);
    files.extend(organisation.map(|file| (Owner::Organisation, file)));
    files
}

const fn organisation_file(harness: Harness) -> Option<&'static str> {
    let is_mac = cfg!(target_os = "macos");
    match harness {
        Harness::Claude if is_mac => {
            Some("/Library/Application Support/ClaudeCode/managed-settings.json")
        }
        Harness::Claude if cfg!(windows) => {
            Some("C:/Program Files/ClaudeCode/managed-settings.json")
        }
        Harness::Claude => Some("/etc/claude-code/managed-settings.json"),
        Harness::Cursor if is_mac => Some("/Library/Application Support/Cursor/hooks.json"),
        Harness::Cursor if cfg!(windows) => Some("C:/ProgramData/Cursor/hooks.json"),
        Harness::Cursor => Some("/etc/cursor/hooks.json"),
        Harness::Factory | Harness::OpenCode => None,
    }
}
