//! What the commands say of projects in which something has gone wrong.

use std::fs;
use std::path::Path;

use crate::program::Folder;

const EVENT: &[u8] =
    br#"{"hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{"command":"ls"}}"#;
const EXAMPLE: &str = ".cupcake/policies/claude/example.rego";

/// A new project in which something is changed.
fn changed(change: impl FnOnce(&Path)) -> Folder {
    let folder = Folder::new(&[]);
    assert_eq!(folder.run(&["init"]).code, 0);
    change(folder.path());
    folder
}

fn write(file: &str, content: impl AsRef<[u8]>) -> impl FnOnce(&Path) {
    move |root| fs::write(root.join(file), content).unwrap()
}

/// No decision is made: both commands end with 1, and say what is wrong where.
#[track_caller]
fn refused(folder: &Folder, what: &str) {
    let ran = folder.run_with(&["eval"], EVENT);
    assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{}", ran.err);
    let mut lines = ran.err.lines();
    let first = lines.next().unwrap();
    assert_eq!(first, format!("error: {what}"));
    assert!(lines.next().unwrap().starts_with("help: "), "{}", ran.err);
    let ran = folder.run(&["check"]);
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
    assert!(ran.out.contains("= help: "), "{}", ran.out);
}

/// The decision is a deny that names the culprit, and the check says the same with what to do.
#[track_caller]
fn denied(folder: &Folder, error: &str) {
    let ran = folder.run_with(&["eval"], EVENT);
    assert_eq!(ran.code, 2, "{}{}", ran.out, ran.err);
    assert!(
        ran.out.contains(&format!("  error    {error}\n")),
        "{}",
        ran.out
    );
    let ran = folder.run(&["check"]);
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
    assert!(
        ran.out.contains(" --> .cupcake/") && ran.out.contains("= help: "),
        "{}",
        ran.out
    );
}

#[test]
fn a_tab_in_the_rulebook_is_answered_with_what_yaml_wants() {
    let folder = changed(write(".cupcake/rulebook.yml", "signals:\n\tbranch: 1\n"));
    refused(
        &folder,
        ".cupcake/rulebook.yml:2:1: a character stands where none may begin a value",
    );
    let ran = folder.run_with(&["eval"], EVENT);
    assert!(ran.err.contains("instead of tabs"), "{}", ran.err);
}

#[test]
fn a_rulebook_or_settings_that_are_no_text_are_refused() {
    let junk = [0xff, 0x00, 0xfe, 0x80];
    refused(
        &changed(write(".cupcake/rulebook.yml", junk)),
        ".cupcake/rulebook.yml: the file is not UTF-8 text",
    );
    refused(
        &changed(|root| {
            fs::remove_file(root.join(".cupcake/rulebook.yml")).unwrap();
            fs::create_dir(root.join(".cupcake/rulebook.yml")).unwrap();
        }),
        ".cupcake/rulebook.yml: the file is not a regular file",
    );
    let settings = changed(write("llmspell.toml", junk));
    let ran = settings.run_with(&["eval"], EVENT);
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert!(
        ran.err
            .contains("llmspell.toml: the settings file is not UTF-8 text\nhelp: "),
        "{}",
        ran.err
    );
}

#[test]
fn a_policy_that_is_no_text_or_too_long_denies_and_is_named() {
    denied(
        &changed(write(".cupcake/policies/claude/junk.rego", [0xff, 0x00])),
        "load in junk: the file is not UTF-8 text (.cupcake/policies/claude/junk.rego)",
    );
    denied(
        &changed(write(
            ".cupcake/policies/claude/huge.rego",
            "a".repeat(2 << 20),
        )),
        "load in huge: the file is larger than 1048576 bytes (.cupcake/policies/claude/huge.rego)",
    );
}

#[test]
fn line_ends_of_windows_and_a_byte_order_mark_change_nothing() {
    for mend in [
        |text: &str| text.replace('\n', "\r\n"),
        |text: &str| format!("\u{feff}{text}"),
    ] {
        let folder = changed(|root| {
            for file in [
                EXAMPLE,
                ".cupcake/policies/claude/example_test.rego",
                ".cupcake/rulebook.yml",
                "llmspell.toml",
            ] {
                let text = fs::read_to_string(root.join(file)).unwrap();
                fs::write(root.join(file), mend(&text)).unwrap();
            }
        });
        let checked = folder.run(&["check", "--strict"]);
        assert_eq!(checked.code, 0, "{}", checked.out);
        assert_eq!(folder.run(&["test"]).out, "PASS: 2/2\n");
        let event = br#"{"hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{"command":"sudo ls"}}"#;
        assert_eq!(folder.run_with(&["eval"], event).code, 2);
    }
}

#[test]
fn names_with_blanks_and_letters_of_any_language_are_names_of_policies() {
    let folder = changed(|root| {
        let from = root.join(EXAMPLE);
        fs::rename(from, root.join(".cupcake/policies/claude/kein sudo ☂.rego")).unwrap();
    });
    assert_eq!(folder.run(&["check", "--strict"]).code, 0);
    let ran = folder.run_with(&["eval", "--explain"], EVENT);
    assert_eq!(ran.code, 0);
    assert!(
        ran.out
            .contains("NO-ROOT (.cupcake/policies/claude/kein sudo ☂.rego, "),
        "{}",
        ran.out
    );
}

#[test]
fn policies_that_are_gone_are_a_warning_where_guardrails_still_decide() {
    let folder = changed(|root| fs::remove_dir_all(root.join(".cupcake/policies")).unwrap());
    let ran = folder.run(&["check"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(
        ran.out.starts_with(
            "warning[no-policies]: no policy of the project is for `claude`: the guardrails of its rulebook decide alone\n --> .cupcake/policies\n"
        ),
        "{}",
        ran.out
    );
    assert_eq!(folder.run(&["check", "--strict"]).code, 1);
    let whole = changed(|_| {});
    let other = whole.run(&["check", "--strict", "--harness", "cursor"]);
    assert_eq!(other.code, 1, "{}", other.out);
    assert!(other.out.contains("is for `cursor`"), "{}", other.out);
}

#[test]
fn without_policies_and_guardrails_the_decision_is_a_deny_that_says_what_to_write() {
    let folder = changed(|root| {
        fs::remove_dir_all(root.join(".cupcake/policies")).unwrap();
        fs::remove_file(root.join(".cupcake/rulebook.yml")).unwrap();
    });
    denied(
        &folder,
        "load in project: there are no policies for `claude` in `.cupcake/policies`: write one, or switch on a guardrail in the rulebook (.cupcake/policies)",
    );
}

#[cfg(unix)]
#[test]
fn links_that_lead_nowhere_or_in_a_circle_deny_and_are_named() {
    use std::os::unix::fs::symlink;
    let folder = changed(|root| {
        let policies = root.join(".cupcake/policies/claude");
        symlink(".", policies.join("loop")).unwrap();
        symlink("nowhere.rego", policies.join("dangling.rego")).unwrap();
    });
    denied(
        &folder,
        "load in dangling: the link leads nowhere (.cupcake/policies/claude/dangling.rego)",
    );
    denied(
        &folder,
        "load in loop: the link leads back to a folder that holds it (.cupcake/policies/claude/loop)",
    );
}

/// Takes all rights to a path away while something is done; nothing where rights do not count, as for root.
#[cfg(unix)]
fn without_rights(path: &Path, run: impl FnOnce()) {
    use std::os::unix::fs::PermissionsExt as _;
    let before = fs::metadata(path).unwrap().permissions();
    fs::set_permissions(path, fs::Permissions::from_mode(0o000)).unwrap();
    let counts = if path.is_dir() {
        fs::read_dir(path).is_err()
    } else {
        fs::read(path).is_err()
    };
    if counts {
        run();
    }
    fs::set_permissions(path, before).unwrap();
}

#[cfg(unix)]
#[test]
fn what_may_not_be_read_is_never_taken_for_nothing() {
    let folder = changed(|_| {});
    let at = |file: &str| folder.path().join(file);
    without_rights(&at(EXAMPLE), || {
        denied(
            &folder,
            "load in example: the file cannot be read: permission denied (.cupcake/policies/claude/example.rego)",
        );
    });
    without_rights(&at(".cupcake/policies"), || {
        denied(
            &folder,
            "load in policies: it cannot be read: permission denied (.cupcake/policies)",
        );
    });
    without_rights(&at(".cupcake/rulebook.yml"), || {
        refused(
            &folder,
            ".cupcake/rulebook.yml: the file cannot be read: permission denied",
        );
    });
    without_rights(&at(".cupcake"), || {
        refused(
            &folder,
            ".cupcake: the folder cannot be read: permission denied",
        );
    });
}
