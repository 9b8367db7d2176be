//! Projects on disk and decisions as JSON, for every test.

use std::path::Path;

use llmspell_engine::{Decision, EngineOptions, Event, EventLimits, PolicyEngine};
use serde_json::Value as Json;
use tempfile::TempDir;

/// A rulebook that switches off the one guardrail that is on by itself, for tests of what policies alone do.
pub(crate) const UNGUARDED: (&str, &str) = (
    ".cupcake/rulebook.yml",
    "builtins:\n  rulebook_security_guardrails:\n    enabled: false\n",
);

/// A project of these files, relative to its directory.
pub(crate) fn project<'file>(files: impl IntoIterator<Item = (&'file str, &'file str)>) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(directory.path().join(".cupcake/policies")).unwrap();
    for (path, text) in files {
        write(directory.path(), path, text);
    }
    directory
}

/// Writes one file of a project.
pub(crate) fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// Lets a file be executed.
pub(crate) fn make_executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;

    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// The engine of a project with the options that it says itself.
pub(crate) fn engine(project: &TempDir) -> PolicyEngine {
    PolicyEngine::load(project.path(), &EngineOptions::default()).unwrap()
}

/// An event of this text.
pub(crate) fn event(text: &str) -> Event {
    Event::parse(text.as_bytes(), &EventLimits::default()).unwrap()
}

/// A decision as JSON, which must be the same by way of a value.
pub(crate) fn json(decision: &Decision) -> Json {
    let json = serde_json::to_value(decision).unwrap();
    let text = serde_json::to_string(&decision.to_value()).unwrap();
    assert_eq!(json, serde_json::from_str::<Json>(&text).unwrap());
    json
}

/// The text of a decision without what differs from run to run.
pub(crate) fn repeatable(decision: &Decision) -> String {
    let mut json = serde_json::to_value(decision).unwrap();
    let fields = json.as_object_mut().unwrap();
    fields.remove("decision_id").unwrap();
    fields.remove("timings_us").unwrap();
    json.to_string()
}

/// A policy of this name for every tool of `PreToolUse`, with these rules.
pub(crate) fn policy(name: &str, rules: &str) -> String {
    format!(
        "# METADATA\n# custom:\n#   id: {name}\n#   routing:\n#     required_events: [PreToolUse]\npackage cupcake.policies.{name}\n\n{rules}\n"
    )
}
