//! What somebody does who may write to a signed project and has no key.

use std::os::unix::fs::{PermissionsExt as _, symlink};

use llmspell_engine::{
    EngineOptions, PolicyEngine, SignatureAlgorithm, TestOptions, Verdict, run_tests,
};

use super::{GUARD, HELLO, LIST, Signed, policy};
use crate::support::{event, make_executable, write};

const STOP: &str = r#"{"hook_event_name": "Stop"}"#;

fn permit(path: &std::path::Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_refused_file_is_named_by_its_path_and_its_policy_by_the_name_of_the_file() {
    let signed = Signed::new(SignatureAlgorithm::Ed25519);
    // What the file says of itself is not read.
    let text = policy("hello", "add_context contains \"x\"");
    write(
        signed.root(),
        GUARD,
        &text.replace("# custom:\n", "# custom:\n#   id: HELLO\n"),
    );
    write(
        signed.root(),
        "llmspell.toml",
        "[policy]\nharness = \"cursor\"\n",
    );
    std::fs::remove_file(signed.root().join(HELLO)).unwrap();
    let errors = signed.decide().errors;
    let named: Vec<_> = errors
        .iter()
        .map(|error| (&*error.policy, error.file.as_deref().unwrap()))
        .collect();
    assert_eq!(
        named[..3],
        [
            ("project", "llmspell.toml"),
            ("guard", GUARD),
            ("hello", HELLO)
        ]
    );
}

#[test]
fn a_signature_does_not_hold_for_another_list_by_the_same_key() {
    let signed = Signed::new(SignatureAlgorithm::Ed25519);
    let list = || std::fs::read_to_string(signed.root().join(LIST)).unwrap();
    let first = list();
    write(
        signed.root(),
        GUARD,
        &policy("guard", "add_context contains \"second\""),
    );
    signed.store().sign(&signed.at(), None).unwrap();
    let second = list();
    let header = |list: &str| list.split_once('\n').unwrap().0.to_owned();
    let body = |list: &str| list.split_once('\n').unwrap().1.to_owned();
    for swapped in [
        format!("{}\n{}", header(&first), body(&second)),
        format!("{}\n{}", header(&second), body(&first)),
    ] {
        std::fs::write(signed.root().join(LIST), swapped).unwrap();
        let refusals = signed.refusals();
        assert!(
            refusals[0].1.contains("its signature is wrong"),
            "{refusals:?}"
        );
    }
}

#[test]
fn the_list_of_another_project_by_the_same_key_does_not_hold() {
    let signed = Signed::new(SignatureAlgorithm::Ed25519);
    let other = crate::support::project([(GUARD, policy("guard", "").as_str())]);
    let other_project = llmspell_engine::Project::at(other.path()).unwrap();
    signed
        .store()
        .init(&other_project, SignatureAlgorithm::Ed25519, None)
        .unwrap();
    std::fs::copy(other.path().join(LIST), signed.root().join(LIST)).unwrap();
    std::fs::copy(other.path().join(GUARD), signed.root().join(GUARD)).unwrap();
    let refusals = signed.refusals();
    assert!(
        refusals[0].1.contains("it is that of another project"),
        "{refusals:?}"
    );
}

#[test]
fn an_unsigned_helper_changes_nothing_that_a_policy_sees() {
    let signed = Signed::new(SignatureAlgorithm::Ed25519);
    for path in [
        ".cupcake/helpers/list.rego",
        ".cupcake/policies/helpers/list.rego",
        ".cupcake/system/evaluate.rego",
    ] {
        write(
            signed.root(),
            path,
            "package cupcake.helpers.list\nallowed := true\n",
        );
        let refusals = signed.refusals();
        assert_eq!(refusals.len(), 1, "{refusals:?}");
        assert_eq!(refusals[0].0, path);
        std::fs::remove_file(signed.root().join(path)).unwrap();
    }
    assert_eq!(signed.decide().decision, Verdict::Allow);
}

#[test]
fn a_link_in_place_of_a_policy_counts_by_what_it_leads_to() {
    let signed = Signed::new(SignatureAlgorithm::Ed25519);
    let outside = tempfile::tempdir().unwrap();
    let guard = signed.root().join(GUARD);
    let target = outside.path().join("guard.rego");
    std::fs::rename(&guard, &target).unwrap();
    symlink(&target, &guard).unwrap();
    assert_eq!(signed.decide().decision, Verdict::Allow, "the same bytes");

    std::fs::write(&target, policy("guard", "add_context contains \"outside\"")).unwrap();
    assert_eq!(signed.refusals()[0].0, GUARD);

    std::fs::remove_file(&guard).unwrap();
    symlink(
        outside.path(),
        signed.root().join(".cupcake/policies/linked"),
    )
    .unwrap();
    let refused: Vec<String> = signed
        .refusals()
        .into_iter()
        .map(|(file, _)| file)
        .collect();
    assert_eq!(refused, [".cupcake/policies/linked/guard.rego", GUARD]);
}

#[test]
fn a_script_of_a_command_that_was_changed_after_the_project_was_loaded_does_not_run() {
    let signed = Signed::new(SignatureAlgorithm::Ed25519);
    let root = signed.root();
    write(root, "script.sh", "#!/bin/sh\necho signed\n");
    make_executable(&root.join("script.sh"));
    write(
        root,
        ".cupcake/rulebook.yml",
        "signals:\n  script:\n    command: ./script.sh\n",
    );
    let needs = "# METADATA\n# custom:\n#   routing:\n#     required_events: [Stop]\n#     required_signals: [script]\npackage cupcake.policies.guard\nadd_context contains input.signals.script\n";
    write(root, GUARD, needs);
    signed.store().sign(&signed.at(), None).unwrap();
    let engine = PolicyEngine::load(root, &signed.options()).unwrap();
    let decision = engine.evaluate(&event(STOP));
    assert_eq!(decision.errors, []);

    write(root, "script.sh", "#!/bin/sh\ntouch ran\necho signed\n");
    let decision = engine.evaluate(&event(STOP));
    assert_eq!(decision.decision, Verdict::Deny);
    assert_eq!(
        decision.errors[0].message,
        "the signal `script` could not be started: `script.sh` was changed after it was signed"
    );
    assert!(!root.join("ran").exists());
}

#[test]
fn a_changed_script_of_a_guardrail_does_not_run() {
    let signed = Signed::new(SignatureAlgorithm::Ed25519);
    let root = signed.root();
    write(root, "check.sh", "exit 0\n");
    write(
        root,
        ".cupcake/rulebook.yml",
        "builtins:\n  git_pre_check:\n    enabled: true\n    checks:\n      - command: sh ./check.sh\n        message: checked\n",
    );
    signed.store().sign(&signed.at(), None).unwrap();
    let commit = event(
        r#"{"hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_input": {"command": "git commit -m x"}}"#,
    );
    let decide = || {
        let engine = PolicyEngine::load(root, &signed.options()).unwrap();
        engine.evaluate(&commit)
    };
    let decision = decide();
    assert_eq!(
        (decision.decision, decision.errors),
        (Verdict::Allow, vec![])
    );

    write(root, "check.sh", "touch ran\n");
    let decision = decide();
    assert!(decision.decision.refuses(), "{decision:?}");
    assert_eq!(decision.errors[0].file.as_deref(), Some("check.sh"));
    assert!(!root.join("ran").exists());
}

#[test]
fn keys_that_others_can_use_or_change_are_refused() {
    let signed = Signed::new(SignatureAlgorithm::Ed25519);
    let key = signed.keys.path().join("ed25519.pem");
    permit(&key, 0o644);
    let own = signed.store().sign(&signed.at(), None).unwrap_err();
    let named = signed.store().sign(&signed.at(), Some(&key)).unwrap_err();
    for error in [own, named] {
        assert_eq!(
            error.message,
            "others than its owner may read the file, so that it proves nothing"
        );
        assert!(error.help.contains("chmod 600"), "{}", error.help);
    }
    assert_eq!(
        signed.decide().decision,
        Verdict::Allow,
        "deciding needs no private key"
    );
    permit(&signed.keys.path().join("projects.json"), 0o666);
    let refusals = signed.refusals();
    assert!(
        refusals[0].1.contains("others than its owner may change"),
        "{refusals:?}"
    );

    let secret = Signed::new(SignatureAlgorithm::HmacSha256);
    permit(&secret.keys.path().join("hmac-sha256.pem"), 0o640);
    let refusals = secret.refusals();
    assert!(
        refusals[0].1.contains("others than its owner may read"),
        "{refusals:?}"
    );
}

#[test]
fn tests_run_before_what_they_test_is_signed_and_decide_nothing() {
    let signed = Signed::new(SignatureAlgorithm::Ed25519);
    write(
        signed.root(),
        GUARD,
        &policy(
            "guard",
            "deny contains {\"reason\": \"new\", \"rule_id\": \"G\", \"severity\": \"LOW\"} if input.new",
        ),
    );
    write(
        signed.root(),
        ".cupcake/policies/guard_test.rego",
        "package cupcake.policies.guard_test\nimport data.cupcake.policies.guard\ntest_new if count(guard.deny) == 1 with input as {\"new\": true}\n",
    );
    let options: EngineOptions = signed.options();
    let report = run_tests(signed.root(), &options, &TestOptions::default()).unwrap();
    assert_eq!((report.passed(), report.results.len()), (1, 1));
    let refused: Vec<String> = signed
        .refusals()
        .into_iter()
        .map(|(file, _)| file)
        .collect();
    assert_eq!(refused, [GUARD, ".cupcake/policies/guard_test.rego"]);
}
