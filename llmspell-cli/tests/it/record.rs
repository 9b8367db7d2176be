//! `llmspell record` and `llmspell recording`.

use std::fs;
use std::io::Read as _;
use std::process::Stdio;

use crate::program::{Folder, Ran, STOP_POLICY};

const SCRIPT: &str = r#"
Debug.info('login with password=hunter2', 'm')
local t = Debug.timer('work') t:stop()
print('token=abcdefgh12')
print(Cupcake.eval({hook_event_name = 'Stop', api_key = 'hunter2'}).decision)
"#;

fn folder() -> Folder {
    Folder::new(&[
        ("a.lua", SCRIPT),
        (
            "a.js",
            "console.log('x'); Cupcake.eval({hook_event_name: 'Stop'})",
        ),
        ("fails.lua", "Debug.warn('before') error('thrown')"),
        (
            "endless.lua",
            "local n = 0 while true do n += 1 Debug.info('turn ' .. n) end",
        ),
        (
            "stop.json",
            r#"{"hook_event_name":"Stop","password":"hunter2"}"#,
        ),
        (".cupcake/policies/stop.rego", STOP_POLICY),
    ])
}

fn shown(folder: &Folder, arguments: &[&str]) -> Ran {
    folder.run(&[&["recording", "a.llmrec"], arguments].concat())
}

#[test]
fn a_run_is_recorded_with_its_entries_output_events_decisions_and_timers() {
    let folder = folder();
    let ran = folder.run(&["record", "--to", "a.llmrec", "--", "run", "a.lua"]);
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (0, "token=abcdefgh12\nblock\n"),
        "{}",
        ran.err
    );
    assert!(
        ran.err.contains("recorded ") && ran.err.contains("a.llmrec"),
        "{}",
        ran.err
    );
    let all = shown(&folder, &[]);
    assert_eq!((all.code, all.err.as_str()), (0, ""), "{}", all.out);
    for told in [
        "header",
        "INFO [m] login with password=[redacted:password]",
        "token=[redacted:token]",
        "#1 Stop",
        "#1 block not yet",
        "work: 1 times",
        "Cupcake.eval: 1 times",
        "end",
    ] {
        assert!(all.out.contains(told), "{told}: {}", all.out);
    }
    assert!(
        !all.out.contains("hunter2") && !all.out.contains("abcdefgh12"),
        "{}",
        all.out
    );
    let events = shown(&folder, &["--kind", "event", "--json"]);
    let event: serde_json::Value = serde_json::from_str(&events.out).unwrap();
    assert_eq!(event["body"]["event"]["api_key"], "[redacted:key]");
    let decisions = shown(&folder, &["--kind", "decision", "--json"]);
    let decision: serde_json::Value = serde_json::from_str(&decisions.out).unwrap();
    assert_eq!(decision["body"]["decision"]["decision"], "block");
    assert_eq!(decision["body"]["number"], event["body"]["number"]);
}

#[test]
fn the_exit_code_and_the_answer_are_those_of_the_command() {
    let folder = folder();
    let denied = folder.run(&[
        "record",
        "--to",
        "a.llmrec",
        "--",
        "eval",
        "stop.json",
        "--json",
    ]);
    assert_eq!(denied.code, 2, "{}", denied.err);
    assert!(denied.out.starts_with('{'), "{}", denied.out);
    assert!(
        shown(&folder, &["--kind", "decision"])
            .out
            .contains("#1 block not yet")
    );
    let failed = folder.run(&["record", "--to", "b.llmrec", "--", "run", "fails.lua"]);
    assert_eq!(failed.code, 1);
    assert!(failed.err.contains("thrown"), "{}", failed.err);
    let kept = folder.run(&["recording", "b.llmrec"]);
    assert!(
        kept.out.contains("script_output error: thrown")
            && kept.out.contains("WARN before")
            && kept.out.contains(" end "),
        "{}",
        kept.out
    );
    let javascript = folder.run(&["record", "--to", "c.llmrec", "--", "run", "a.js"]);
    assert_eq!(
        (javascript.code, javascript.out.as_str()),
        (0, "x\n"),
        "{}",
        javascript.err
    );
    assert!(
        folder
            .run(&["recording", "c.llmrec"])
            .out
            .contains("#1 block")
    );
}

#[test]
fn a_recording_without_a_name_gets_one_and_none_is_overwritten() {
    let folder = folder();
    for _ in 0..2 {
        assert_eq!(folder.run(&["record", "--", "run", "a.js"]).code, 0);
    }
    let names: Vec<String> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("recording-") && name.ends_with(".llmrec"))
        .collect();
    assert_eq!(names.len(), 2, "{names:?}");
    let before = fs::read(folder.path().join(&names[0])).unwrap();
    let again = folder.run(&["record", "--to", &names[0], "--", "run", "a.js"]);
    assert_eq!((again.code, again.out.as_str()), (1, ""), "{}", again.err);
    assert!(
        again.err.contains("name a file that does not exist yet"),
        "{}",
        again.err
    );
    assert_eq!(fs::read(folder.path().join(&names[0])).unwrap(), before);
}

#[test]
fn a_profile_that_is_written_is_recorded_too() {
    let folder = folder();
    let ran = folder.run(&[
        "record",
        "--to",
        "a.llmrec",
        "--",
        "run",
        "a.lua",
        "--profile",
        "a.folded",
        "--profile-exact",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let told = shown(&folder, &["--kind", "profile"]);
    assert!(
        told.out.contains(" a.lua: ") && told.out.contains(" call paths"),
        "{}",
        told.out
    );
    let record = shown(&folder, &["--kind", "profile", "--json"]);
    let record: serde_json::Value = serde_json::from_str(&record.out).unwrap();
    let profile = &record["body"]["profile"];
    assert_eq!(
        (&profile["title"], &profile["method"]),
        (&"a.lua".into(), &"exact".into())
    );
    let frames = profile["frames"].as_array().unwrap();
    assert!(
        frames.iter().any(|frame| frame["name"] == "Cupcake.eval"),
        "{profile}"
    );
}

#[test]
fn a_profile_of_thousands_of_functions_is_recorded_stack_by_stack() {
    let folder = folder();
    // Functions of their own names, so that the profile has more than a record holds.
    let functions: String = (0..6_000)
        .map(|number| {
            format!(
                "function f.a_function_with_a_rather_long_name_{number}() return {number} end\n"
            )
        })
        .collect();
    let calls: String = (0..6_000)
        .map(|number| format!("f.a_function_with_a_rather_long_name_{number}()\n"))
        .collect();
    let script = format!("local f = {{}}\n{functions}{calls}");
    fs::write(folder.path().join("many.lua"), script).unwrap();
    let ran = folder.run(&[
        "record",
        "--to",
        "a.llmrec",
        "--",
        "run",
        "many.lua",
        "--profile",
        "a.folded",
        "--profile-exact",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let record = shown(&folder, &["--kind", "profile", "--json"]);
    let record: serde_json::Value = serde_json::from_str(&record.out).unwrap();
    let body = &record["body"];
    let shown = body.to_string();
    assert!(body["stacks"].is_array());
    assert!(!shown.contains("redacted") && !shown.contains("left_out"));
    assert!(shown.contains("a_function_with_a_rather_long_name_0"));
    assert!(shown.contains("a_function_with_a_rather_long_name_5999"));
}

#[test]
fn an_event_that_is_too_large_is_said_to_be_left_out() {
    let folder = folder();
    let event = format!(
        r#"{{"hook_event_name":"Stop","text":"{}"}}"#,
        "a b ".repeat(500_000)
    );
    fs::write(folder.path().join("large.json"), event).unwrap();
    folder.run(&["record", "--to", "a.llmrec", "--", "eval", "large.json"]);
    let told = shown(&folder, &["--kind", "event"]);
    assert!(
        told.out.contains("left out: ") && told.out.contains(" bytes are too large"),
        "{}",
        told.out
    );
}

#[test]
fn a_wrong_command_or_file_is_the_users_fault() {
    let folder = folder();
    fs::write(
        folder.path().join("text.llmrec"),
        "no recording at all, but long enough to be one",
    )
    .unwrap();
    for (arguments, told) in [
        (&["record"][..], "COMMAND"),
        (
            &["record", "--", "record", "--", "run", "a.lua"],
            "only `run` and `eval`",
        ),
        (&["record", "--", "dance"], "dance"),
        (
            &["record", "--to", "nowhere/a.llmrec", "--", "run", "a.js"],
            "cannot be made",
        ),
        (&["recording", "nowhere.llmrec"], "cannot be read"),
        (&["recording", "text.llmrec"], "no recording"),
        (
            &["recording", "text.llmrec", "--kind", "dance"],
            "script_output",
        ),
    ] {
        let ran = folder.run(arguments);
        assert_eq!(
            (ran.code, ran.out.as_str()),
            (1, ""),
            "{arguments:?}: {}",
            ran.err
        );
        assert!(ran.err.contains(told), "{arguments:?}: {}", ran.err);
    }
}

#[test]
fn a_killed_program_leaves_every_record_but_the_one_that_it_was_writing() {
    let folder = folder();
    let mut child = folder
        .command(&["record", "--to", "a.llmrec", "--", "run", "endless.lua"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Each entry stands on standard error before it is recorded, so what was read here but for the last is there.
    let mut seen = Vec::new();
    let mut stderr = child.stderr.take().unwrap();
    while seen.len() < 20_000 {
        let mut piece = [0; 4096];
        let length = stderr.read(&mut piece).unwrap();
        assert!(length > 0, "{}", String::from_utf8_lossy(&seen));
        seen.extend_from_slice(&piece[..length]);
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let turns = String::from_utf8_lossy(&seen).matches("turn ").count();
    let entries = shown(&folder, &["--kind", "entry", "--json"]);
    assert_eq!(entries.code, 0, "{}", entries.err);
    assert!(
        entries.err.starts_with("warning: ") && entries.err.lines().count() == 1,
        "{}",
        entries.err
    );
    let messages: Vec<String> = entries
        .out
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["body"]["message"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert!(
        messages.len() + 1 >= turns && messages.len() > 100,
        "{} of {turns}",
        messages.len()
    );
    assert!(
        messages
            .iter()
            .zip(1..)
            .all(|(message, number)| *message == format!("turn {number}"))
    );
}

#[test]
fn a_damaged_recording_is_shown_as_far_as_it_goes_and_the_damage_is_named() {
    let folder = folder();
    folder.run(&["record", "--to", "a.llmrec", "--", "run", "a.lua"]);
    let path = folder.path().join("a.llmrec");
    let mut bytes = fs::read(&path).unwrap();
    let place = bytes.len() - 10;
    bytes[place] ^= 1;
    fs::write(&path, bytes).unwrap();
    let damaged = shown(&folder, &[]);
    assert_eq!(damaged.code, 1);
    assert!(
        damaged.out.contains("header") && damaged.err.contains(" bytes at "),
        "{}",
        damaged.err
    );
}
