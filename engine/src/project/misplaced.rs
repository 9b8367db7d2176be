//! Policies that lie where nothing reads them, so that they are not passed over in silence.

use std::path::{Path, PathBuf};

use walkdir::WalkDir;

/// The folders of `.cupcake/` that are read, and those that hold no policies.
const FOLDERS: [&str; 9] = [
    "actions",
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
pub(super) fn find(cupcake: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(cupcake).into_iter().flatten();
    let mut found: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| !is_known(path) && holds_policy(path))
        .collect();
    found.sort();
    found
}

fn is_known(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy());
    name.is_none_or(|name| name.starts_with('.') || FOLDERS.contains(&name.as_ref()))
}

fn holds_policy(path: &Path) -> bool {
    WalkDir::new(path)
        .follow_links(true)
        .max_depth(MAX_DEPTH)
        .into_iter()
        .take(MAX_ENTRIES)
        .flatten()
        .any(|entry| entry.file_type().is_file() && is_policy(entry.path()))
}

/// Whether a file is Rego, and not a test.
fn is_policy(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy());
    name.is_some_and(|name| {
        let name = name.to_lowercase();
        name.ends_with(".rego") && !name.ends_with("_test.rego") && !name.starts_with('.')
    })
}
