//! Signed projects: what is not as it was signed decides nothing, and is never an allow.

mod attacks;

use std::path::Path;

use llmspell_engine::{
    Decision, EngineOptions, FileTrust, KeyStore, Mode, PolicyEngine, Project, SignatureAlgorithm,
    TrustOptions, Verdict,
};
use tempfile::TempDir;

use crate::support::{event, make_executable, project, write};

const GUARD: &str = ".cupcake/policies/guard.rego";
const HELLO: &str = ".cupcake/policies/hello.rego";
const LIST: &str = ".cupcake/trust.manifest";

fn policy(name: &str, rule: &str) -> String {
    format!(
        "# METADATA\n# custom:\n#   routing:\n#     required_events: [Stop]\npackage cupcake.policies.{name}\n{rule}\n"
    )
}

/// A project with two policies of which none refuses, and a store of keys beside it.
struct Signed {
    project: TempDir,
    keys: TempDir,
}

impl Signed {
    fn new(algorithm: SignatureAlgorithm) -> Self {
        let files = [
            (
                GUARD,
                policy(
                    "guard",
                    "deny contains {\"reason\": \"no\", \"rule_id\": \"G\", \"severity\": \"LOW\"} if input.bad",
                ),
            ),
            (HELLO, policy("hello", "add_context contains \"hello\"")),
        ];
        let signed = Self {
            project: project(files.iter().map(|(path, text)| (*path, text.as_str()))),
            keys: tempfile::tempdir().unwrap(),
        };
        signed.store().init(&signed.at(), algorithm, None).unwrap();
        signed
    }

    fn store(&self) -> KeyStore {
        KeyStore::at(self.keys.path())
    }

    fn root(&self) -> &Path {
        self.project.path()
    }

    fn at(&self) -> Project {
        Project::at(self.root()).unwrap()
    }

    fn options(&self) -> EngineOptions {
        EngineOptions {
            trust: TrustOptions::Store(self.store()),
            ..EngineOptions::default()
        }
    }

    /// The decision about an event that no policy refuses.
    fn decide(&self) -> Decision {
        let event = event(r#"{"hook_event_name": "Stop"}"#);
        let engine = PolicyEngine::load(self.root(), &self.options()).unwrap();
        let decision = engine.evaluate(&event);
        let once = PolicyEngine::decide_once(self.root(), &event, &self.options()).unwrap();
        assert_eq!(once.decision, decision.decision);
        decision
    }

    /// Each error's file and message, after it was made sure that the decision is a denial for want of trust.
    fn refusals(&self) -> Vec<(String, String)> {
        let decision = self.decide();
        assert_eq!(decision.decision, Verdict::Deny, "{decision:?}");
        let trust = decision
            .errors
            .iter()
            .filter(|error| error.kind.code() == "trust");
        trust
            .map(|error| {
                (
                    error.file.as_deref().unwrap().to_owned(),
                    error.message.clone(),
                )
            })
            .collect()
    }
}

#[test]
fn what_is_as_it_was_signed_decides() {
    for algorithm in [SignatureAlgorithm::Ed25519, SignatureAlgorithm::HmacSha256] {
        let signed = Signed::new(algorithm);
        let decision = signed.decide();
        assert_eq!(
            (decision.decision, decision.errors),
            (Verdict::Allow, vec![])
        );
        assert_eq!(decision.context.len(), 1);
        assert!(signed.store().verify(&signed.at()).unwrap().is_trusted());
    }
}

#[test]
fn a_signal_whose_file_was_changed_does_not_run() {
    let needs = |name: &str, signal: &str| {
        format!(
            "# METADATA\n# custom:\n#   routing:\n#     required_events: [Stop]\n#     required_signals: [{signal}]\npackage cupcake.policies.{name}\nadd_context contains input.signals.{signal}\n"
        )
    };
    let signed = Signed::new(SignatureAlgorithm::Ed25519);
    let root = signed.root();
    for path in [".cupcake/signals/file.sh", "script.sh"] {
        write(root, path, "#!/bin/sh\necho signed\n");
        make_executable(&root.join(path));
    }
    write(
        root,
        ".cupcake/rulebook.yml",
        "signals:\n  script:\n    command: ./script.sh\n",
    );
    write(root, GUARD, &needs("guard", "file"));
    write(root, HELLO, &needs("hello", "script"));
    signed.store().sign(&signed.at(), None).unwrap();
    let decision = signed.decide();
    assert_eq!((decision.context.len(), decision.errors), (1, vec![]));

    let event = event(r#"{"hook_event_name": "Stop"}"#);
    let engine = PolicyEngine::load(root, &signed.options()).unwrap();
    let evil = "#!/bin/sh\ntouch ran\necho signed\n";
    write(root, ".cupcake/signals/file.sh", evil);
    let decision = engine.evaluate(&event);
    assert_eq!(
        decision.errors[0].message,
        "the signal `file` could not be started: its file was changed after it was signed"
    );
    write(root, "script.sh", evil);
    let refused: Vec<String> = signed
        .refusals()
        .into_iter()
        .map(|(file, _)| file)
        .collect();
    assert_eq!(refused, ["script.sh", ".cupcake/signals/file.sh"]);
    assert!(!root.join("ran").exists());
}

#[test]
fn a_changed_an_unsigned_and_a_missing_file_are_refused_by_name() {
    let signed = Signed::new(SignatureAlgorithm::Ed25519);
    write(
        signed.root(),
        GUARD,
        &policy("guard", "add_context contains \"changed\""),
    );
    write(
        signed.root(),
        ".cupcake/policies/new.rego",
        &policy("new", "add_context contains \"new\""),
    );
    std::fs::remove_file(signed.root().join(HELLO)).unwrap();
    let refusals = signed.refusals();
    let told: Vec<(&str, bool)> = refusals
        .iter()
        .map(|(file, message)| (file.as_str(), message.contains("llmspell trust sign")))
        .collect();
    assert_eq!(
        told,
        [
            (GUARD, true),
            (".cupcake/policies/new.rego", true),
            (HELLO, true)
        ]
    );
    assert_eq!(
        signed.decide().context.len(),
        0,
        "what is refused is not interpreted"
    );
    let report = signed.store().verify(&signed.at()).unwrap();
    assert_eq!(report.files[GUARD], FileTrust::Changed);
    assert_eq!(
        report.files[".cupcake/policies/new.rego"],
        FileTrust::Unsigned
    );
    assert_eq!(report.files[HELLO], FileTrust::Missing);
}

#[test]
fn no_byte_of_the_list_can_be_changed() {
    let signed = Signed::new(SignatureAlgorithm::Ed25519);
    let list = std::fs::read(signed.root().join(LIST)).unwrap();
    // The last line break is no part of the list.
    for index in 0..list.len() - 1 {
        let mut changed = list.clone();
        changed[index] ^= 0x01;
        std::fs::write(signed.root().join(LIST), &changed).unwrap();
        let report = signed.store().verify(&signed.at());
        assert!(
            report.is_err() || report.unwrap().refused.is_some(),
            "byte {index}"
        );
    }
    assert_eq!(signed.refusals().len(), 1);
}

#[test]
fn a_list_that_is_missing_empty_or_cut_off_refuses_everything() {
    let signed = Signed::new(SignatureAlgorithm::Ed25519);
    let list = std::fs::read(signed.root().join(LIST)).unwrap();
    for length in [0, 10, list.len() / 2, list.len() - 2] {
        std::fs::write(signed.root().join(LIST), &list[..length]).unwrap();
        assert_eq!(signed.refusals().len(), 1, "{length} bytes");
    }
    std::fs::remove_file(signed.root().join(LIST)).unwrap();
    let refusals = signed.refusals();
    assert!(refusals[0].1.contains("is missing"), "{refusals:?}");
}

#[test]
fn an_older_state_that_was_signed_too_is_refused() {
    let signed = Signed::new(SignatureAlgorithm::Ed25519);
    let old_list = std::fs::read(signed.root().join(LIST)).unwrap();
    let old_guard = std::fs::read(signed.root().join(GUARD)).unwrap();
    write(
        signed.root(),
        GUARD,
        &policy("guard", "add_context contains \"second\""),
    );
    let second = signed.store().sign(&signed.at(), None).unwrap();
    assert_eq!(
        (second.serial, second.files[GUARD], second.files[HELLO]),
        (2, FileTrust::Changed, FileTrust::Trusted)
    );
    assert_eq!(signed.decide().decision, Verdict::Allow);
    std::fs::write(signed.root().join(LIST), old_list).unwrap();
    std::fs::write(signed.root().join(GUARD), old_guard).unwrap();
    let refusals = signed.refusals();
    assert!(refusals[0].1.contains("an older state"), "{refusals:?}");
}

#[test]
fn settings_that_were_changed_cannot_switch_enforcement_off() {
    let signed = Signed::new(SignatureAlgorithm::Ed25519);
    write(
        signed.root(),
        "llmspell.toml",
        "[policy]\nmode = \"monitor\"\n",
    );
    let refusals = signed.refusals();
    assert_eq!(refusals[0].0, "llmspell.toml");
}

#[test]
fn in_monitor_mode_what_is_refused_is_listed_and_not_interpreted() {
    let signed = Signed::new(SignatureAlgorithm::Ed25519);
    write(
        signed.root(),
        GUARD,
        &policy("guard", "deny contains \"x\""),
    );
    let options = EngineOptions {
        mode: Some(Mode::Monitor),
        ..signed.options()
    };
    let engine = PolicyEngine::load(signed.root(), &options).unwrap();
    let decision = engine.evaluate(&event(r#"{"hook_event_name": "Stop"}"#));
    assert_eq!(
        (decision.decision, decision.errors.len()),
        (Verdict::Allow, 1)
    );
}

#[test]
fn another_key_cannot_sign_for_the_one_that_is_known() {
    let signed = Signed::new(SignatureAlgorithm::Ed25519);
    let attacker = tempfile::tempdir().unwrap();
    std::fs::remove_file(signed.root().join(LIST)).unwrap();
    let other = KeyStore::at(attacker.path());
    other
        .init(&signed.at(), SignatureAlgorithm::Ed25519, None)
        .unwrap();
    let refusals = signed.refusals();
    assert!(
        refusals[0].1.contains("it is signed by the key"),
        "{refusals:?}"
    );
    let own_key = attacker.path().join("ed25519.pem");
    let error = signed
        .store()
        .sign(&signed.at(), Some(&own_key))
        .unwrap_err();
    assert_eq!(error.kind.code(), "trust");
}

#[test]
fn a_list_by_a_key_that_nobody_trusts_is_refused_until_its_key_is_accepted() {
    let signed = Signed::new(SignatureAlgorithm::Ed25519);
    let mate = tempfile::tempdir().unwrap();
    let store = KeyStore::at(mate.path());
    let options = EngineOptions {
        trust: TrustOptions::Store(store.clone()),
        ..EngineOptions::default()
    };
    let decide = || {
        let engine = PolicyEngine::load(signed.root(), &options).unwrap();
        engine.evaluate(&event(r#"{"hook_event_name": "Stop"}"#))
    };
    let refused = decide();
    assert_eq!(refused.decision, Verdict::Deny);
    assert!(
        refused.errors[0].message.contains("llmspell trust accept"),
        "{refused:?}"
    );
    let public = signed.keys.path().join("ed25519.pub.pem");
    assert!(store.accept(&signed.at(), &public).unwrap().is_trusted());
    assert_eq!(decide().decision, Verdict::Allow);
    let wrong = mate.path().join("wrong.pem");
    std::fs::write(
        &wrong,
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
    )
    .unwrap();
    assert!(store.accept(&signed.at(), &wrong).is_err());
}

#[test]
fn a_signed_project_that_was_moved_is_known_by_its_list() {
    let signed = Signed::new(SignatureAlgorithm::Ed25519);
    let elsewhere = tempfile::tempdir().unwrap();
    let root = elsewhere.path().join("moved");
    std::fs::rename(
        signed.root().join(".cupcake"),
        elsewhere.path().join("cupcake"),
    )
    .unwrap();
    std::fs::create_dir(&root).unwrap();
    std::fs::rename(elsewhere.path().join("cupcake"), root.join(".cupcake")).unwrap();
    let engine = PolicyEngine::load(&root, &signed.options()).unwrap();
    let decision = engine.evaluate(&event(r#"{"hook_event_name": "Stop"}"#));
    assert_eq!(
        (decision.decision, decision.errors),
        (Verdict::Allow, vec![])
    );
}

#[test]
fn keys_that_cannot_be_read_refuse_everything() {
    let signed = Signed::new(SignatureAlgorithm::Ed25519);
    std::fs::write(signed.keys.path().join("projects.json"), "{").unwrap();
    assert_eq!(signed.refusals().len(), 1);
}

#[test]
fn scripts_that_the_rulebook_names_are_signed_too() {
    let signed = Signed::new(SignatureAlgorithm::Ed25519);
    write(signed.root(), "scripts/check.sh", "echo 1\n");
    write(
        signed.root(),
        ".cupcake/rulebook.yml",
        "signals:\n  check:\n    command: sh ./scripts/check.sh --all\n",
    );
    let list = signed.store().sign(&signed.at(), None).unwrap();
    assert_eq!(list.files["scripts/check.sh"], FileTrust::Unsigned);
    write(signed.root(), "scripts/check.sh", "echo 2\n");
    let report = signed.store().verify(&signed.at()).unwrap();
    assert_eq!(report.files["scripts/check.sh"], FileTrust::Changed);
}

#[test]
fn the_private_key_is_readable_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let signed = Signed::new(SignatureAlgorithm::Ed25519);
    for (file, mode) in [("ed25519.pem", 0o600), ("projects.json", 0o600)] {
        let found = std::fs::metadata(signed.keys.path().join(file)).unwrap();
        assert_eq!(found.permissions().mode() & 0o777, mode, "{file}");
    }
}

#[test]
fn a_project_that_was_never_signed_is_free_of_all_this() {
    let signed = Signed::new(SignatureAlgorithm::Ed25519);
    let free = project([(
        HELLO,
        policy("hello", "add_context contains \"hello\"").as_str(),
    )]);
    let engine = PolicyEngine::load(free.path(), &signed.options()).unwrap();
    let decision = engine.evaluate(&event(r#"{"hook_event_name": "Stop"}"#));
    assert_eq!(
        (decision.decision, decision.errors),
        (Verdict::Allow, vec![])
    );
    assert!(
        signed
            .store()
            .sign(&Project::at(free.path()).unwrap(), None)
            .is_err()
    );
}
