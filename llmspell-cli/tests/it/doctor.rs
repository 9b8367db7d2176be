//! `llmspell doctor`: what it proves, and each fault that it finds.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::program::{Folder, Ran, STOP_POLICY, same_file};

const PROGRAM: &str = env!("CARGO_BIN_EXE_llmspell");
const FILES: [(&str, &str); 4] = [
    ("claude", ".claude/settings.json"),
    ("cursor", ".cursor/hooks.json"),
    ("factory", ".factory/settings.json"),
    ("opencode", ".opencode/plugin/llmspell.js"),
];

/// A folder in which an agent is connected.
fn connected(harness: &str) -> Folder {
    let folder = Folder::new(&[]);
    let ran = folder.run(&["init", "--harness", harness]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{harness}");
    folder
}

fn settings(harness: &str) -> &'static str {
    FILES.iter().find(|(name, _)| *name == harness).unwrap().1
}

/// Changes the settings of an agent as a person would.
fn change(folder: &Folder, harness: &str, from: &str, to: &str) {
    let path = folder.path().join(settings(harness));
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{from}: {text}");
    fs::write(path, text.replace(from, to)).unwrap();
}

fn doctor(folder: &Folder, harness: &str) -> Ran {
    let ran = folder.run(&["doctor", "--harness", harness]);
    assert_eq!(ran.err, "", "{harness}");
    assert!(
        ran.out.lines().all(|line| ["ok ", "warning ", "error "]
            .iter()
            .any(|level| line.starts_with(level))),
        "{}",
        ran.out
    );
    ran
}

/// The doctor finds this fault: a line of this level that begins so, and ends with what to do.
fn finds(folder: &Folder, harness: &str, line: &str) {
    let ran = doctor(folder, harness);
    let found = ran.out.lines().find(|found| found.starts_with(line));
    assert!(found.is_some(), "{line}\n{}", ran.out);
    let is_error = ran.out.lines().any(|line| line.starts_with("error "));
    assert_eq!(ran.code, i32::from(is_error), "{}", ran.out);
    assert!(is_error || !line.starts_with("error "));
}

/// A program of that name which does something else.
fn fake(folder: &Folder, script: &str) -> String {
    let path = folder.path().join("fake/llmspell");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path.display().to_string()
}

#[test]
fn a_denial_is_proved_to_block_on_every_wire() {
    for (harness, file) in FILES {
        let folder = connected(harness);
        let ran = doctor(&folder, harness);
        assert_eq!(ran.code, 0, "{}", ran.out);
        assert!(
            ran.out.lines().all(|line| line.starts_with("ok ")),
            "{}",
            ran.out
        );
        for part in [
            format!("ok      {harness} canary: what a policy denies is blocked\n"),
            format!(
                "ok      {harness} self-protection: the agent cannot write to `.cupcake/rulebook.yml`\n"
            ),
            format!("ok      {harness} self-protection: the agent cannot write to `{file}`\n"),
            format!("ok      {harness} program: {PROGRAM} is this program\n"),
        ] {
            assert!(ran.out.contains(&part), "{}", ran.out);
        }
    }
}

#[test]
fn it_looks_at_the_agents_that_are_connected_and_leaves_nothing_behind() {
    let folder = connected("claude");
    folder.run(&["init", "--harness", "cursor"]);
    let project = fs::read_to_string(folder.path().join(".cupcake/rulebook.yml")).unwrap();
    let temporary = folder.path().join("temporary");
    fs::create_dir(&temporary).unwrap();
    let output = folder
        .command(&["doctor"])
        .env("TMPDIR", &temporary)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    assert!(
        text.contains("claude canary: ") && text.contains("cursor canary: "),
        "{text}"
    );
    assert!(
        !text.contains("factory") && !text.contains("opencode"),
        "{text}"
    );
    assert_eq!(fs::read_dir(&temporary).unwrap().count(), 0);
    assert_eq!(
        fs::read_to_string(folder.path().join(".cupcake/rulebook.yml")).unwrap(),
        project
    );
}

#[test]
fn one_document_says_the_same() {
    let folder = connected("claude");
    let ran = folder.run(&["doctor", "--json"]);
    let document: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, &document["ok"]), (0, &true.into()));
    fs::remove_file(folder.path().join(settings("claude"))).unwrap();
    let ran = folder.run(&["doctor", "--json"]);
    let document: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, &document["ok"]), (1, &false.into()));
    let findings = document["findings"].as_array().unwrap();
    let missing = findings
        .iter()
        .find(|finding| finding["message"] == "no hook for PreToolUse")
        .unwrap();
    assert_eq!(missing["level"], "error");
    assert_eq!(missing["what"], "claude hooks");
    assert_eq!(missing["next"], "run `llmspell init --harness claude`");
}

#[test]
fn hooks_that_are_missing_are_found() {
    let folder = Folder::new(&[]);
    let ran = folder.run(&["doctor"]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.out.contains(
            "error   agents: no agent calls llmspell here: run `llmspell init --harness claude`"
        ),
        "{}",
        ran.out
    );
    assert!(
        ran.out
            .contains("error   project: there is no `.cupcake` directory here or above"),
        "{}",
        ran.out
    );

    for (harness, event) in [
        ("claude", "PreToolUse"),
        ("cursor", "beforeShellExecution"),
        ("factory", "UserPromptSubmit"),
    ] {
        let folder = connected(harness);
        change(&folder, harness, &format!("\"{event}\""), "\"Other\"");
        finds(
            &folder,
            harness,
            &format!(
                "error   {harness} hooks: no hook for {event}: run `llmspell init --harness {harness}`"
            ),
        );
    }
    let folder = connected("claude");
    change(&folder, "claude", "\"Stop\"", "\"Other\"");
    finds(
        &folder,
        "claude",
        "warning claude hooks: no hook for Stop, about which no policy asks: run",
    );
    fs::write(
        folder.path().join(".cupcake/policies/claude/stop.rego"),
        STOP_POLICY,
    )
    .unwrap();
    finds(
        &folder,
        "claude",
        "error   claude hooks: no hook for Stop: run",
    );
    let folder = connected("opencode");
    fs::remove_file(folder.path().join(settings("opencode"))).unwrap();
    finds(
        &folder,
        "opencode",
        "error   opencode plugin: there is no plugin: run",
    );
}

#[test]
fn switches_that_turn_hooks_off_are_found_where_they_count() {
    let folder = connected("claude");
    change(
        &folder,
        "claude",
        "{\n  \"hooks\"",
        "{\n  \"disableAllHooks\": true,\n  \"hooks\"",
    );
    finds(
        &folder,
        "claude",
        "error   claude settings: `disableAllHooks` in .claude/settings.json turns all hooks off: remove",
    );
    let local = folder.path().join(".claude/settings.local.json");
    fs::write(&local, "{\"disableAllHooks\": false}").unwrap();
    assert_eq!(doctor(&folder, "claude").code, 0);
    change(&folder, "claude", "\"disableAllHooks\": true,", "");
    fs::write(&local, "{\"disableAllHooks\": true}").unwrap();
    finds(
        &folder,
        "claude",
        "error   claude settings: `disableAllHooks` in .claude/settings.local.json turns all hooks off",
    );
    let folder = connected("factory");
    fs::create_dir_all(folder.path().join(".home/.factory")).unwrap();
    fs::write(
        folder.path().join(".home/.factory/settings.json"),
        "{\"hooksDisabled\": true}",
    )
    .unwrap();
    finds(
        &folder,
        "factory",
        "error   factory settings: `hooksDisabled` in .home/.factory/settings.json turns all hooks off",
    );
    let folder = connected("factory");
    fs::write(folder.path().join(".factory/hooks.json"), "{}").unwrap();
    finds(
        &folder,
        "factory",
        "warning factory settings: there is a `.factory/hooks.json`",
    );
}

#[test]
fn command_lines_that_lose_a_denial_are_found_and_proved_to_lose_it() {
    for (harness, plain) in [
        ("claude", " || exit 2\""),
        ("factory", " || exit 2\""),
        ("cursor", "--harness cursor\""),
    ] {
        let call = format!("{PROGRAM} hook --harness {harness}");
        for end in [
            " || true",
            "; exit 0",
            " | cat >/dev/null",
            " >/dev/null",
            " & exit 0",
        ] {
            let folder = connected(harness);
            let kept = plain.strip_suffix(" || exit 2\"");
            let kept = kept.unwrap_or_else(|| plain.trim_end_matches('"'));
            change(&folder, harness, plain, &format!("{kept}{end}\""));
            let what = if end.contains('>') {
                "sends the answer elsewhere"
            } else {
                "changes the exit code or the answer"
            };
            finds(
                &folder,
                harness,
                &format!("error   {harness} command: `{call}{end}` {what}: write"),
            );
            if end.contains("/dev/null") {
                // A hook that sees where its answer goes refuses; behind a pipe it cannot.
                let canary = match end {
                    " >/dev/null" => "it is blocked, but not for the policy's reason".to_owned(),
                    _ => format!("`{call}{end}` lets through what a policy denies"),
                };
                finds(
                    &folder,
                    harness,
                    &format!("error   {harness} canary: {canary}"),
                );
            }
        }
        let folder = connected(harness);
        let quiet = format!(
            "{} 2>/dev/null\"",
            plain.trim_end_matches(" || exit 2\"").trim_end_matches('"')
        );
        change(&folder, harness, plain, &quiet);
        finds(
            &folder,
            harness,
            &format!(
                "warning {harness} command: `{call} 2>/dev/null` hides why something is refused"
            ),
        );
        let folder = connected(harness);
        change(
            &folder,
            harness,
            &format!("\"{PROGRAM}"),
            &format!("\"cd src && {PROGRAM}"),
        );
        finds(
            &folder,
            harness,
            &format!("warning {harness} command: `cd src && "),
        );
    }
}

#[test]
fn programs_that_answer_wrongly_are_found() {
    let faults = [
        (
            "cat >/dev/null; echo '{}'",
            "lets through what a policy denies",
        ),
        ("exit 0", "lets through what a policy denies"),
        (
            "echo '{}{}'",
            "lets through what a policy denies: its answer is not one JSON object",
        ),
        ("kill -KILL $$", "lets through what a policy denies: "),
        (
            "exit 1",
            "lets through what a policy denies: it ends with 1",
        ),
        (
            "sleep 600",
            "lets through what a policy denies: it did not answer within 0.5 s",
        ),
    ];
    for (script, message) in faults {
        let folder = connected("claude");
        let program = fake(&folder, script);
        change(&folder, "claude", PROGRAM, &program);
        change(&folder, "claude", " || exit 2", "");
        change(&folder, "claude", "\"timeout\": 10", "\"timeout\": 0.5");
        let line = format!("error   claude canary: `{program} hook --harness claude` {message}");
        if script != "sleep 600" {
            finds(&folder, "claude", &line);
            continue;
        }
        let patient = fake(
            &folder,
            "case $1 in --version) echo llmspell 0.1.0;; *) sleep 600;; esac",
        );
        assert_eq!(patient, program);
        finds(&folder, "claude", &line);
    }
    let folder = connected("cursor");
    let program = fake(
        &folder,
        "echo '{\"permission\":\"deny\",\"user_message\":\"always\"}'",
    );
    change(&folder, "cursor", PROGRAM, &program);
    finds(
        &folder,
        "cursor",
        "error   cursor canary: it is blocked, but not for the policy's reason: always",
    );
}

#[test]
fn a_line_that_ends_in_a_refusal_blocks_even_where_the_program_is_gone() {
    let folder = connected("claude");
    change(&folder, "claude", PROGRAM, "/nowhere/llmspell");
    finds(
        &folder,
        "claude",
        "error   claude program: there is no program `/nowhere/llmspell`: run",
    );
    finds(
        &folder,
        "claude",
        "error   claude canary: it is blocked, but not for the policy's reason: ",
    );
}

#[test]
fn programs_that_are_missing_or_of_another_release_are_found() {
    for (harness, _) in FILES {
        let folder = connected(harness);
        change(&folder, harness, PROGRAM, "llmspell-old");
        finds(
            &folder,
            harness,
            &format!(
                "error   {harness} program: `llmspell-old` is not on PATH: run `llmspell init --harness {harness}` again"
            ),
        );
        let folder = connected(harness);
        let program = fake(
            &folder,
            &format!("case $1 in --version) echo llmspell 0.0.1;; *) exec {PROGRAM} \"$@\";; esac"),
        );
        change(&folder, harness, PROGRAM, &program);
        finds(
            &folder,
            harness,
            &format!(
                "warning {harness} program: {program} says `llmspell 0.0.1`, and this is llmspell 0.1.0"
            ),
        );
        let folder = connected(harness);
        let alone = folder.path().join("alone/llmspell");
        fs::create_dir_all(alone.parent().unwrap()).unwrap();
        same_file(Path::new(PROGRAM), &alone);
        let alone = alone.display().to_string();
        change(&folder, harness, PROGRAM, &alone);
        finds(
            &folder,
            harness,
            &format!(
                "error   {harness} program: {alone} is not whole: `llmspell-host` cannot be started: "
            ),
        );
    }
}

#[test]
fn timeouts_within_which_no_denial_comes_are_found() {
    for harness in ["claude", "cursor", "factory"] {
        for (timeout, line) in [
            ("0", "has a timeout that is no time"),
            ("-1", "has a timeout that is no time"),
            ("\"10\"", "has a timeout that is no time"),
            ("2", "has 2 s, and the hook may take 2 s"),
        ] {
            let folder = connected(harness);
            change(
                &folder,
                harness,
                "\"timeout\": 10",
                &format!("\"timeout\": {timeout}"),
            );
            let event = if harness == "cursor" {
                "beforeShellExecution"
            } else {
                "PreToolUse"
            };
            finds(
                &folder,
                harness,
                &format!(
                    "error   {harness} hooks: {event} in {} {line}",
                    settings(harness)
                ),
            );
        }
        let folder = connected(harness);
        change(&folder, harness, "\"timeout\": 10", "\"timeout\": 2.5");
        let ran = doctor(&folder, harness);
        assert_eq!(ran.code, 0, "{}", ran.out);
        assert!(
            ran.out
                .contains("has 2.5 s, which is little on a busy machine"),
            "{}",
            ran.out
        );
        let folder = connected(harness);
        fs::write(
            folder.path().join("llmspell.toml"),
            "[hook]\ndeadline = \"20s\"\n",
        )
        .unwrap();
        let ran = doctor(&folder, harness);
        assert!(
            ran.out.contains("has 10 s, and the hook may take 20 s"),
            "{}",
            ran.out
        );
    }
}

#[test]
fn entries_that_do_not_hold_the_agent_up_are_found() {
    let cases = [
        (
            "claude",
            "\"type\": \"command\",",
            "\"type\": \"command\", \"async\": true,",
            "error   claude hooks: PreToolUse in .claude/settings.json is `async`",
        ),
        (
            "claude",
            "\"type\": \"command\",",
            "\"type\": \"command\", \"if\": \"Bash(git *)\",",
            "warning claude hooks: PreToolUse in .claude/settings.json is only for `Bash(git *)`",
        ),
        (
            "claude",
            "\"matcher\": \"*\"",
            "\"matcher\": \"Bash\"",
            "warning claude hooks: PreToolUse in .claude/settings.json is only for what matches `Bash`",
        ),
        (
            "claude",
            "\"matcher\": \"*\"",
            "\"matcher\": \"Bash\"",
            "error   claude hooks: no hook for PreToolUse",
        ),
        (
            "claude",
            "\"onFailure\": \"block\"",
            "\"onFailure\": \"continue\"",
            "warning claude hooks: PreToolUse in .claude/settings.json lacks `\"onFailure\": \"block\"`",
        ),
        (
            "cursor",
            "\"failClosed\": true",
            "\"failClosed\": false",
            "warning cursor hooks: beforeShellExecution in .cursor/hooks.json lacks `\"failClosed\": true`",
        ),
        (
            "factory",
            "--harness factory",
            "--harness claude",
            "error   factory hooks: .factory/settings.json calls llmspell for another agent in PreToolUse",
        ),
        (
            "factory",
            "\"hooks\": {",
            "\"hooks\": {,",
            "error   factory settings: .factory/settings.json:2:13: ",
        ),
        (
            "opencode",
            "DEADLINE_MS = 10000",
            "DEADLINE_MS = 1",
            "error   opencode plugin: .opencode/plugin/llmspell.js is of another release, or was changed by hand",
        ),
    ];
    for (harness, from, to, line) in cases {
        let folder = connected(harness);
        change(&folder, harness, from, to);
        finds(&folder, harness, line);
    }
}

#[test]
fn other_hooks_that_may_allow_before_ours_are_found() {
    let other =
        "{\"version\": 1, \"hooks\": {\"beforeShellExecution\": [{\"command\": \"./other.sh\"}]}}";
    let folder = Folder::new(&[(".cursor/hooks.json", other)]);
    folder.run(&["init", "--harness", "cursor"]);
    finds(
        &folder,
        "cursor",
        "warning cursor hooks: beforeShellExecution in .cursor/hooks.json has another hook before ours, which may allow what a policy denies: `./other.sh`",
    );
    let other = r#"{"hooks": {"PreToolUse": [{"hooks": [{"type": "command", "command": "./auto-approve.sh"}]}]}}"#;
    let folder = Folder::new(&[(".claude/settings.json", other)]);
    folder.run(&["init", "--harness", "claude"]);
    finds(
        &folder,
        "claude",
        "warning claude hooks: PreToolUse in .claude/settings.json has another hook before ours",
    );
}

#[test]
fn policies_that_cannot_be_relied_on_are_found() {
    let folder = connected("claude");
    let policy = folder.path().join(".cupcake/policies/claude/example.rego");
    let text = fs::read_to_string(&policy).unwrap();
    fs::write(&policy, format!("{text}\ndeny contains {{\n")).unwrap();
    finds(
        &folder,
        "claude",
        "error   policies: 1 error, the first: .cupcake/policies/claude/example.rego:",
    );
    fs::write(&policy, &text).unwrap();

    fs::write(
        folder.path().join("llmspell.toml"),
        "[policy]\nmode = \"monitor\"\n",
    )
    .unwrap();
    let ran = doctor(&folder, "claude");
    assert_eq!(ran.code, 0, "{}", ran.out);
    assert!(
        ran.out
            .contains("warning mode: the project is in monitor mode: nothing is refused: remove"),
        "{}",
        ran.out
    );
    assert!(!ran.out.contains("self-protection"), "{}", ran.out);

    fs::write(folder.path().join("llmspell.toml"), "").unwrap();
    folder.run(&["trust", "init"]);
    assert!(
        doctor(&folder, "claude")
            .out
            .contains("ok      trust: every file is as it was signed\n")
    );
    fs::write(
        folder.path().join(".cupcake/policies/claude/new.rego"),
        STOP_POLICY,
    )
    .unwrap();
    finds(
        &folder,
        "claude",
        "error   trust: 1 file not as signed: nothing is allowed: run `llmspell trust verify`",
    );
}

#[test]
fn a_cache_that_cannot_be_written_is_found() {
    let folder = connected("claude");
    fs::create_dir_all(folder.path().join(".home")).unwrap();
    fs::write(folder.path().join(".home/cache"), "").unwrap();
    finds(&folder, "claude", "warning cache: ");
}
