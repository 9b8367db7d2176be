//! A new project works as it is, for every harness, and never replaces what is there.

use std::fs;

use llmspell_engine::{
    EngineOptions, GlobalConfig, Harness, PolicyEngine, TestOptions, Verdict, check_project,
    inspect_project, run_tests, write_machine_configuration, write_project,
};

use crate::support::event;

#[test]
fn a_new_project_has_no_findings_and_its_tests_pass() {
    let sets: Vec<Vec<Harness>> = Harness::ALL
        .iter()
        .map(|harness| vec![*harness])
        .chain([Harness::ALL.to_vec()])
        .collect();
    for harnesses in sets {
        let directory = tempfile::tempdir().unwrap();
        write_project(directory.path(), &harnesses).unwrap();
        let options = EngineOptions::default();
        let report = check_project(directory.path(), &options).unwrap();
        assert_eq!(report.findings, [], "{harnesses:?}");
        assert_eq!(
            (report.policies, report.test_files),
            (harnesses.len(), harnesses.len())
        );
        let tests = run_tests(directory.path(), &options, &TestOptions::default()).unwrap();
        assert_eq!(tests.passed(), 2 * harnesses.len(), "{tests:?}");
        assert_eq!(tests.results.len(), 2 * harnesses.len());
    }
}

#[test]
fn a_new_project_refuses_what_its_example_says() {
    for (harness, text) in [
        (
            Harness::Claude,
            r#"{"hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{"command":"sudo ls"}}"#,
        ),
        (
            Harness::Factory,
            r#"{"hookEventName":"PreToolUse","tool_name":"Execute","tool_input":{"command":"sudo ls"}}"#,
        ),
        (
            Harness::OpenCode,
            r#"{"hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{"command":"sudo ls"}}"#,
        ),
        (
            Harness::Cursor,
            r#"{"hook_event_name":"beforeShellExecution","command":"sudo ls"}"#,
        ),
    ] {
        let directory = tempfile::tempdir().unwrap();
        write_project(directory.path(), &[harness]).unwrap();
        let engine = PolicyEngine::load(directory.path(), &EngineOptions::default()).unwrap();
        let decision = engine.evaluate(&event(text));
        assert_eq!(decision.decision, Verdict::Deny, "{harness}");
        assert_eq!(decision.errors, [], "{harness}");
        let allowed = engine.evaluate(&event(&text.replace("sudo ls", "ls")));
        assert_eq!(allowed.decision, Verdict::Allow, "{harness}");
    }
}

#[test]
fn files_that_are_there_are_left_as_they_are() {
    let directory = tempfile::tempdir().unwrap();
    let settings = directory.path().join("llmspell.toml");
    fs::write(&settings, "# mine\n").unwrap();
    let files = write_project(directory.path(), &[Harness::Claude]).unwrap();
    let kept: Vec<&str> = files
        .iter()
        .filter(|file| file.was_there)
        .map(|file| file.path.as_str())
        .collect();
    assert_eq!(kept, ["llmspell.toml"]);
    assert_eq!(fs::read_to_string(&settings).unwrap(), "# mine\n");
    let again = write_project(directory.path(), &[Harness::Claude]).unwrap();
    assert!(again.iter().all(|file| file.was_there));
}

#[cfg(unix)]
#[test]
fn a_new_project_is_its_owners_alone_and_no_link_is_written_through() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let directory = tempfile::tempdir().unwrap();
    let elsewhere = directory.path().join("elsewhere");
    symlink(&elsewhere, directory.path().join("llmspell.toml")).unwrap();
    write_project(directory.path(), &[Harness::Claude]).unwrap();
    let mode = fs::metadata(directory.path().join(".cupcake")).unwrap();
    assert_eq!(mode.permissions().mode() & 0o777, 0o700);
    assert!(!elsewhere.exists());
}

#[test]
fn a_directory_that_cannot_be_written_to_is_an_error_with_its_place() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    let error = write_project(&file, &[Harness::Claude]).unwrap_err();
    assert!(error.place.unwrap().file.contains("file"));
    assert!(!error.help.is_empty());
}

#[test]
fn the_configuration_of_a_machine_has_its_own_packages() {
    let directory = tempfile::tempdir().unwrap();
    write_machine_configuration(directory.path(), &[Harness::Claude]).unwrap();
    let read = |file: &str| fs::read_to_string(directory.path().join(file)).unwrap();
    assert!(
        read("policies/claude/example.rego").contains("package cupcake.global.policies.example")
    );
    let aggregator = read("policies/claude/system/evaluate.rego");
    assert!(aggregator.contains("package cupcake.global.system"));
    assert!(aggregator.contains("walk(data.cupcake.global.policies,"));
    assert!(directory.path().join("rulebook.yml").exists());

    let project = tempfile::tempdir().unwrap();
    write_project(project.path(), &[Harness::Claude]).unwrap();
    let options = EngineOptions {
        global: GlobalConfig::At(directory.path().to_owned()),
        ..EngineOptions::default()
    };
    let inspection = inspect_project(project.path(), &options).unwrap();
    assert_eq!(inspection.errors, []);
    let files: Vec<&str> = inspection
        .policies
        .iter()
        .map(|policy| &*policy.file)
        .collect();
    assert_eq!(
        files,
        [
            "global:policies/claude/example.rego",
            ".cupcake/policies/claude/example.rego"
        ]
    );
}

#[test]
fn an_inspection_lists_policies_routes_and_what_is_broken() {
    let directory = tempfile::tempdir().unwrap();
    write_project(directory.path(), &[Harness::Factory]).unwrap();
    let broken = directory.path().join(".cupcake/policies/broken.rego");
    fs::write(broken, "package cupcake.policies.broken\n").unwrap();
    let inspection = inspect_project(directory.path(), &EngineOptions::default()).unwrap();
    assert_eq!(
        (inspection.harness, inspection.mode),
        ("factory", "enforce")
    );
    let policies: Vec<String> = inspection
        .policies
        .iter()
        .map(|policy| {
            format!(
                "{} {} {:?} {}",
                policy.id,
                policy.evaluator,
                policy.verbs,
                policy.error.is_some()
            )
        })
        .collect();
    assert_eq!(
        policies,
        ["broken rego [] true", "NO-ROOT rego [\"deny\"] false",]
    );
    let routes: Vec<String> = inspection
        .routes
        .iter()
        .map(|route| format!("{} {} {:?}", route.event, route.tool, route.policies))
        .collect();
    assert_eq!(
        routes,
        [
            "PreToolUse * [\"BUILTIN-RULEBOOK-SECURITY\"]",
            "PreToolUse Bash [\"NO-ROOT\"]",
            "PreToolUse Execute [\"NO-ROOT\"]",
        ]
    );
    let guardrails: Vec<&str> = inspection
        .guardrails
        .iter()
        .map(|guardrail| &*guardrail.id)
        .collect();
    assert_eq!(guardrails, ["BUILTIN-RULEBOOK-SECURITY"]);
    assert_eq!(inspection.errors.len(), 1);
}

#[test]
fn an_inspection_lists_signals_with_their_command_and_who_asks_for_them() {
    let rules = "deny contains {\"reason\": \"x\"} if input.signals.branch == \"main\"";
    let policy = crate::support::policy("p", rules).replace(
        "required_events: [PreToolUse]",
        "required_events: [PreToolUse]\n#     required_signals: [branch]",
    );
    let project = crate::support::project([
        (".cupcake/policies/p.rego", policy.as_str()),
        (
            ".cupcake/rulebook.yml",
            "signals:\n  branch:\n    command: git branch --show-current\n    timeout_seconds: 2\n  unused:\n    command: date\n",
        ),
    ]);
    let inspection = inspect_project(project.path(), &EngineOptions::default()).unwrap();
    let signals: Vec<String> = inspection
        .signals
        .iter()
        .map(|signal| {
            format!(
                "{} `{}` {} {:?}",
                signal.name,
                signal.command.as_deref().unwrap(),
                signal.timeout_ms,
                signal.policies
            )
        })
        .collect();
    assert_eq!(
        signals,
        [
            "branch `git branch --show-current` 2000 [\"p\"]",
            "unused `date` 5000 []"
        ]
    );
}

#[test]
fn a_new_project_protects_itself() {
    for (harness, text) in [
        (
            Harness::Claude,
            r#"{"hook_event_name":"PreToolUse","cwd":"ROOT","tool_name":"Write","tool_input":{"file_path":"ROOT/.cupcake/rulebook.yml","content":""}}"#,
        ),
        (
            Harness::Claude,
            r#"{"hook_event_name":"PreToolUse","cwd":"ROOT","tool_name":"Bash","tool_input":{"command":"rm -rf .cupcake"}}"#,
        ),
        (
            Harness::Cursor,
            r#"{"hook_event_name":"beforeShellExecution","cwd":"ROOT","command":"rm -rf .cupcake"}"#,
        ),
    ] {
        let directory = tempfile::tempdir().unwrap();
        write_project(directory.path(), &[harness]).unwrap();
        let engine = PolicyEngine::load(directory.path(), &EngineOptions::default()).unwrap();
        let root = directory.path().display().to_string();
        let decision = engine.evaluate(&event(&text.replace("ROOT", &root)));
        assert_eq!(decision.decision, Verdict::Halt, "{text}: {decision:?}");
        assert_eq!(decision.errors, [], "{text}");
    }
}
