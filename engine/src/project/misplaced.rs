//! Policies that lie where nothing reads them, so that they are not passed over in silence.

use std::path::Path;

use walkdir::WalkDir;

use super::{ending, read_text};
use crate::metadata;
use crate::open_folder::Entry;
use crate::policy_loader::Languages;

/// The folders of `.cupcake/` that are read, and those that hold no policies.
const FOLDERS: [&str; 10] = [
    "actions",
    "audit",
    "debug",
    "helpers",
    "policies",
    "signals",
    "system",
    "telemetry",
    "tests",
    "watchdog",
];
/// How deep, and at how many files, an unknown folder is looked at.
const MAX_DEPTH: usize = 8;
const MAX_ENTRIES: usize = 1_000;

/// What is wrong with such a file or folder.
pub(super) const MESSAGE: &str =
    "policies are read from `.cupcake/policies/` only: move what lies here there";

/// The policy files right inside `.cupcake/`, and the unknown folders there that hold some, in their order.
pub(super) fn find(cupcake: &Path, entries: &[Entry], languages: &Languages) -> Vec<String> {
    let unknown = entries.iter().filter(|entry| !is_known(&entry.shown()));
    let mut found: Vec<String> = unknown
        .filter(|entry| holds_policy(&cupcake.join(entry.file_name()), languages))
        .map(|entry| entry.shown().into_owned())
        .collect();
    found.sort();
    found
}

fn is_known(name: &str) -> bool {
    name.starts_with('.') || FOLDERS.contains(&name)
}

fn holds_policy(path: &Path, languages: &Languages) -> bool {
    WalkDir::new(path)
        .follow_links(true)
        .max_depth(MAX_DEPTH)
        .into_iter()
        .take(MAX_ENTRIES)
        .flatten()
        .any(|entry| {
            let name = entry.file_name().to_string_lossy();
            let is_module = entry.depth() == 0 && name.to_lowercase().ends_with(".wasm");
            entry.file_type().is_file()
                && (is_module || is_rego(&name) || is_script(entry.path(), &name, languages))
        })
}

/// Whether a file is Rego, and not a test.
fn is_rego(name: &str) -> bool {
    let name = name.to_lowercase();
    name.ends_with(".rego") && !name.ends_with("_test.rego") && !name.starts_with('.')
}

/// Whether a file is a script that says of itself that it is a policy: others belong to signals and actions.
fn is_script(path: &Path, name: &str, languages: &Languages) -> bool {
    let Some(comment) = ending::comment(name, languages) else {
        return false;
    };
    read_text(path).is_ok_and(|text| metadata::first_block(&text, comment).is_some())
}
