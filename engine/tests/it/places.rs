//! Policies that lie where nothing would read them are errors of every decision.

use std::path::Path;

use llmspell_engine::Verdict;
use tempfile::TempDir;

use crate::support::{engine, event, policy, project, write};

const ASK: &str = "ask contains {\"reason\": \"x\"}";

/// The errors of a decision as `kind policy file: message`; with any, the decision must be a deny.
fn errors(project: &TempDir) -> Vec<String> {
    let decision = engine(project).evaluate(&event(r#"{"hook_event_name": "Stop"}"#));
    let expected = if decision.errors.is_empty() {
        Verdict::Allow
    } else {
        Verdict::Deny
    };
    assert_eq!(decision.decision, expected);
    let errors = decision.errors.iter();
    errors
        .map(|error| {
            format!(
                "{} {} {}: {}",
                error.kind.code(),
                error.policy,
                error.file.as_deref().unwrap_or_default(),
                error.message
            )
        })
        .collect()
}

/// The errors of a project with a sound policy, and with another at this path.
fn errors_of(path: &str) -> Vec<String> {
    let (sound, other) = (policy("sound", ASK), policy("other", ASK));
    errors(&project([
        (".cupcake/policies/sound.rego", sound.as_str()),
        (path, other.as_str()),
    ]))
}

#[test]
fn a_project_without_policies_is_an_error_and_allows_nothing() {
    let none = "load project .cupcake/policies: there are no policies for `claude` in `.cupcake/policies`: write one, or switch on a guardrail in the rulebook";
    assert_eq!(errors(&project([])), [none]);
    let helper = "package cupcake.helpers.h\n\nx := 1\n";
    assert_eq!(
        errors(&project([(".cupcake/policies/h.rego", helper)])),
        [none]
    );
    let bare = tempfile::tempdir().unwrap();
    std::fs::create_dir(bare.path().join(".cupcake")).unwrap();
    assert_eq!(errors(&bare), [none]);
}

#[test]
fn a_project_with_policies_for_other_harnesses_only_says_so() {
    let text = policy("p", ASK);
    let project = project([
        (".cupcake/policies/cursor/p.rego", text.as_str()),
        (".cupcake/policies/factory/p.rego", text.as_str()),
    ]);
    assert_eq!(
        errors(&project),
        [
            "load project .cupcake/policies: there are no policies for `claude` in `.cupcake/policies`: write one, or switch on a guardrail in the rulebook"
        ]
    );
}

#[test]
fn policies_that_are_a_file_are_an_error() {
    let project = tempfile::tempdir().unwrap();
    write(project.path(), ".cupcake/policies", &policy("p", ASK));
    assert_eq!(
        errors(&project),
        [
            "load policies .cupcake/policies: this is a file: make it a folder and put the policies into it"
        ]
    );
}

#[test]
fn a_policy_outside_the_folder_of_policies_is_an_error() {
    let error = |id: &str, file: &str| {
        [format!(
            "load {id} {file}: policies are read from `.cupcake/policies/` only: move what lies here there"
        )]
    };
    assert_eq!(
        errors_of(".cupcake/policies.rego"),
        error("policies", ".cupcake/policies.rego")
    );
    assert_eq!(
        errors_of(".cupcake/other.REGO"),
        error("other", ".cupcake/other.REGO")
    );
    assert_eq!(
        errors_of(".cupcake/policy/deep/other.rego"),
        error("policy", ".cupcake/policy")
    );
    assert_eq!(
        errors_of(".cupcake/Policies/other.rego"),
        error("Policies", ".cupcake/Policies")
    );
}

#[test]
fn what_cannot_be_meant_as_a_policy_is_passed_over() {
    for path in [
        ".cupcake/notes.md",
        ".cupcake/other_test.rego",
        ".cupcake/tests/other.rego",
        ".cupcake/scripts/run.js",
        ".cupcake/.hidden/other.rego",
        ".cupcake/policies/.other.rego",
        ".cupcake/policies/other.rego.txt",
        "other.rego",
    ] {
        assert_eq!(errors_of(path), Vec::<String>::new(), "{path}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_or_folder_whose_name_is_not_utf_8_is_an_error() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    for name in [
        &b"\xff.rego"[..],
        b"p.re\xffgo",
        b"\xff/p.rego",
        b"\xff/cursor/p.rego",
    ] {
        let text = policy("sound", ASK);
        let project = project([(".cupcake/policies/sound.rego", text.as_str())]);
        let path = project
            .path()
            .join(".cupcake/policies")
            .join(Path::new(OsStr::from_bytes(name)));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, policy("other", ASK)).unwrap();
        let errors = errors(&project);
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert!(
            errors[0].ends_with(": the name is not UTF-8: rename it"),
            "{errors:?}"
        );
    }
}
