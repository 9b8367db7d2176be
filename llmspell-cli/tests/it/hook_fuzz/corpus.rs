//! The events from which others are made: those of the examples and of the engine's tests, and one for each name.

use std::fs;
use std::path::Path;

use llmspell_engine::{Event, EventLimits, Harness};
use serde_json::{Value as Json, json};

/// Events that can be read.
pub(super) struct Corpus {
    pub(super) events: Vec<Json>,
}

impl Corpus {
    pub(super) fn of_the_repository() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let mut events = Vec::new();
        for folder in ["examples", "engine/tests"] {
            collect(&root.join(folder), &mut events);
        }
        assert!(events.len() >= 20, "{} events", events.len());
        events.extend(Harness::ALL.into_iter().flat_map(named));
        Self { events }
    }
}

/// Every event of a folder, and of those in it.
fn collect(folder: &Path, events: &mut Vec<Json>) {
    let mut paths: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(&path, events);
        } else if path.extension().is_some_and(|ending| ending == "json") {
            let text = fs::read(&path).unwrap();
            if Event::parse(&text, &EventLimits::default()).is_ok() {
                events.push(serde_json::from_slice(&text).unwrap());
            }
        }
    }
}

/// One event of each name that an agent program sends.
fn named(harness: Harness) -> Vec<Json> {
    let named = harness.events().map(|name| match harness {
        Harness::Claude => json!({
            "hook_event_name": name, "session_id": "s", "cwd": "/work", "permission_mode": "default",
            "tool_name": "Bash", "tool_input": {"command": "ls -l"}, "prompt": "do it"
        }),
        Harness::Cursor => json!({
            "hook_event_name": name, "conversation_id": "c", "workspace_roots": ["/work"],
            "command": "ls -l", "cwd": "/work", "file_path": "/work/a.rs", "content": "x", "prompt": "do it"
        }),
        Harness::Factory => json!({
            "hookEventName": name, "sessionId": "s", "permissionMode": "off",
            "tool_name": "Write", "tool_input": {"file_path": "/etc/passwd", "content": "x"}
        }),
        Harness::OpenCode => json!({
            "hook_event_name": name, "session_id": "s", "tool": "bash", "args": {"command": "git push --force"}
        }),
    });
    named.collect()
}
