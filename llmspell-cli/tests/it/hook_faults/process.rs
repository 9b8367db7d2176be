//! What happens to the process: signals, limits, streams and surroundings.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt as _;

use super::interruption::{Interruption, Moment, RUNS};
use super::project::policy_with;
use super::scene::Scene;
use super::{Fault, fault, harmless};

/// The signals that end a process that does not handle them, and those that stop it.
const ENDINGS: [(&str, i32); 30] = [
    ("HUP", 1),
    ("INT", 2),
    ("QUIT", 3),
    ("ILL", 4),
    ("TRAP", 5),
    ("ABRT", 6),
    ("BUS", 7),
    ("FPE", 8),
    ("USR1", 10),
    ("SEGV", 11),
    ("USR2", 12),
    ("ALRM", 14),
    ("TERM", 15),
    ("STKFLT", 16),
    ("TSTP", 20),
    ("TTIN", 21),
    ("TTOU", 22),
    ("XCPU", 24),
    ("VTALRM", 26),
    ("PROF", 27),
    ("IO", 29),
    ("PWR", 30),
    ("SYS", 31),
    ("RTMIN", 34),
    ("RTMIN+1", 35),
    ("RTMIN+7", 41),
    ("RTMIN+15", 49),
    ("RTMAX-14", 50),
    ("RTMAX-1", 63),
    ("RTMAX", 64),
];
/// Those that are sent in practice.
const FREQUENT: [&str; 12] = [
    "HUP", "INT", "QUIT", "ILL", "ABRT", "BUS", "SEGV", "ALRM", "TERM", "TSTP", "XCPU", "RTMIN",
];
/// The signals that change nothing.
const HARMLESS: [(&str, i32); 6] = [
    ("PIPE", 13),
    ("CHLD", 17),
    ("CONT", 18),
    ("URG", 23),
    ("XFSZ", 25),
    ("WINCH", 28),
];
/// A signal of the project that tells that it runs, and waits.
const WAITS: &str = "signals:\n  slow:\n    command: \"touch ./runs; exec sleep 600\"\n";

pub(super) fn faults() -> Vec<Fault> {
    [
        signals(),
        inherited(),
        limits(),
        streams(),
        surroundings(),
        caches(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn signals() -> Vec<Fault> {
    let mut faults = Vec::new();
    for (moment, shown) in [
        (Moment::BeforeTheEvent, "before the event"),
        (Moment::WithinTheEvent, "within the event"),
        (
            Moment::WhileSignalsAreGathered,
            "while signals are gathered",
        ),
    ] {
        for (name, signal) in ENDINGS {
            // Once it gathers signals, it handles them as before.
            if moment == Moment::WhileSignalsAreGathered && !FREQUENT.contains(&name) {
                continue;
            }
            let words: &[&str] = match name {
                "ALRM" => &["deadline", "raise"],
                "ILL" | "TRAP" | "ABRT" | "BUS" | "FPE" | "SEGV" | "SYS" => {
                    &["broke down", "doctor"]
                }
                _ => &["was ended", "ask again"],
            };
            faults.push(fault(
                format!("process: {name} {shown}"),
                words,
                move |scene: &mut Scene| {
                    interrupt(scene, signal, moment);
                },
            ));
        }
        if moment != Moment::WhileSignalsAreGathered {
            faults.extend(HARMLESS.map(|(name, signal)| {
                harmless(
                    format!("process: {name} {shown}"),
                    move |scene: &mut Scene| {
                        interrupt(scene, signal, moment);
                    },
                )
            }));
        }
    }
    faults
}

fn interrupt(scene: &mut Scene, signal: i32, moment: Moment) {
    scene.interruption = Some(Interruption { signal, moment });
    if moment == Moment::WhileSignalsAreGathered {
        assert_eq!(RUNS, "runs");
        scene.write(".cupcake/rulebook.yml", WAITS);
        scene.write(
            ".cupcake/policies/slow.rego",
            policy_with("slow", "required_signals: [slow]", ""),
        );
    }
}

/// What whoever starts the hook has done with signals.
fn inherited() -> Vec<Fault> {
    let inherited = |name: &str, command: &'static str, moment, signal| {
        fault(
            format!("process: {name}"),
            &["ended|deadline|broke down"],
            move |scene: &mut Scene| {
                interrupt(scene, signal, moment);
                scene.after(command);
            },
        )
    };
    let blocked = |signal: &str| {
        format!(
            "exec python3 -W ignore -c 'import os,signal,sys; signal.pthread_sigmask(signal.SIG_BLOCK, {signal}); os.execv(sys.argv[1], sys.argv[1:])' \"$0\" \"$@\""
        )
    };
    let mut faults = vec![
        inherited(
            "TERM, ignored before",
            "trap '' TERM",
            Moment::WithinTheEvent,
            15,
        ),
        inherited(
            "INT, ignored before",
            "trap '' INT",
            Moment::WithinTheEvent,
            2,
        ),
        inherited(
            "HUP, ignored before",
            "trap '' HUP",
            Moment::WhileSignalsAreGathered,
            1,
        ),
        inherited(
            "ABRT, ignored before",
            "trap '' ABRT",
            Moment::WithinTheEvent,
            6,
        ),
        inherited(
            "SEGV, ignored before",
            "trap '' SEGV BUS",
            Moment::WithinTheEvent,
            11,
        ),
        inherited(
            "ALRM, ignored before",
            "trap '' ALRM",
            Moment::WithinTheEvent,
            14,
        ),
        fault(
            "process: the deadline, where ALRM was ignored before",
            &["deadline"],
            |scene| {
                slow(scene);
                scene.after("trap '' ALRM");
            },
        ),
    ];
    let everything = "range(1, signal.NSIG)";
    if std::process::Command::new("python3")
        .arg("-V")
        .output()
        .is_ok()
    {
        faults.push(fault(
            "process: TERM, blocked before",
            &["ended"],
            move |scene: &mut Scene| {
                interrupt(scene, 15, Moment::WithinTheEvent);
                scene.after(&blocked(everything));
            },
        ));
        faults.push(fault(
            "process: the deadline, where all was blocked before",
            &["deadline"],
            move |scene: &mut Scene| {
                slow(scene);
                scene.after(&blocked(everything));
            },
        ));
    }
    faults
}

/// Makes the hook slower than its deadline, before it can look at deadlines itself.
fn slow(scene: &Scene) {
    scene.write("llmspell.toml", "[hook]\ndeadline = \"200ms\"\n");
    scene.write(
        ".cupcake/policies/slow.lua",
        "-- METADATA\n-- custom:\n--   routing:\n--     required_events: [PreToolUse, beforeShellExecution]\nreturn { deny = function(input) while true do end end }\n",
    );
}

fn limits() -> Vec<Fault> {
    let limited = |name: &str, limit: &'static str| {
        fault(
            format!("process: {name}"),
            &["llmspell|memory|cannot"],
            move |scene: &mut Scene| {
                scene.after(limit);
                scene.may_be_noisy();
            },
        )
    };
    let bearable = |name: &str, limit: &'static str| {
        harmless(format!("process: {name}"), move |scene: &mut Scene| {
            scene.after(limit)
        })
    };
    vec![
        limited("no other file may be open", "ulimit -n 4"),
        bearable("6 files may be open", "ulimit -n 6"),
        bearable("10 files may be open", "ulimit -n 10"),
        bearable("20 files may be open", "ulimit -n 20"),
        bearable("a small stack", "ulimit -s 256"),
        bearable("files may not grow", "ulimit -f 0"),
        bearable("no core may be written", "ulimit -c 0"),
        bearable("no other process", "ulimit -u 1"),
        bearable("a lot of memory", "ulimit -v 2000000"),
    ]
}

fn streams() -> Vec<Fault> {
    let redirected = |name: &str, words: &'static [&'static str], streams: &'static str| {
        fault(
            format!("process: {name}"),
            words,
            move |scene: &mut Scene| scene.redirect(streams),
        )
    };
    const INPUT: &[&str] = &["event"];
    const OUTPUT: &[&str] = &["the reply cannot be written", "standard output"];
    vec![
        redirected("standard input is closed", INPUT, "<&-"),
        redirected("standard input is nothing", INPUT, "</dev/null"),
        redirected("standard input is a directory", INPUT, "</"),
        redirected(
            "standard input is a device without an end",
            INPUT,
            "</dev/zero",
        ),
        redirected("standard input cannot be read", INPUT, "0>/dev/null"),
        redirected("standard output is closed", OUTPUT, ">&-"),
        redirected("standard output is full", OUTPUT, ">/dev/full"),
        redirected("standard output is nothing", OUTPUT, ">/dev/null"),
        redirected("standard output cannot be written", OUTPUT, "1</dev/null"),
        fault(
            "process: standard output and error are full",
            &[],
            |scene| {
                scene.redirect(">/dev/full 2>&1");
                scene.is_deaf();
            },
        ),
        fault(
            "process: standard output and error are closed",
            &[],
            |scene| {
                scene.redirect(">&- 2>&-");
                scene.is_deaf();
            },
        ),
    ]
}

fn surroundings() -> Vec<Fault> {
    let mut faults = Vec::new();
    for variable in [
        "HOME",
        "PATH",
        "TMPDIR",
        "XDG_CONFIG_HOME",
        "XDG_CACHE_HOME",
        "XDG_DATA_HOME",
        "XDG_RUNTIME_DIR",
    ] {
        faults.push(harmless(
            format!("process: {variable} is missing"),
            move |scene: &mut Scene| {
                scene.unset(variable);
            },
        ));
        faults.push(harmless(
            format!("process: {variable} is empty"),
            move |scene: &mut Scene| {
                scene.set(variable, "");
            },
        ));
        let is_a_file = move |scene: &mut Scene| {
            scene.write("file", "");
            let file = scene.at("file");
            scene.set(variable, file);
        };
        let name = format!("process: {variable} is a file");
        faults.push(match variable {
            // Which projects must be signed stands there.
            "XDG_CONFIG_HOME" => fault(name, &["not a directory"], is_a_file),
            _ => harmless(name, is_a_file),
        });
        faults.push(harmless(
            format!("process: {variable} is no text"),
            move |scene: &mut Scene| {
                scene.set(variable, OsString::from_vec(vec![b'/', 0xff, 0xfe]));
            },
        ));
    }
    faults.push(fault(
        "process: the working directory is gone",
        &[".cupcake"],
        |scene| {
            scene.after("mkdir gone && cd gone && rmdir ../gone");
            scene.unset("PWD");
        },
    ));
    faults.push(harmless("process: no variable at all", |scene| {
        scene.after("unset HOME PATH TMPDIR PWD XDG_CONFIG_HOME XDG_CACHE_HOME");
    }));
    for (name, directory) in [
        ("is not there", "/no/where"),
        ("is a file", "/etc/passwd"),
        ("is a device", "/dev/null"),
    ] {
        faults.push(fault(
            format!("process: the agent's directory {name}"),
            &[".cupcake"],
            move |scene: &mut Scene| {
                let variable = format!("{}_PROJECT_DIR", scene.agent.name().to_uppercase());
                scene.set(&variable, directory);
                // OpenCode has no such variable.
                if scene.agent == super::Agent::OpenCode {
                    scene.within("/");
                }
            },
        ));
    }
    for (variable, value) in [
        ("LLMSPELL_DEBUG", "=debug"),
        ("LLMSPELL_DEBUG_LEVEL", "loud"),
        ("LLMSPELL_DEBUG_ENABLED", "perhaps"),
    ] {
        faults.push(fault(
            format!("process: {variable} is wrong"),
            &["llmspell_debug"],
            move |scene: &mut Scene| {
                scene.set(variable, value);
            },
        ));
    }
    faults
}

/// The cache is not what it should be: the hook does without.
fn caches() -> Vec<Fault> {
    let cache = |name: &str, change: fn(&Scene)| {
        harmless(
            format!("process: the cache {name}"),
            move |scene: &mut Scene| {
                fs::create_dir_all(scene.home()).unwrap();
                change(scene);
            },
        )
    };
    vec![
        cache("is a file", |scene| {
            fs::write(scene.home().join("cache"), "").unwrap()
        }),
        cache("is a dangling link", |scene| {
            std::os::unix::fs::symlink("nowhere", scene.home().join("cache")).unwrap();
        }),
        cache("is a loop", |scene| {
            std::os::unix::fs::symlink("cache", scene.home().join("cache")).unwrap();
        }),
        cache("leads to a device", |scene| {
            std::os::unix::fs::symlink("/dev/full", scene.home().join("cache")).unwrap();
        }),
        cache("holds other things", |scene| {
            for folder in ["llmspell", "llmspell/wasm", "llmspell/routes"] {
                fs::create_dir_all(scene.home().join("cache").join(folder)).unwrap();
                for name in ["a", "b.cwasm", "index"] {
                    fs::write(
                        scene.home().join("cache").join(folder).join(name),
                        [0xff; 4096],
                    )
                    .unwrap();
                }
            }
        }),
    ]
}
