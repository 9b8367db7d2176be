//! The settings of an agent as it reads them: all its files, with what stands in them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use llmspell_engine::Harness;

use super::places::{Owner, settings_files};
use crate::agent_settings::{Document, Node, groups, hook_call, is_our_plugin};
use crate::hook::Budget;
use crate::settings::Settings;

/// How long settings may be, in bytes.
const LONGEST: usize = 1 << 20;

/// All settings files of an agent that are there.
#[derive(Debug)]
pub(super) struct Layers {
    pub(super) harness: Harness,
    pub(super) root: PathBuf,
    pub(super) files: Vec<Layer>,
    /// Seconds within which the hook answers, whatever happens.
    pub(super) deadline: f64,
}

/// One settings file.
#[derive(Debug)]
pub(super) struct Layer {
    pub(super) owner: Owner,
    pub(super) path: PathBuf,
    /// What it holds, or why it cannot be read.
    pub(super) text: Result<String, String>,
}

impl Layers {
    /// Reads the files that are there.
    pub(super) fn read(harness: Harness, root: &Path) -> Self {
        let files = settings_files(harness, root).into_iter();
        let there = files.filter(|(_, path)| path.symlink_metadata().is_ok());
        let files = there.map(|(owner, path)| Layer {
            owner,
            text: llmspell_utils::read_text(&path, LONGEST),
            path,
        });
        Self {
            harness,
            root: root.to_owned(),
            files: files.collect(),
            deadline: deadline(root).as_secs_f64(),
        }
    }

    /// Whether any of the files calls `llmspell hook`.
    pub(super) fn calls_us(&self) -> bool {
        self.files.iter().any(|layer| {
            let Ok(text) = &layer.text else { return false };
            match self.harness {
                Harness::OpenCode => is_our_plugin(text),
                _ => commands(self.harness, text)
                    .iter()
                    .any(|line| hook_call(line).is_some()),
            }
        })
    }

    /// A path as people know it: relative to the project where it lies in it.
    pub(super) fn shown(&self, path: &Path) -> String {
        let path = path.strip_prefix(&self.root).unwrap_or(path);
        path.display().to_string()
    }
}

/// How long the hook takes at most, as the project says.
fn deadline(root: &Path) -> Duration {
    // What is wrong with the file is told where the project is looked at.
    let said = Settings::for_hook(root)
        .ok()
        .and_then(|settings| settings.deadline);
    said.unwrap_or(Budget::USUAL)
}

fn commands(harness: Harness, text: &str) -> Vec<String> {
    let Ok(document) = Document::parse(text) else {
        return Vec::new();
    };
    let events = document.root.get("hooks").and_then(Node::members);
    let events = events.unwrap_or_default().iter();
    let found = events.flat_map(|event| groups(harness, &event.value));
    found
        .filter_map(|found| found.command().map(str::to_owned))
        .collect()
}
