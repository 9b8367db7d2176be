//! `llmspell init --harness`: what is written into agents' settings, and taken out of them again.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::program::{Folder, Ran, same_file};

const HARNESSES: [(&str, &str); 4] = [
    ("claude", ".claude/settings.json"),
    ("cursor", ".cursor/hooks.json"),
    ("factory", ".factory/settings.json"),
    ("opencode", ".opencode/plugin/llmspell.js"),
];
const WITH_SETTINGS: [(&str, &str); 3] = [HARNESSES[0], HARNESSES[1], HARNESSES[2]];

/// Settings as people have them, for an agent whose events are called so.
fn settings(harness: &str) -> Vec<(&'static str, String)> {
    let texts = match harness {
        "cursor" => [
            "{}",
            "{\n}\n",
            "{\"version\":1,\"hooks\":{}}",
            "{\n  \"version\": 1,\n  \"hooks\": {\n    \"beforeShellExecution\": [\n      { \"command\": \"./check.sh\", \"timeout\": 5 }\n    ],\n    \"stop\": []\n  }\n}\n",
            "{\n\t\"hooks\": {\n\t\t\"unknownEvent\": [{\"command\": \"x\"}]\n\t},\n\t\"zebra\": 1.50,\n\t\"apple\": [1, 2]\n}",
            " \n",
        ],
        _ => [
            "{}",
            "{ }\n",
            "{\"permissions\":{\"deny\":[\"Bash(rm *)\"]},\"hooks\":{}}",
            "{\n    \"zebra\": 1.50,\n    \"hooks\": {\n        \"PreToolUse\": [\n            { \"matcher\": \"Bash\", \"hooks\": [ { \"type\": \"command\", \"command\": \"./check.sh\" } ] }\n        ],\n        \"Stop\": [],\n        \"Unknown\": [{\"hooks\": []}]\n    },\n    \"apple\": [1e3, \"\\u00e9\"]\n}\n",
            "{\n\t\"hooks\": {\n\t\t\"PreToolUse\": [{\"matcher\": \"*\", \"hooks\": [\n\t\t\t{\"type\": \"command\", \"command\": \"echo 1\"}\n\t\t]}]\n\t}\n}",
            " \n",
        ],
    };
    let names = [
        "empty object",
        "loose",
        "tight",
        "foreign hooks",
        "tabs",
        "blank",
    ];
    let mut settings: Vec<_> = names.into_iter().zip(texts.map(str::to_owned)).collect();
    let foreign = settings[3].1.clone();
    settings.push(("windows", foreign.replace('\n', "\r\n")));
    settings.push(("marked", format!("\u{feff}{foreign}")));
    settings
}

fn installed(folder: &Folder, harness: &str) -> Ran {
    folder.run(&["init", "--harness", harness])
}

fn uninstalled(folder: &Folder, harness: &str) -> Ran {
    folder.run(&["init", "--uninstall", "--harness", harness])
}

fn read(folder: &Folder, file: &str) -> String {
    fs::read_to_string(folder.path().join(file)).unwrap()
}

fn parsed(folder: &Folder, file: &str) -> Value {
    let text = read(folder, file);
    serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap()
}

/// The commands of an event.
fn commands(settings: &Value, harness: &str, event: &str) -> Vec<String> {
    let groups = settings["hooks"][event].as_array().unwrap().iter();
    let handlers: Vec<&Value> = match harness {
        "cursor" => groups.collect(),
        _ => groups
            .flat_map(|group| group["hooks"].as_array().unwrap())
            .collect(),
    };
    let command = |handler: &&Value| handler["command"].as_str().unwrap().to_owned();
    handlers.iter().map(command).collect()
}

fn gate(harness: &str) -> &'static str {
    if harness == "cursor" {
        "beforeShellExecution"
    } else {
        "PreToolUse"
    }
}

/// Everything in a folder but the project: paths and bytes.
fn everything(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(folder).unwrap().display().to_string();
            if name == ".cupcake" || name == "llmspell.toml" {
                continue;
            }
            match path.is_dir() {
                true => {
                    found.push((name, Vec::new()));
                    folders.push(path);
                }
                false => found.push((name, fs::read(path).unwrap())),
            }
        }
    }
    found.sort();
    found
}

#[test]
fn every_agent_is_connected_and_a_second_time_changes_nothing() {
    for (harness, file) in HARNESSES {
        let folder = Folder::new(&[]);
        let first = installed(&folder, harness);
        assert_eq!((first.code, first.err.as_str()), (0, ""), "{harness}");
        assert!(
            first
                .out
                .contains(&format!("made        {file}\n--- {file}\n+++ {file}\n")),
            "{}",
            first.out
        );
        let before = everything(folder.path());
        let second = installed(&folder, harness);
        assert!(
            second.out.contains(&format!("left alone  {file}\n")),
            "{}",
            second.out
        );
        assert_eq!(everything(folder.path()), before, "{harness}");
    }
}

#[test]
fn every_event_of_interest_is_sent_with_a_timeout_and_gates_fail_closed() {
    let program = env!("CARGO_BIN_EXE_llmspell");
    for (harness, file) in WITH_SETTINGS {
        let folder = Folder::new(&[]);
        installed(&folder, harness);
        let settings = parsed(&folder, file);
        let events = settings["hooks"].as_object().unwrap();
        for event in events.keys() {
            let found = commands(&settings, harness, event);
            assert_eq!(found.len(), 1, "{harness} {event}");
            let expected = format!("{program} hook --harness {harness}");
            assert!(
                found[0] == expected || found[0] == format!("{expected} || exit 2"),
                "{}",
                found[0]
            );
        }
        let first = &settings["hooks"][gate(harness)][0];
        let handler = if harness == "cursor" {
            first
        } else {
            &first["hooks"][0]
        };
        assert_eq!(handler["timeout"], 10, "{harness}");
        match harness {
            "claude" => assert_eq!(
                (&first["matcher"], &handler["onFailure"]),
                (&"*".into(), &"block".into())
            ),
            "cursor" => assert_eq!(
                (&settings["version"], &handler["failClosed"]),
                (&1.into(), &true.into())
            ),
            _ => assert!(handler["command"].as_str().unwrap().ends_with(" || exit 2")),
        }
        for left_out in [
            "WorktreeCreate",
            "WorktreeRemove",
            "FileChanged",
            "MessageDisplay",
        ] {
            assert!(!events.contains_key(left_out), "{left_out}");
        }
    }
}

#[test]
fn what_was_there_stays_and_comes_back_byte_for_byte() {
    for (harness, file) in WITH_SETTINGS {
        for (name, text) in settings(harness) {
            let folder = Folder::new(&[(file, &text)]);
            let ran = installed(&folder, harness);
            assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{harness} {name}");
            assert_eq!(
                read(&folder, &format!("{file}.llmspell-backup")),
                text,
                "{harness} {name}"
            );
            let after = parsed(&folder, file);
            let ours = commands(&after, harness, gate(harness));
            assert!(
                ours.last().unwrap().contains(" hook --harness "),
                "{harness} {name}"
            );
            if let Ok(Value::Object(before)) =
                serde_json::from_str(text.trim_start_matches('\u{feff}'))
            {
                for (key, value) in before.iter().filter(|(key, _)| *key != "hooks") {
                    assert_eq!(&after[key], value, "{harness} {name}");
                }
            }
            let changed = read(&folder, file);
            assert_eq!(
                changed.contains("\r\n"),
                text.contains("\r\n"),
                "{harness} {name}"
            );
            let is_mixed = changed.replace("\r\n", "").contains('\r');
            assert!(!is_mixed, "{harness} {name}");
            assert_eq!(
                changed.starts_with('\u{feff}'),
                text.starts_with('\u{feff}'),
                "{harness} {name}"
            );
            let again = installed(&folder, harness);
            assert!(
                again.out.contains(&format!("left alone  {file}\n")),
                "{harness} {name}: {}",
                again.out
            );
            assert_eq!(read(&folder, file), changed, "{harness} {name}");
            let ran = uninstalled(&folder, harness);
            assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{harness} {name}");
            assert_eq!(read(&folder, file), text, "{harness} {name}");
            assert!(
                !folder
                    .path()
                    .join(format!("{file}.llmspell-backup"))
                    .exists()
            );
            let again = uninstalled(&folder, harness);
            assert!(
                again.out.contains(&format!("left alone  {file}\n")),
                "{harness} {name}: {}",
                again.out
            );
            assert_eq!(read(&folder, file), text, "{harness} {name}");
        }
    }
}

#[test]
fn where_there_was_nothing_nothing_is_left() {
    for (harness, _) in HARNESSES {
        let folder = Folder::new(&[]);
        installed(&folder, harness);
        uninstalled(&folder, harness);
        assert_eq!(everything(folder.path()), [], "{harness}");
        assert!(folder.path().join(".cupcake/rulebook.yml").exists());
    }
}

#[test]
fn a_file_that_was_touched_in_between_loses_our_entries_and_nothing_else() {
    let (harness, file) = HARNESSES[0];
    let foreign = &settings(harness)[3].1;
    let folder = Folder::new(&[(file, foreign)]);
    installed(&folder, harness);
    let touched = read(&folder, file).replace("\"zebra\": 1.50", "\"zebra\": 1.75");
    fs::write(folder.path().join(file), &touched).unwrap();
    let ran = uninstalled(&folder, harness);
    assert_eq!(ran.code, 0);
    assert_eq!(
        parsed(&folder, file),
        serde_json::from_str::<Value>(
            r#"{"zebra": 1.75, "hooks": {"PreToolUse": [{"matcher": "Bash", "hooks": [{"type": "command", "command": "./check.sh"}]}], "Unknown": [{"hooks": []}]}, "apple": [1e3, "é"]}"#
        )
        .unwrap()
    );
    assert_eq!(&read(&folder, &format!("{file}.llmspell-backup")), foreign);
}

#[test]
fn entries_of_an_older_path_are_brought_up_to_date_where_they_stand() {
    for (harness, file) in WITH_SETTINGS {
        let folder = Folder::new(&[]);
        installed(&folder, harness);
        let now = read(&folder, file);
        let older = now
            .replace(
                env!("CARGO_BIN_EXE_llmspell"),
                "'/opt/old release/llmspell'",
            )
            .replace("\"timeout\": 10", "\"timeout\": 1")
            .replacen("\"timeout\": 1", "\"timeout\": 30", 1);
        fs::write(folder.path().join(file), &older).unwrap();
        let ran = installed(&folder, harness);
        assert_eq!(ran.code, 0, "{}", ran.err);
        let expected = now.replacen("\"timeout\": 10", "\"timeout\": 30", 1);
        assert_eq!(read(&folder, file), expected, "{harness}");
        fs::write(folder.path().join(file), &older).unwrap();
        uninstalled(&folder, harness);
        let left = fs::read_to_string(folder.path().join(file)).unwrap_or_default();
        assert!(!left.contains("hook --harness"), "{left}");
    }
}

#[test]
fn calls_that_somebody_has_changed_are_theirs() {
    let (harness, file) = HARNESSES[0];
    let theirs = r#"{"hooks": {"PreToolUse": [{"matcher": "*", "hooks": [{"type": "command", "command": "llmspell hook --harness claude --project x || true"}]}]}}"#;
    let folder = Folder::new(&[(file, theirs)]);
    let ran = installed(&folder, harness);
    let remark = "note        left alone in PreToolUse: `llmspell hook --harness claude --project x || true`";
    assert!(ran.out.contains(remark), "{}", ran.out);
    assert_eq!(
        commands(&parsed(&folder, file), harness, "PreToolUse").len(),
        2
    );
    let ran = uninstalled(&folder, harness);
    assert!(ran.out.contains(remark), "{}", ran.out);
    assert_eq!(read(&folder, file), theirs);
}

#[test]
fn settings_that_are_none_are_left_alone_and_the_error_says_what_to_do() {
    let broken = [
        (
            "{\n  // mine\n  \"hooks\": {}\n}",
            "2:3: there is a comment, which would be in the way",
        ),
        ("{\"hooks\": {},}", "1:14: there is a comma before the end"),
        (
            "{\"a\": 1, \"a\": 2}",
            "1:10: the key `a` stands here a second time",
        ),
        (
            "{\"hooks\": []}",
            "1:11: `hooks` is expected to be an object of events",
        ),
        ("{\"hooks\": {\"GATE\": {}}}", "is expected to be a list"),
        ("[]", "1:1: settings are an object"),
        ("{\"a\": ", "1:7: it ends too early"),
        ("not json", "1:1: a JSON value is expected here"),
        ("{} {}", "1:4: there is something behind the end"),
    ];
    for (harness, file) in WITH_SETTINGS {
        for (text, message) in broken {
            let text = text.replace("GATE", gate(harness));
            let folder = Folder::new(&[(file, &text)]);
            let ran = installed(&folder, harness);
            assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{harness} {text}");
            assert!(
                ran.err.contains(message) && ran.err.contains("nothing was changed"),
                "{harness} {text}: {}",
                ran.err
            );
            assert!(
                ran.err.contains("write this into it by hand:\n{"),
                "{}",
                ran.err
            );
            assert_eq!(read(&folder, file), text);
            assert!(
                !folder.path().join(".cupcake").exists(),
                "the project is not made either"
            );
        }
        let deep = "[".repeat(100_000);
        let folder = Folder::new(&[(file, &deep)]);
        let ran = installed(&folder, harness);
        assert!(
            ran.err.contains("it is more than 100 values deep"),
            "{}",
            ran.err
        );
        fs::write(folder.path().join(file), b"{\"a\": \"\xff\"}").unwrap();
        let ran = installed(&folder, harness);
        assert_eq!(ran.code, 1);
        assert!(ran.err.contains("is not UTF-8 text"), "{}", ran.err);
        fs::write(folder.path().join(file), vec![b' '; (1 << 20) + 1]).unwrap();
        assert!(installed(&folder, harness).err.contains("is larger than"));
        let nearly = format!("{{\"a\": \"{}\"}}", "a".repeat((1 << 20) - 100));
        fs::write(folder.path().join(file), &nearly).unwrap();
        assert!(
            installed(&folder, harness)
                .err
                .contains("would be larger than")
        );
        assert_eq!(read(&folder, file), nearly);
    }
    let folder = Folder::new(&[(HARNESSES[1].1, "{\"version\": 2}")]);
    let ran = installed(&folder, "cursor");
    assert!(
        ran.err
            .contains("only version 1 of these settings is known"),
        "{}",
        ran.err
    );
    let folder = Folder::new(&[(HARNESSES[3].1, "export const mine = 1;\n")]);
    let ran = installed(&folder, "opencode");
    assert_eq!(ran.code, 1);
    assert!(
        ran.err.contains("this plugin is not llmspell's"),
        "{}",
        ran.err
    );
    uninstalled(&folder, "opencode");
    assert_eq!(read(&folder, HARNESSES[3].1), "export const mine = 1;\n");
}

#[test]
fn a_dry_run_shows_everything_and_does_nothing() {
    for (harness, file) in HARNESSES {
        let folder = Folder::new(&[]);
        let ran = folder.run(&["init", "--harness", harness, "--dry-run"]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""));
        assert!(
            ran.out.contains(&format!("+++ {file}\n")) && ran.out.ends_with("nothing was done\n"),
            "{}",
            ran.out
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        installed(&folder, harness);
        let before = everything(folder.path());
        let ran = folder.run(&["init", "--uninstall", "--harness", harness, "--dry-run"]);
        assert!(ran.out.contains(&format!("--- {file}\n")), "{}", ran.out);
        assert_eq!(everything(folder.path()), before);
    }
}

#[test]
fn the_users_settings_and_a_named_file_are_written_when_they_are_asked_for() {
    let folder = Folder::new(&[]);
    let ran = folder.run(&[
        "init",
        "--global",
        "--dir",
        "machine",
        "--harness",
        "claude,cursor,factory,opencode",
    ]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    for file in [
        ".home/.claude/settings.json",
        ".home/.cursor/hooks.json",
        ".home/.factory/settings.json",
        ".home/config/opencode/plugin/llmspell.js",
    ] {
        assert!(folder.path().join(file).exists(), "{file}");
    }
    assert!(!folder.path().join(".claude").exists());
    let ran = folder.run(&[
        "init",
        "--harness",
        "claude",
        "--settings",
        "other/mine.json",
    ]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(folder.path().join("other/mine.json").exists());
    assert!(!folder.path().join(".claude").exists());
    let ran = folder.run(&["init", "--settings", "other/mine.json"]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.err.contains("name that agent with `--harness H`"),
        "{}",
        ran.err
    );
}

#[test]
fn secrets_beside_our_entries_are_not_shown() {
    let text =
        "{\n  \"env\": {\"API_TOKEN\": \"sk-ant-api03-abcdefghijklmnopqrstuvwxyz012345\"}\n}\n";
    let folder = Folder::new(&[(".claude/settings.json", text)]);
    let ran = installed(&folder, "claude");
    assert!(!ran.out.contains("abcdefghijkl"), "{}", ran.out);
    assert!(read(&folder, ".claude/settings.json").contains("abcdefghijkl"));
}

#[test]
fn without_an_agent_no_settings_are_touched() {
    let folder = Folder::new(&[(".claude/settings.json", "{}")]);
    assert_eq!(folder.run(&["init"]).code, 0);
    assert_eq!(read(&folder, ".claude/settings.json"), "{}");
}

#[cfg(unix)]
mod on_unix {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn a_read_only_file_stays_as_it_is() {
        for (harness, file) in WITH_SETTINGS {
            let folder = Folder::new(&[(file, "{}")]);
            let path = folder.path().join(file);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
            let ran = installed(&folder, harness);
            assert_eq!(ran.code, 1);
            assert!(
                ran.err
                    .contains("it is read-only, nothing was changed\nhelp: make it writable"),
                "{}",
                ran.err
            );
            assert_eq!(read(&folder, file), "{}");
            let ran = folder.run(&["init", "--harness", harness, "--dry-run"]);
            assert_eq!(ran.code, 0, "{}", ran.err);
            assert!(ran.out.contains(&format!("+++ {file}\n")), "{}", ran.out);
        }
    }

    #[test]
    fn a_link_stays_one_and_permissions_are_kept() {
        for (harness, file) in WITH_SETTINGS {
            let elsewhere = Folder::new(&[("mine.json", "{\n}\n")]);
            let folder = Folder::new(&[]);
            let target = elsewhere.path().join("mine.json");
            fs::set_permissions(&target, fs::Permissions::from_mode(0o600)).unwrap();
            let link = folder.path().join(file);
            fs::create_dir_all(link.parent().unwrap()).unwrap();
            symlink(&target, &link).unwrap();
            let ran = installed(&folder, harness);
            assert!(
                ran.out.contains("is a link to ")
                    && ran.out.contains("lies elsewhere, all links followed"),
                "{}",
                ran.out
            );
            assert!(link.is_symlink());
            assert!(
                fs::read_to_string(&target)
                    .unwrap()
                    .contains("hook --harness")
            );
            assert_eq!(
                target.metadata().unwrap().permissions().mode() & 0o777,
                0o600
            );
            uninstalled(&folder, harness);
            assert!(link.is_symlink());
            assert_eq!(fs::read_to_string(&target).unwrap(), "{\n}\n");
            fs::remove_file(&target).unwrap();
            let ran = installed(&folder, harness);
            assert_eq!(ran.code, 1);
            assert!(
                ran.err.contains("it is a link that leads nowhere"),
                "{}",
                ran.err
            );
        }
    }

    #[test]
    fn the_program_is_named_as_path_finds_it_and_quoted_where_it_must_be() {
        let folder = Folder::new(&[]);
        let bin = folder.path().join("bin");
        fs::create_dir_all(&bin).unwrap();
        symlink(env!("CARGO_BIN_EXE_llmspell"), bin.join("llmspell")).unwrap();
        let output = folder
            .command(&["init", "--harness", "cursor"])
            .env("PATH", &bin)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(
            text.contains("program     llmspell: it is the first `llmspell` on PATH\n"),
            "{text}"
        );
        assert_eq!(
            commands(&parsed(&folder, ".cursor/hooks.json"), "cursor", "stop"),
            ["llmspell hook --harness cursor"]
        );

        let spaced = folder.path().join("it's a folder");
        fs::create_dir_all(&spaced).unwrap();
        let copy = spaced.join("llmspell");
        same_file(Path::new(env!("CARGO_BIN_EXE_llmspell")), &copy);
        let host = Path::new(env!("CARGO_BIN_EXE_llmspell-host"));
        same_file(host, &spaced.join("llmspell-host"));
        let mut command = std::process::Command::new(&copy);
        let output = command
            .args(["init", "--harness", "claude"])
            .current_dir(folder.path())
            .env("PATH", "")
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        let found = commands(&parsed(&folder, ".claude/settings.json"), "claude", "Stop");
        assert!(
            found[0].contains(r"/it'\''s a folder/llmspell' hook --harness claude"),
            "{found:?}"
        );
    }
}
