//! The cache of compiled modules under attack: whatever lies there, the decision is that of the module itself.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use llmspell_engine::{EngineOptions, PolicyEngine, Verdict};
use tempfile::TempDir;

use super::module::{module, project_of, saying};
use crate::support::event;

const DENYING: &str = r#"[{"result":[{"reason":"no","rule_id":"R"}]}]"#;
const EVENT: &str = r#"{"hook_event_name": "PreToolUse"}"#;

fn denying() -> TempDir {
    project_of(&wat::parse_str(saying(DENYING)).unwrap())
}

fn quiet() -> TempDir {
    project_of(&wat::parse_str(module(&[])).unwrap())
}

fn load(project: &TempDir, cache: &Path) -> PolicyEngine {
    let options = EngineOptions {
        cache: Some(cache.to_owned()),
        ..EngineOptions::default()
    };
    PolicyEngine::load(project.path(), &options).unwrap()
}

/// A directory for a cache that is not there yet.
fn fresh(around: &TempDir) -> PathBuf {
    around.path().join("cache")
}

/// What a project decides that is loaded with this cache.
fn verdict(project: &TempDir, cache: &Path) -> Verdict {
    let decision = load(project, cache).evaluate(&event(EVENT));
    assert_eq!(decision.errors, []);
    decision.decision
}

/// The only file of a cache.
fn only_file(cache: &Path) -> PathBuf {
    let files: Vec<PathBuf> = fs::read_dir(cache)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
}

#[test]
fn a_broken_file_of_the_cache_is_made_again() {
    let (project, around) = (denying(), tempfile::tempdir().unwrap());
    let cache = fresh(&around);
    assert_eq!(verdict(&project, &cache), Verdict::Deny);
    let file = only_file(&cache);
    let whole = fs::read(&file).unwrap();
    let changed = |at: usize| {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        changed
    };
    let broken = [
        Vec::new(),
        whole[..7].to_vec(),
        whole[..40].to_vec(),
        whole[..whole.len() / 2].to_vec(),
        whole[..whole.len() - 1].to_vec(),
        [whole.as_slice(), b"more"].concat(),
        changed(0),
        changed(20),
        changed(whole.len() / 2),
        changed(whole.len() - 1),
    ];
    for content in broken {
        fs::write(&file, &content).unwrap();
        assert_eq!(verdict(&project, &cache), Verdict::Deny);
        let again = fs::read(&file).unwrap();
        assert_ne!(again, content);
        assert_eq!(again.len(), whole.len());
    }
}

#[test]
fn the_code_of_another_module_does_not_stand_in_for_this_one() {
    let (project, around) = (denying(), tempfile::tempdir().unwrap());
    let (own, other) = (fresh(&around), around.path().join("other"));
    assert_eq!(verdict(&project, &own), Verdict::Deny);
    assert_eq!(verdict(&quiet(), &other), Verdict::Allow);
    fs::copy(only_file(&other), only_file(&own)).unwrap();
    assert_eq!(verdict(&project, &own), Verdict::Deny);
}

#[test]
fn a_link_or_a_file_that_others_may_write_is_not_read() {
    let (project, around) = (denying(), tempfile::tempdir().unwrap());
    let cache = fresh(&around);
    assert_eq!(verdict(&project, &cache), Verdict::Deny);
    let file = only_file(&cache);
    let elsewhere = tempfile::tempdir().unwrap();
    let target = elsewhere.path().join("code");
    fs::rename(&file, &target).unwrap();
    symlink(&target, &file).unwrap();
    assert_eq!(verdict(&project, &cache), Verdict::Deny);
    assert!(fs::symlink_metadata(&file).unwrap().is_file());

    fs::set_permissions(&file, fs::Permissions::from_mode(0o622)).unwrap();
    assert_eq!(verdict(&project, &cache), Verdict::Deny);
    let mode = fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_directory_that_others_may_enter_is_not_used() {
    let (project, cache) = (denying(), tempfile::tempdir().unwrap());
    fs::set_permissions(cache.path(), fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(verdict(&project, cache.path()), Verdict::Deny);
    assert_eq!(fs::read_dir(cache.path()).unwrap().count(), 0);

    let file = cache.path().join("a file");
    fs::write(&file, "").unwrap();
    assert_eq!(verdict(&project, &file), Verdict::Deny);
}

#[test]
fn a_module_that_is_swapped_on_disk_decides_from_the_next_load_on() {
    let (project, cache) = (denying(), tempfile::tempdir().unwrap());
    let engine = load(&project, cache.path());
    let before = engine.evaluate(&event(EVENT));
    let path = project.path().join(".cupcake/policies/guard.wasm");
    fs::write(&path, wat::parse_str(module(&[])).unwrap()).unwrap();
    let after = engine.evaluate(&event(EVENT));
    assert_eq!(after.decision, Verdict::Deny);
    assert_eq!(after.policy_digest, before.policy_digest);

    let next = load(&project, cache.path()).evaluate(&event(EVENT));
    assert_eq!(next.decision, Verdict::Allow);
    assert_ne!(next.policy_digest, before.policy_digest);

    fs::write(&path, "").unwrap();
    let last = load(&project, cache.path()).evaluate(&event(EVENT));
    assert_eq!(last.decision, Verdict::Deny);
    assert_eq!(last.errors.len(), 1);
}
