//! What an evaluation leaves behind: its answer, and nothing else.

use std::path::{Path, PathBuf};

use crate::program::Folder;

const FILE: &str = ".cupcake/policies/claude/guard.rego";
const POLICY: &str = r#"# METADATA
# custom:
#   id: GUARD
#   routing:
#     required_events: [PreToolUse]
package cupcake.policies.guard

deny contains {"rule_id": "RM", "reason": "no deleting", "severity": "HIGH"} if {
    startswith(input.tool_input.command, "rm")
}
"#;
const SETTINGS: &str = "llmspell.toml";
const EVENTS: [&str; 3] = [
    r#"{"hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{"command":"rm x"}}"#,
    r#"{"hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{"command":"ls"}}"#,
    r#"{"hook_event_name":"SessionStart","source":"startup"}"#,
];

/// Every file below a folder, by its path in it.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut pending = vec![folder.to_owned()];
    while let Some(folder) = pending.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                pending.push(entry.path());
            } else {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    files
}

/// Evaluates every event and gives what was written to standard error.
fn evaluate(folder: &Folder, temporary: &Path, opa: Option<&Path>) -> String {
    let mut said = String::new();
    for (index, event) in EVENTS.iter().enumerate() {
        let name = format!("event{index}.json");
        std::fs::write(folder.path().join(&name), event).unwrap();
        let mut command = folder.command(&["eval", "--json", &name]);
        command.env("TMPDIR", temporary);
        if let Some(opa) = opa {
            command.env("OPA", opa);
        }
        let output = command.output().unwrap();
        let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(answer["errors"], serde_json::json!([]), "{event}");
        said += &String::from_utf8(output.stderr).unwrap();
        std::fs::remove_file(folder.path().join(&name)).unwrap();
    }
    said
}

#[test]
fn an_evaluation_is_silent_and_leaves_no_file_behind() {
    let folder = Folder::new(&[(FILE, POLICY)]);
    let temporary = tempfile::tempdir().unwrap();
    let before = files(folder.path());
    assert_eq!(evaluate(&folder, temporary.path(), None), "");
    assert_eq!(files(folder.path()), before);
    assert_eq!(files(temporary.path()), Vec::<PathBuf>::new());
}

#[test]
fn an_evaluation_on_webassembly_is_silent_and_leaves_nothing_but_its_private_cache() {
    use std::os::unix::fs::PermissionsExt as _;

    let Some(opa) = opa() else {
        return;
    };
    let settings = "[policy]\nevaluator = \"wasm\"\n";
    let folder = Folder::new(&[(FILE, POLICY), (SETTINGS, settings)]);
    let temporary = tempfile::tempdir().unwrap();
    let before = files(folder.path());
    assert_eq!(evaluate(&folder, temporary.path(), Some(&opa)), "");
    assert_eq!(files(temporary.path()), Vec::<PathBuf>::new());
    let cache = folder.path().join(".home/cache/llmspell/wasm");
    let kept = files(folder.path());
    let (cached, others): (Vec<PathBuf>, Vec<PathBuf>) =
        kept.into_iter().partition(|path| path.starts_with(&cache));
    assert_eq!(others, before);
    assert!(!cached.is_empty());
    let mode = std::fs::metadata(&cache).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    // The same policies again: nothing is compiled, so that nothing is added and no `opa` is needed.
    assert_eq!(
        evaluate(&folder, temporary.path(), Some(Path::new("/nowhere/opa"))),
        ""
    );
    assert_eq!(files(&cache), cached);
}

/// The `opa` of the tests, as that of the engine's tests.
fn opa() -> Option<PathBuf> {
    let named = std::env::var_os("OPA").map(PathBuf::from);
    let tools = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("tools");
    let installed = tools.join(format!("opa-1.7.1{}", std::env::consts::EXE_SUFFIX));
    named.or_else(|| installed.is_file().then_some(installed))
}
