//! Where the project lies whose policies decide.
//!
//! The directory that the event names is not asked: the agent goes where it wants, also to where other policies lie.

use std::path::{Path, PathBuf};

use llmspell_engine::{EngineError, Event, Harness, Project, Value};

/// The project that the command line names, else that of the agent's own project directory, else the nearest one here.
pub(super) fn project(
    named: Option<&Path>,
    harness: Harness,
    event: Option<&Event>,
) -> Result<Project, EngineError> {
    match named {
        Some(path) => Project::at(path),
        None => Project::find(&directory(harness, event)),
    }
}

fn directory(harness: Harness, event: Option<&Event>) -> PathBuf {
    let variable = match harness {
        Harness::Claude => Some("CLAUDE_PROJECT_DIR"),
        Harness::Cursor => Some("CURSOR_PROJECT_DIR"),
        Harness::Factory => Some("FACTORY_PROJECT_DIR"),
        Harness::OpenCode => None,
    };
    let said = variable.and_then(std::env::var_os);
    said.filter(|directory| !directory.is_empty())
        .map(PathBuf::from)
        .or_else(|| workspace(harness, event?))
        .unwrap_or_else(|| PathBuf::from("."))
}

/// The first folder of the workspace, which Cursor names in each event.
fn workspace(harness: Harness, event: &Event) -> Option<PathBuf> {
    let fields = event.value().as_object().ok()?;
    let roots = fields.get(&Value::from("workspace_roots"))?;
    let first = roots.as_array().ok()?.first()?;
    let first = first.as_string().ok()?;
    (harness == Harness::Cursor && !first.is_empty()).then(|| PathBuf::from(first.as_ref()))
}
