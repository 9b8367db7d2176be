//! `llmspell profile`, and the profiles of `llmspell run`.

use std::fs;

use serde_json::Value;

use crate::program::Folder;

const POLICY: &str = r#"# METADATA
# custom:
#   id: GUARD
#   routing:
#     required_events: [Stop]
package cupcake.policies.guard

import rego.v1

block contains {"rule_id": "GUARD-1", "reason": "not yet", "severity": "LOW"}
"#;

fn project() -> Folder {
    Folder::new(&[
        (".cupcake/rulebook.yml", ""),
        (".cupcake/policies/claude/guard.rego", POLICY),
        ("stop.json", r#"{"hook_event_name": "Stop"}"#),
        (
            "ask.lua",
            "print('said') local function ask() Cupcake.eval({hook_event_name = 'Stop'}) end ask()",
        ),
        (
            "ask.js",
            "const said = 1; print('said'); function ask() { Cupcake.eval({hook_event_name: 'Stop'}) } ask()",
        ),
        (
            "endless.lua",
            "local function spin() while true do end end spin()",
        ),
        (
            "fails.js",
            "function ask() { Cupcake.eval({hook_event_name: 'Stop'}); throw new Error('late') } ask()",
        ),
    ])
}

#[test]
fn a_script_is_measured_down_to_the_rules_that_it_asked() {
    let folder = project();
    for script in ["ask.lua", "ask.js"] {
        let arguments = [
            "profile",
            script,
            "--runs",
            "3",
            "--exact",
            "--open",
            "folded:out.folded",
            "--open",
            "out.svg",
        ];
        let ran = folder.run(&arguments);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{script}");
        for part in [
            "p50",
            "p99",
            "Cupcake.eval",
            "GUARD (guard.rego:6)",
            "block (guard.rego:10)",
            "own %",
        ] {
            assert!(ran.out.contains(part), "{part}: {}", ran.out);
        }
        assert!(!ran.out.contains("said"), "{}", ran.out);
        let folded = fs::read_to_string(folder.path().join("out.folded")).unwrap();
        let path = folded.lines().find(|line| line.contains(";block")).unwrap();
        let order = ["ask", "Cupcake.eval", "GUARD", "block"].map(|part| path.find(part).unwrap());
        assert!(order.is_sorted(), "{path}");
        let drawn = fs::read_to_string(folder.path().join("out.svg")).unwrap();
        assert!(drawn.contains("<svg"), "{drawn}");
    }
}

#[test]
fn an_event_is_measured_by_phase_policy_and_rule() {
    let folder = project();
    let ran = folder.run(&["profile", "stop.json", "--runs", "7", "--json"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    let parts = json["parts"].as_array().unwrap();
    let names: Vec<_> = parts
        .iter()
        .map(|part| part["name"].as_str().unwrap())
        .collect();
    let expected = [
        "event",
        "route",
        "GUARD (.cupcake/policies/claude/guard.rego:6)",
        "block (.cupcake/policies/claude/guard.rego:10)",
        "synthesize",
    ];
    assert_eq!(names, expected);
    for part in parts {
        assert_eq!(part["runs"], 7);
        let times = ["p50_us", "p90_us", "p95_us", "p99_us", "max_us"];
        let times = times.map(|name| part[name].as_f64().unwrap());
        assert!(times.is_sorted() && times[0] > 0.0, "{part}");
    }
    let whole = parts[0]["p50_us"].as_f64().unwrap();
    assert!(parts[2]["p50_us"].as_f64().unwrap() <= whole);
    assert!(json["profile"].is_object(), "{json}");
    let from_input = folder.run_with(
        &["profile", "-", "--runs", "1"],
        br#"{"hook_event_name": "Stop"}"#,
    );
    assert_eq!(from_input.code, 0, "{}", from_input.err);
}

#[test]
fn a_script_whose_runs_are_short_is_seen_inside_and_its_value_need_not_be_data() {
    let folder = project();
    let script = "local function add(n) local s = 0 for i = 1, n do s += i end return s end add(9) return add";
    fs::write(folder.path().join("short.lua"), script).unwrap();
    let ran = folder.run(&["profile", "short.lua", "--runs", "5", "--json"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(json["parts"][0]["runs"], 5);
    let profile = &json["profile"];
    let frames = profile["frames"].as_array().unwrap();
    let seen = frames.iter().any(|frame| frame["name"] == "add");
    // On a machine that is busy enough, the run is not short, and what a sample finds is chance.
    assert!(seen || profile["method"] == "sampled", "{profile}");
}

#[test]
fn what_cannot_be_measured_is_said() {
    let folder = project();
    for (arguments, message) in [
        (&["profile", "nothing.json"][..], "the file cannot be read"),
        (&["profile", "nothing.lua"], "nothing.lua"),
        (&["profile", "fails.js", "--runs", "2"], "Error: late"),
        (
            &["profile", "endless.lua", "--timeout", "50ms"],
            "longer than its limit",
        ),
        (&["profile", "stop.json", "--runs", "0"], "a number from 1"),
        (
            &["profile", "stop.json", "--open", "picture:x.png"],
            "picture",
        ),
        (
            &[
                "profile",
                "stop.json",
                "--runs",
                "1",
                "--open",
                "nowhere/x.svg",
            ],
            "there is no folder `nowhere`",
        ),
        (
            &["run", "ask.lua", "--profile", "nowhere/x.svg"],
            "there is no folder `nowhere`",
        ),
        (&["profile", ".cupcake"], "this is a folder"),
        (&["run", "ask.lua", "--profile", "x.png"], ".folded"),
        (&["run", "ask.lua", "--profile-exact"], "--profile"),
    ] {
        let ran = folder.run(arguments);
        assert_eq!(ran.code, 1, "{arguments:?}: {}", ran.err);
        assert!(ran.err.contains(message), "{arguments:?}: {}", ran.err);
    }
}

#[test]
fn run_writes_a_profile_in_the_format_of_the_ending() {
    let folder = project();
    for (script, file, begins) in [
        ("ask.lua", "a.folded", "("),
        ("ask.js", "a.speedscope.json", "{"),
        ("ask.lua", "a.trace.json", "{"),
        ("ask.js", "a.svg", "<?xml"),
        ("ask.lua", "a.txt", "ask.lua"),
        ("ask.lua", "a.json", "{"),
    ] {
        let ran = folder.run(&["run", script, "--profile", file, "--profile-exact"]);
        assert_eq!((ran.code, ran.out.as_str()), (0, "said\n"), "{}", ran.err);
        let text = fs::read_to_string(folder.path().join(file)).unwrap();
        assert!(
            text.starts_with(begins) && text.contains("GUARD"),
            "{file}: {text}"
        );
    }
}

#[test]
fn a_script_that_fails_or_is_stopped_leaves_its_profile() {
    let folder = project();
    let ran = folder.run(&[
        "run",
        "fails.js",
        "--profile",
        "a.folded",
        "--profile-exact",
    ]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("Error: late"), "{}", ran.err);
    let folded = fs::read_to_string(folder.path().join("a.folded")).unwrap();
    assert!(folded.contains("GUARD"), "{folded}");
    let ran = folder.run(&[
        "run",
        "endless.lua",
        "--timeout",
        "100ms",
        "--profile",
        "b.folded",
    ]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("longer than its limit"), "{}", ran.err);
    let folded = fs::read_to_string(folder.path().join("b.folded")).unwrap();
    assert!(folded.contains("spin"), "{folded}");
}
