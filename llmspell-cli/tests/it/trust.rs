//! `llmspell trust`, from the first signature to a file that somebody changed.

use crate::program::{Folder, STOP_POLICY};

const POLICY: &str = ".cupcake/policies/stop.rego";
const OTHER: &str = r#"{"hook_event_name":"SessionStart"}"#;

fn folder() -> Folder {
    Folder::new(&[(POLICY, STOP_POLICY)])
}

/// The text with the key's name and the folder taken out, which are never the same twice.
fn steady(folder: &Folder, text: &str) -> String {
    let text = text.replace(&folder.path().display().to_string(), "FOLDER");
    let key = text
        .split("key ")
        .nth(1)
        .and_then(|rest| rest.split(' ').next());
    match key.filter(|key| key.len() == 16) {
        Some(key) => text.replace(key, "KEY"),
        None => text,
    }
}

#[test]
fn a_project_is_signed_verified_changed_refused_and_signed_again() {
    let folder = folder();
    let init = folder.run(&["trust", "init"]);
    assert_eq!((init.code, init.err.as_str()), (0, ""));
    assert_eq!(
        steady(&folder, &init.out),
        "signed 1 files with the key KEY (ed25519), serial 1\n  new     .cupcake/policies/stop.rego\nthe key lies in FOLDER/.home/config/llmspell/keys\n"
    );
    let verified = folder.run(&["trust", "verify"]);
    assert_eq!(verified.code, 0);
    assert_eq!(
        verified.out,
        "  trusted   .cupcake/policies/stop.rego\ntrusted: 1 files are as they were signed\n"
    );
    assert_eq!(folder.run_with(&["eval"], OTHER.as_bytes()).code, 0);

    std::fs::write(
        folder.path().join(POLICY),
        STOP_POLICY.replace("block", "ask"),
    )
    .unwrap();
    let changed = folder.run(&["trust", "verify", "--json"]);
    assert_eq!(changed.code, 1);
    assert_eq!(
        changed.out,
        "{\"files\":{\".cupcake/policies/stop.rego\":\"changed\"},\"refused\":null,\"serial\":1,\"trusted\":false}\n"
    );
    let refused = folder.run_with(&["eval"], OTHER.as_bytes());
    assert_eq!(refused.code, 2);
    assert!(
        refused.out.contains("was changed after it was signed"),
        "{}",
        refused.out
    );

    let signed = folder.run(&["trust", "sign"]);
    assert_eq!(
        steady(&folder, &signed.out),
        "signed 1 files with the key KEY (ed25519), serial 2\n  changed .cupcake/policies/stop.rego\n"
    );
    assert_eq!(folder.run_with(&["eval"], OTHER.as_bytes()).code, 0);
    let list = folder.run(&["trust", "list"]);
    assert!(
        steady(&folder, &list.out).ends_with("  key KEY (ed25519), serial 2\n"),
        "{}",
        list.out
    );
}

#[test]
fn a_secret_of_the_machine_signs_too() {
    let folder = folder();
    let init = folder.run(&["trust", "init", "--algorithm", "hmac-sha256"]);
    assert!(init.out.contains("(hmac-sha256), serial 1"), "{}", init.out);
    assert_eq!(folder.run(&["trust", "verify"]).code, 0);
}

#[test]
fn what_cannot_be_done_says_what_to_do_instead() {
    let folder = folder();
    let unsigned = folder.run(&["trust", "verify"]);
    assert_eq!(
        (unsigned.code, unsigned.err.as_str()),
        (
            1,
            "error: .cupcake/trust.manifest: the project was never signed\nhelp: run `llmspell trust init` first\n"
        )
    );
    assert_eq!(
        folder.run(&["trust", "list"]).out,
        "no project must be signed; `llmspell trust init` signs one\n"
    );
    folder.run(&["trust", "init"]);
    let again = folder.run(&["trust", "init"]);
    assert_eq!(again.code, 1);
    assert!(again.err.contains("is signed already"), "{}", again.err);
    let wrong = folder.run(&["trust", "sign", "--key", POLICY]);
    assert_eq!(wrong.code, 1);
    assert!(
        wrong
            .err
            .contains("does not begin with `-----BEGIN PRIVATE KEY-----`"),
        "{}",
        wrong.err
    );
    let nowhere = Folder::new(&[]);
    let missing = nowhere.run(&["trust", "init"]);
    assert_eq!(missing.code, 1);
    assert!(
        missing.err.contains("there is no `.cupcake` directory"),
        "{}",
        missing.err
    );
}
