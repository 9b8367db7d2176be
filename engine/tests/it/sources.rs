//! What is read of the folders of a project, through links and however deep, and what is refused there.

use std::path::Path;

use llmspell_engine::{EngineErrorKind, EngineOptions, PolicyEngine, Verdict, inspect_project};
use tempfile::TempDir;

use crate::support::{engine, event, policy, project, write};

const DENY: &str = "deny contains {\"reason\": \"found\"}";
const CALL: &str = r#"{"hook_event_name": "PreToolUse", "tool_name": "Bash"}"#;

/// The errors of a decision as `file: message`; with any, the decision must be a refusal.
fn errors(project: &TempDir) -> Vec<String> {
    let decision = engine(project).evaluate(&event(CALL));
    assert!(decision.errors.is_empty() || decision.decision.refuses());
    let errors = decision.errors.iter();
    errors
        .map(|error| {
            let file = error.file.as_deref().unwrap_or_default();
            format!("{file}: {}", error.message)
        })
        .collect()
}

#[test]
fn policies_are_read_however_deep_they_lie() {
    let folder = ".cupcake/policies/".to_owned() + &"d/".repeat(300);
    let path = format!("{folder}deep.rego");
    let project = project([(path.as_str(), policy("deep", DENY).as_str())]);
    let decision = engine(&project).evaluate(&event(CALL));
    assert_eq!(decision.reason, "found");
    assert_eq!(*decision.rules[0].file, path);
    std::fs::write(project.path().join(&folder).join("broken.rego"), "x").unwrap();
    assert_eq!(errors(&project).len(), 1);
}

#[test]
fn what_is_passed_over_is_listed_as_the_folders_hold_it() {
    let sound = policy("sound", DENY);
    let project = project([
        (".cupcake/system/notes.txt", ""),
        (".cupcake/policies/sound.rego", sound.as_str()),
        (".cupcake/policies/a-b.txt", ""),
        (".cupcake/policies/a/z.txt", ""),
        (".cupcake/policies/a/c/y.txt", ""),
        (".cupcake/policies/a.txt", ""),
        (".cupcake/policies/.hidden/x.rego", ""),
        (".cupcake/policies/cursor/x.txt", ""),
        (".cupcake/policies/claude/builtins/x.txt", ""),
        (".cupcake/policies/claude/own.txt", ""),
    ]);
    let inspection = inspect_project(project.path(), &EngineOptions::default()).unwrap();
    assert_eq!(
        inspection.passed_over,
        [
            ".cupcake/policies/a/c/y.txt",
            ".cupcake/policies/a/z.txt",
            ".cupcake/policies/a-b.txt",
            ".cupcake/policies/a.txt",
            ".cupcake/policies/claude/own.txt",
            ".cupcake/system/notes.txt",
        ]
    );
}

#[test]
fn more_files_than_any_project_has_are_refused() {
    let project = project([(".cupcake/policies/0.rego", "")]);
    let policies = project.path().join(".cupcake/policies");
    for number in 1..=10_000 {
        std::fs::File::create(policies.join(format!("{number}.rego"))).unwrap();
    }
    let error = PolicyEngine::load(project.path(), &EngineOptions::default()).unwrap_err();
    assert_eq!(error.kind, EngineErrorKind::Read);
    assert_eq!(
        error.message,
        "the project holds more than 10000 policy files"
    );
    assert_eq!(error.place.unwrap().file, ".cupcake/policies");
}

#[test]
fn policies_for_other_events_are_policies() {
    let other = policy("other", DENY).replace("PreToolUse", "PostToolUse");
    let project = project([(".cupcake/policies/other.rego", other.as_str())]);
    let options = EngineOptions::default();
    let once = PolicyEngine::decide_once(project.path(), &event(CALL), &options).unwrap();
    assert_eq!((once.decision, once.errors), (Verdict::Allow, Vec::new()));
    let loaded = PolicyEngine::load_for(project.path(), &event(CALL), &options).unwrap();
    assert!(
        loaded
            .policies()
            .iter()
            .all(|policy| policy.evaluator == "guardrail")
    );
    assert_eq!(once.policy_digest, engine(&project).digest());
}

#[cfg(unix)]
mod of_links_and_pipes {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_that_lead_to_each_other_are_followed_until_they_lead_back() {
        let project = project([
            (".cupcake/policies/a/one.rego", policy("one", DENY).as_str()),
            (".cupcake/policies/b/note.txt", ""),
        ]);
        let policies = project.path().join(".cupcake/policies");
        symlink("../b", policies.join("a/to_b")).unwrap();
        symlink("../a", policies.join("b/to_a")).unwrap();
        let back = "the link leads back to a folder that holds it";
        let twice =
            "the package `cupcake.policies.one` is that of `.cupcake/policies/a/one.rego` already";
        assert_eq!(
            errors(&project),
            [
                format!(".cupcake/policies/a/to_b/to_a: {back}"),
                format!(".cupcake/policies/b/to_a/one.rego: {twice}"),
                format!(".cupcake/policies/b/to_a/to_b: {back}"),
            ]
        );
    }

    #[test]
    fn a_link_that_leads_nowhere_is_an_error_even_if_it_is_hidden() {
        let sound = policy("sound", DENY);
        let project = project([(".cupcake/policies/sound.rego", sound.as_str())]);
        let policies = project.path().join(".cupcake/policies");
        symlink("nobody@machine.1:2", policies.join(".#sound.rego")).unwrap();
        symlink("itself", policies.join("itself")).unwrap();
        assert_eq!(
            errors(&project),
            [
                ".cupcake/policies/.#sound.rego: the link leads nowhere",
                ".cupcake/policies/itself: it cannot be read: filesystem loop or indirection limit (e.g. symlink loop)",
            ]
        );
    }

    #[test]
    fn the_folder_of_policies_may_be_a_link_and_must_lead_somewhere() {
        let outside = tempfile::tempdir().unwrap();
        write(outside.path(), "linked.rego", &policy("linked", DENY));
        let project = project([(".cupcake/rulebook.yml", "")]);
        let policies = project.path().join(".cupcake/policies");
        let _ = std::fs::remove_dir_all(&policies);
        for (target, expected) in [
            (outside.path(), None),
            (Path::new("nowhere"), Some("the link leads nowhere")),
            (
                Path::new("rulebook.yml"),
                Some("this is a file: make it a folder and put the policies into it"),
            ),
        ] {
            symlink(target, &policies).unwrap();
            let expected = expected.map(|why| format!(".cupcake/policies: {why}"));
            assert_eq!(errors(&project).first(), expected.as_ref());
            std::fs::remove_file(&policies).unwrap();
        }
    }

    #[test]
    fn a_pipe_and_a_device_are_errors_and_nobody_waits_for_them() {
        let sound = policy("sound", DENY);
        let project = project([(".cupcake/policies/sound.rego", sound.as_str())]);
        let policies = project.path().join(".cupcake/policies");
        let made = std::process::Command::new("mkfifo")
            .arg(policies.join("pipe.rego"))
            .status();
        assert!(made.unwrap().success());
        symlink("/dev/zero", policies.join("device.rego")).unwrap();
        symlink("/dev/null", policies.join("nothing.txt")).unwrap();
        let why = "the file is not a regular file";
        assert_eq!(
            errors(&project),
            [
                format!(".cupcake/policies/device.rego: {why}"),
                format!(".cupcake/policies/pipe.rego: {why}"),
            ]
        );
    }
}
