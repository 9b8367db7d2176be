//! Where projects are found, what of them is loaded, and how broken ones are refused.

use std::path::Path;

use llmspell_engine::{
    EngineError, EngineErrorKind, EngineOptions, GlobalConfig, Harness, Mode, PolicyEngine,
    Project, Verb,
};
use tempfile::TempDir;

use crate::support::{engine, event, policy, project, write};

fn load(project: &TempDir) -> Result<PolicyEngine, EngineError> {
    PolicyEngine::load(project.path(), &EngineOptions::default())
}

/// The error of a project with one file, as a person reads it.
fn refusal(path: &str, text: &str) -> String {
    let error = load(&project([(path, text)])).unwrap_err();
    let place = error
        .place
        .clone()
        .map(|place| place.to_string())
        .unwrap_or_default();
    format!("{} | {error} | {place} | {}", error.kind.code(), error.help)
}

#[test]
fn a_project_is_loaded_by_its_directory_and_by_its_cupcake_folder() {
    let project = project([(
        ".cupcake/policies/a.rego",
        policy("a", "deny contains {\"reason\": \"x\"}").as_str(),
    )]);
    let by_folder =
        PolicyEngine::load(&project.path().join(".cupcake"), &EngineOptions::default()).unwrap();
    assert_eq!(by_folder.digest(), engine(&project).digest());
    assert_eq!(by_folder.project().root(), project.path());
    assert_eq!(by_folder.policies(), engine(&project).policies());
}

#[test]
fn a_missing_project_is_named_with_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("nowhere");
    let error = PolicyEngine::load(&path, &EngineOptions::default()).unwrap_err();
    assert_eq!(error.kind, EngineErrorKind::MissingProject);
    assert_eq!(
        error.to_string(),
        format!("there is no `.cupcake` directory at `{}`", path.display())
    );
    assert_eq!(
        error.help,
        "name the directory that holds `.cupcake`, or make a project there"
    );
    assert_eq!(error.place, None);
    assert_eq!(
        Project::find(&path).unwrap_err().kind,
        EngineErrorKind::MissingProject
    );
}

#[test]
fn a_folder_named_cupcake_that_is_a_file_is_no_project() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), ".cupcake", "not a folder");
    let error = PolicyEngine::load(
        &directory.path().join(".cupcake"),
        &EngineOptions::default(),
    )
    .unwrap_err();
    assert_eq!(error.kind, EngineErrorKind::MissingProject);
}

#[test]
fn a_broken_rulebook_is_refused_with_its_place() {
    assert_eq!(
        refusal(".cupcake/rulebook.yml", "signals: {}\nbuiltin: {}\n"),
        "rulebook | unknown key `builtin` | .cupcake/rulebook.yml:2:1 | did you mean `builtins`?"
    );
    assert_eq!(
        refusal(".cupcake/rulebook.yml", "signals: [a]\n"),
        "rulebook | `signals` must be a mapping, not a list | .cupcake/rulebook.yml:1:10 | give it the type that is expected"
    );
    assert_eq!(
        refusal(".cupcake/rulebook.yml", "signals: {\n"),
        "rulebook | did not find expected node content | .cupcake/rulebook.yml:2:1 | look at the brackets, quotes and indentation there and on the line before"
    );
    assert_eq!(
        refusal(".cupcake/rulebook.yml", "signals: {}\nsignals: {}\n"),
        "rulebook | the key `signals` stands twice | .cupcake/rulebook.yml:1:1 | keep one of the two"
    );
    assert_eq!(
        refusal(".cupcake/rulebook.yml", "- a\n"),
        "rulebook | the document must be a mapping, not a list | .cupcake/rulebook.yml:1:1 | give it the type that is expected"
    );
}

#[test]
fn every_key_of_a_rulebook_is_known_or_refused_with_the_nearest() {
    let rulebook = |text: &str| refusal(".cupcake/rulebook.yml", text);
    assert_eq!(
        rulebook("signals:\n  a:\n    comand: ls\n"),
        "rulebook | unknown key `comand` | .cupcake/rulebook.yml:3:5 | did you mean `command`?"
    );
    assert_eq!(
        rulebook("signals:\n  a:\n    command: ls\n    timeout: 3\n"),
        "rulebook | unknown key `timeout` | .cupcake/rulebook.yml:4:5 | known are `command`, `timeout_seconds`"
    );
    assert_eq!(
        rulebook("watchdog:\n  enabled: false\n  openrouter:\n    modell: x\n"),
        "rulebook | unknown key `modell` | .cupcake/rulebook.yml:4:5 | did you mean `model`?"
    );
    assert_eq!(
        rulebook("telemetry:\n  enable: true\n"),
        "rulebook | unknown key `enable` | .cupcake/rulebook.yml:2:3 | did you mean `enabled`?"
    );
    assert_eq!(
        rulebook("telemetry:\n  format: xml\n"),
        "rulebook | unknown value `xml` | .cupcake/rulebook.yml:2:11 | known are `json`, `text`"
    );
    assert_eq!(
        rulebook("watchdog: maybe\n"),
        "rulebook | `watchdog` must be true, false or a mapping, not the string \"maybe\" | .cupcake/rulebook.yml:1:11 | give it the type that is expected"
    );
}

#[test]
fn a_signal_in_the_rulebook_must_be_one_that_can_run() {
    for (signal, expected) in [
        (
            "command: ''",
            "the `command` of a signal is empty | .cupcake/rulebook.yml:3",
        ),
        (
            "{command: ls, timeout_seconds: 0}",
            "`timeout_seconds` must be from 1 to 3600, not 0 | .cupcake/rulebook.yml:3",
        ),
        ("{}", "missing field `command` | .cupcake/rulebook.yml:3"),
    ] {
        let refusal = refusal(
            ".cupcake/rulebook.yml",
            &format!("signals:\n  a:\n    {signal}\n"),
        );
        assert!(refusal.contains(expected), "{refusal}");
    }
    let twice = refusal(
        ".cupcake/rulebook.yml",
        "signals:\n  a: {command: ls}\n  a: {command: rm}\n",
    );
    assert!(twice.contains("the key `a` stands twice"), "{twice}");
}

#[test]
fn settings_of_preprocessing_are_read_strictly() {
    assert_eq!(
        refusal("llmspell.toml", "[policy.preprocess]\nsymlink = true\n"),
        "settings | unknown key `symlink` in `policy.preprocess` | llmspell.toml:2:1 | did you mean `symlinks`?"
    );
    assert_eq!(
        refusal(
            "llmspell.toml",
            "[policy.preprocess]\nmax_script_bytes = 99999999999\n"
        ),
        "settings | `policy.preprocess.max_script_bytes` cannot be `99999999999` | llmspell.toml:2:20 | use a number of bytes up to 16777216"
    );
}

#[test]
fn a_global_configuration_that_is_named_must_be_there() {
    let project = project([]);
    let empty = tempfile::tempdir().unwrap();
    let refusal = |path: &Path| {
        let options = EngineOptions {
            global: GlobalConfig::At(path.to_owned()),
            ..EngineOptions::default()
        };
        let error = PolicyEngine::load(project.path(), &options).unwrap_err();
        (error.kind.code(), error.message)
    };
    assert_eq!(
        refusal(&empty.path().join("none")),
        ("read", "the global configuration is not there".to_owned())
    );
    assert_eq!(
        refusal(empty.path()),
        (
            "read",
            "the global configuration holds neither `rulebook.yml` nor `policies` nor `signals`"
                .to_owned()
        )
    );
    write(empty.path(), "file", "");
    assert_eq!(
        refusal(&empty.path().join("file")),
        (
            "read",
            "the global configuration is no directory".to_owned()
        )
    );
    write(empty.path(), "rulebook.yml", "signal: {}");
    assert_eq!(
        refusal(empty.path()),
        ("rulebook", "unknown key `signal`".to_owned())
    );
}

#[test]
fn a_rulebook_that_would_take_long_to_read_is_refused_before_it_is_parsed() {
    assert_eq!(
        refusal(
            ".cupcake/rulebook.yml",
            &format!("signals: {{}}\nbuiltins: {}", "[".repeat(500_000))
        ),
        "rulebook | the document is larger than 65536 bytes | .cupcake/rulebook.yml | leave out what the engine does not read"
    );
    assert_eq!(
        refusal(
            ".cupcake/rulebook.yml",
            &format!("signals: {{}}\nbuiltins: {}", "[".repeat(33))
        ),
        "rulebook | brackets and braces are nested more than 32 deep | .cupcake/rulebook.yml:2 | flatten the document"
    );
}

#[test]
fn a_rulebook_under_the_other_ending_is_refused_and_not_passed_over() {
    assert_eq!(
        refusal(".cupcake/rulebook.yaml", ""),
        "rulebook | the rulebook would not be read under this name | .cupcake/rulebook.yaml | rename it to `rulebook.yml`"
    );
}

#[test]
fn broken_settings_are_refused_with_their_place() {
    assert_eq!(
        refusal("llmspell.toml", "[policy]\nmod = \"enforce\"\n"),
        "settings | unknown key `mod` in `policy` | llmspell.toml:2:1 | did you mean `mode`?"
    );
    assert_eq!(
        refusal("llmspell.toml", "[policy]\nmode = \"monitr\"\n"),
        "settings | `policy.mode` cannot be `\"monitr\"` | llmspell.toml:2:8 | did you mean `monitor`?"
    );
    assert_eq!(
        refusal("llmspell.toml", "[policy]\nharness = \"emacs\"\n"),
        "settings | `policy.harness` cannot be `\"emacs\"` | llmspell.toml:2:11 | known are `claude`, `cursor`, `factory`, `opencode`"
    );
    assert_eq!(
        refusal("llmspell.toml", "policy = 5\n"),
        "settings | `policy` cannot be `5` | llmspell.toml:1:10 | use a table"
    );
}

#[test]
fn a_rulebook_that_is_a_folder_is_refused() {
    let project = project([]);
    std::fs::create_dir(project.path().join(".cupcake/rulebook.yml")).unwrap();
    let error = load(&project).unwrap_err();
    assert_eq!(error.kind, EngineErrorKind::Rulebook);
    assert_eq!(error.to_string(), "the file is not a regular file");
}

#[test]
fn the_harness_is_that_of_the_options_then_of_the_settings_then_the_only_folder_then_claude() {
    let harness = |files: &[(&str, &str)], harness| {
        let project = project(files.iter().copied());
        let options = EngineOptions {
            harness,
            ..EngineOptions::default()
        };
        PolicyEngine::load(project.path(), &options)
            .unwrap()
            .harness()
    };
    let settings = ("llmspell.toml", "[policy]\nharness = \"factory\"\n");
    let cursor = (".cupcake/policies/cursor/a.md", "");
    let opencode = (".cupcake/policies/opencode/a.md", "");
    assert_eq!(
        harness(&[settings, cursor], Some(Harness::OpenCode)),
        Harness::OpenCode
    );
    assert_eq!(harness(&[settings, cursor], None), Harness::Factory);
    assert_eq!(harness(&[cursor], None), Harness::Cursor);
    assert_eq!(harness(&[cursor, opencode], None), Harness::Claude);
    assert_eq!(harness(&[], None), Harness::Claude);
}

#[test]
fn the_mode_of_the_options_is_stronger_than_that_of_the_settings() {
    let project = project([("llmspell.toml", "[policy]\nmode = \"monitor\"\n")]);
    assert_eq!(load(&project).unwrap().mode(), Mode::Monitor);
    let options = EngineOptions {
        mode: Some(Mode::Enforce),
        ..EngineOptions::default()
    };
    assert_eq!(
        PolicyEngine::load(project.path(), &options).unwrap().mode(),
        Mode::Enforce
    );
}

#[test]
fn a_summary_says_what_is_known_of_a_policy() {
    let text = "# METADATA\n# title: Guard\n# custom:\n#   routing:\n#     required_events: [PreToolUse, Stop]\n#     required_tools: [Bash]\npackage cupcake.policies.team.guard\n\nask contains {\"reason\": \"x\"}\n\nhalt contains {\"reason\": \"y\"} if false\n";
    let project = project([
        (".cupcake/policies/guard.rego", text),
        (".cupcake/policies/wrong.rego", "package"),
    ]);
    let engine = engine(&project);
    let policies = engine.policies();
    let [guard, wrong, _guardrail] = &*policies else {
        panic!("{:?}", policies)
    };
    assert_eq!(
        (&*guard.id, guard.title.as_str(), &*guard.file),
        ("guard", "Guard", ".cupcake/policies/guard.rego")
    );
    assert_eq!(guard.package, "cupcake.policies.team.guard");
    assert_eq!(
        (guard.events.join(" "), guard.tools.join(" ")),
        ("PreToolUse Stop".into(), "Bash".into())
    );
    assert_eq!(guard.verbs, [Verb::Halt, Verb::Ask]);
    assert_eq!(guard.error, None);
    assert_eq!(
        (&*wrong.id, wrong.package.as_str(), wrong.verbs.len()),
        ("wrong", "", 0)
    );
    assert_eq!(wrong.error.as_ref().unwrap().line, Some(1));
}

#[test]
fn the_digest_follows_every_file_that_decides_and_no_other() {
    let text = policy("a", "deny contains {\"reason\": \"x\"}");
    let of = |files: &[(&str, &str)]| {
        let project = project(files.iter().copied());
        load(&project).unwrap().digest()
    };
    let one = of(&[(".cupcake/policies/a.rego", &text)]);
    assert_eq!(one.len(), "sha256:".len() + 64);
    assert!(one.starts_with("sha256:"));
    assert_eq!(
        one,
        of(&[
            (".cupcake/policies/a.rego", &text),
            ("README.md", "x"),
            (".cupcake/policies/notes.md", "x")
        ])
    );
    let changed = format!("{text} ");
    assert_ne!(one, of(&[(".cupcake/policies/a.rego", &changed)]));
    assert_ne!(one, of(&[(".cupcake/policies/b.rego", &text)]));
    assert_ne!(
        one,
        of(&[
            (".cupcake/policies/a.rego", &text),
            (".cupcake/rulebook.yml", "")
        ])
    );
}

#[test]
fn a_file_that_cannot_be_read_is_an_error_of_every_decision() {
    let project = project([]);
    let policies = project.path().join(".cupcake/policies");
    std::fs::write(policies.join("latin.rego"), b"package \xe9").unwrap();
    std::fs::write(policies.join("long.rego"), "#".repeat(1024 * 1024 + 1)).unwrap();
    let decision = engine(&project).evaluate(&event(r#"{"hook_event_name": "Stop"}"#));
    let messages: Vec<&str> = decision
        .errors
        .iter()
        .map(|error| error.message.as_str())
        .collect();
    assert_eq!(
        messages,
        [
            "the file is not UTF-8 text",
            "the file is larger than 1048576 bytes"
        ]
    );
}

#[cfg(unix)]
#[test]
fn links_are_followed_and_those_that_lead_nowhere_or_round_are_errors() {
    let outside = tempfile::tempdir().unwrap();
    write(
        outside.path(),
        "linked.rego",
        &policy("linked", "ask contains {\"reason\": \"by a link\"}"),
    );
    let project = project([]);
    let policies = project.path().join(".cupcake/policies");
    let link = |target: &Path, name: &str| {
        std::os::unix::fs::symlink(target, policies.join(name)).unwrap();
    };
    link(&outside.path().join("linked.rego"), "linked.rego");
    let found = engine(&project).evaluate(&event(r#"{"hook_event_name": "PreToolUse"}"#));
    assert_eq!(found.reason, "by a link");

    link(Path::new("missing.rego"), "dangling.rego");
    link(&policies, "round");
    let decision = engine(&project).evaluate(&event(r#"{"hook_event_name": "PreToolUse"}"#));
    let messages: Vec<&str> = decision
        .errors
        .iter()
        .map(|error| error.message.as_str())
        .collect();
    assert_eq!(
        messages,
        [
            "the link leads nowhere",
            "the link leads back to a folder that holds it"
        ]
    );
    assert!(decision.decision.refuses());
}
