//! What is wrong with the hook's command in the agent's settings.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

use super::scene::Scene;
use super::{Fault, fault, harmless};

pub(super) fn faults() -> Vec<Fault> {
    let said = |name: &str, words: &'static [&'static str], arguments: &'static [&'static str]| {
        fault(
            format!("command line: {name}"),
            words,
            move |scene: &mut Scene| {
                let harness = scene.agent.name();
                let arguments = arguments
                    .iter()
                    .map(|word| word.replace("HARNESS", harness));
                scene.arguments = arguments.map(OsString::from).collect();
            },
        )
    };
    const SETTINGS: &[&str] = &["the agent's settings"];
    const HARNESS: &[&str] = &["--harness", "the agent's settings"];
    vec![
        said("no harness", HARNESS, &["hook"]),
        said(
            "an unknown harness",
            HARNESS,
            &["hook", "--harness", "emacs"],
        ),
        said(
            "a harness in other letters",
            HARNESS,
            &["hook", "--harness", "CLAUDE"],
        ),
        said("an empty harness", HARNESS, &["hook", "--harness", ""]),
        said(
            "an empty harness behind a sign",
            HARNESS,
            &["hook", "--harness="],
        ),
        said(
            "a harness without its value",
            HARNESS,
            &["hook", "--harness"],
        ),
        said(
            "two harnesses in one",
            HARNESS,
            &["hook", "--harness", "claude,cursor"],
        ),
        said(
            "the harness twice",
            HARNESS,
            &["hook", "--harness", "HARNESS", "--harness", "HARNESS"],
        ),
        said(
            "two harnesses",
            HARNESS,
            &["hook", "--harness", "cursor", "--harness", "HARNESS"],
        ),
        said(
            "an unknown flag",
            SETTINGS,
            &["hook", "--harness", "HARNESS", "--fail-open"],
        ),
        said(
            "an unknown short flag",
            SETTINGS,
            &["hook", "--harness", "HARNESS", "-f"],
        ),
        said(
            "a word too many",
            SETTINGS,
            &["hook", "--harness", "HARNESS", "claude"],
        ),
        said(
            "an event on the command line",
            SETTINGS,
            &["hook", "--harness", "HARNESS", "{}"],
        ),
        said(
            "flags behind a double dash",
            SETTINGS,
            &["hook", "--", "--harness", "HARNESS"],
        ),
        said(
            "help",
            SETTINGS,
            &["hook", "--harness", "HARNESS", "--help"],
        ),
        said(
            "short help",
            SETTINGS,
            &["hook", "--harness", "HARNESS", "-h"],
        ),
        said(
            "the version",
            SETTINGS,
            &["hook", "--harness", "HARNESS", "--version"],
        ),
        said(
            "a project that is not there",
            &[".cupcake", "/no/where"],
            &["hook", "--harness", "HARNESS", "--project", "/no/where"],
        ),
        said(
            "an empty project",
            &["project"],
            &["hook", "--harness", "HARNESS", "--project", ""],
        ),
        said(
            "a project without its value",
            &["--project"],
            &["hook", "--harness", "HARNESS", "--project"],
        ),
        said(
            "a project twice",
            &["--project"],
            &[
                "hook",
                "--harness",
                "HARNESS",
                "--project",
                ".",
                "--project",
                ".",
            ],
        ),
        said(
            "a file as a project",
            &[".cupcake"],
            &[
                "hook",
                "--harness",
                "HARNESS",
                "--project",
                ".cupcake/policies/base.rego",
            ],
        ),
        said(
            "a folder of the project as a project",
            &[".cupcake"],
            &[
                "hook",
                "--harness",
                "HARNESS",
                "--project",
                ".cupcake/policies",
            ],
        ),
        said(
            "a configuration of the machine that is not there",
            &["/no/where"],
            &[
                "hook",
                "--harness",
                "HARNESS",
                "--global-config",
                "/no/where",
            ],
        ),
        said(
            "a configuration of the machine that holds nothing",
            &["rulebook.yml"],
            &[
                "hook",
                "--harness",
                "HARNESS",
                "--global-config",
                "/proc/self/fd",
            ],
        ),
        fault("command line: bytes that are no text", SETTINGS, |scene| {
            scene.arguments.push(OsString::from_vec(vec![0xff, 0xfe]));
        }),
        fault("command line: a harness of bytes", HARNESS, |scene| {
            let bytes = OsString::from_vec(vec![0xff]);
            scene.arguments = vec!["hook".into(), "--harness".into(), bytes];
        }),
        fault(
            "command line: an argument of 100,000 letters",
            &["unexpected argument"],
            |scene| {
                scene.arguments.push("x".repeat(100_000).into());
            },
        ),
        fault("command line: 10,000 words", SETTINGS, |scene| {
            scene
                .arguments
                .extend((0..10_000).map(|_| OsString::from("x")));
        }),
        fault(
            "command line: an agent's directory without a project",
            &[".cupcake"],
            |scene| {
                scene.nowhere();
            },
        ),
        harmless("command line: the project is named", |scene| {
            let root = scene.root();
            scene
                .arguments
                .extend([OsString::from("--project"), root.into()]);
            scene.within("/");
        }),
    ]
}
