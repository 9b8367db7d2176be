//! Limits, streams, variables and folders that the process is started with.

use std::ffi::OsString;
use std::fs;
use std::io::Write as _;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::thread;

use super::super::agent::Agent;
use super::super::scene::Scene;
use super::super::{Fault, IMPATIENT, fault, harmless};
use super::slow;

pub(super) fn faults() -> Vec<Fault> {
    [
        limits(),
        streams(),
        surroundings(),
        clocks(),
        servers(),
        caches(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Files that whoever runs the tests has left open would count.
const CLOSED: &str = "exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-; ";

fn limits() -> Vec<Fault> {
    let limited = |name: &str, limit: &'static str| {
        fault(
            format!("process: {name}"),
            &["llmspell|memory|cannot"],
            move |scene: &mut Scene| {
                scene.after(&format!("{CLOSED}{limit}"));
                scene.may_be_noisy();
            },
        )
    };
    let bearable = |name: &str, limit: &'static str| {
        harmless(format!("process: {name}"), move |scene: &mut Scene| {
            scene.after(&format!("{CLOSED}{limit}"));
        })
    };
    vec![
        limited("no other file may be open", "ulimit -n 4"),
        bearable("8 files may be open", "ulimit -n 8"),
        bearable("10 files may be open", "ulimit -n 10"),
        bearable("20 files may be open", "ulimit -n 20"),
        bearable("a small stack", "ulimit -s 256"),
        bearable("files may not grow", "ulimit -f 0"),
        bearable("no core may be written", "ulimit -c 0"),
        bearable("no other process", "ulimit -u 1"),
        bearable("a lot of memory", "ulimit -v 2000000"),
    ]
}

/// A clock that was set shows in the dates of files.
fn clocks() -> Vec<Fault> {
    let dates = ["1970-01-01", "1999-12-31", "2038-01-20", "2199-01-01"];
    let dated = dates.map(|date| {
        harmless(
            format!("clock: it was {date} when all files were written"),
            move |scene: &mut Scene| {
                let settings = "[audit]\nfile = \"audit.jsonl\"\nrequired = true\n";
                scene.write("llmspell.toml", settings);
                scene.write("audit.jsonl", "");
                scene.shell(&format!("find . -exec touch -d {date} {{}} +"));
            },
        )
    });
    dated.into()
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
            "process: the reply is not read",
            &["have the agent read the reply"],
            |scene| {
                scene.write("llmspell.toml", IMPATIENT);
                scene.reads_late("head -c 65536 /dev/zero");
            },
        ),
        fault(
            "process: a denial is not read",
            &["have the agent read the reply"],
            |scene| {
                scene.write("llmspell.toml", IMPATIENT);
                scene.event(|event| event.replace("ls -l", "sudo ls"));
                scene.reads_late("head -c 65536 /dev/zero");
            },
        ),
        fault(
            "process: neither the reply nor its reason is read",
            &[],
            |scene| {
                scene.write("llmspell.toml", IMPATIENT);
                scene.reads_late("head -c 65536 /dev/zero; head -c 65536 /dev/zero >&2");
                scene.is_deaf();
            },
        ),
        fault(
            "process: the deadline passes, and nobody reads",
            &[],
            |scene| {
                slow(scene);
                scene.reads_late("head -c 65536 /dev/zero; head -c 65536 /dev/zero >&2");
                scene.is_deaf();
            },
        ),
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
                if scene.agent == Agent::OpenCode {
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

/// What listens where a server would: the hook asks nobody but its own program.
fn servers() -> Vec<Fault> {
    let served = |name: &str, listen: fn(&Scene, &Path)| {
        fault(
            format!("process: {name}"),
            &["not as root"],
            move |scene: &mut Scene| {
                let socket = scene.at("run/hook.sock");
                scene.folder("run");
                // Nobody else may write there, so that only who listens is looked at.
                let private = fs::Permissions::from_mode(0o700);
                fs::set_permissions(scene.at("run"), private).unwrap();
                listen(scene, &socket);
                scene.set("LLMSPELL_SOCKET", &socket);
                scene.event(|event| event.replace("ls -l", "sudo ls"));
            },
        )
    };
    vec![
        served("a server that says yes to everything", |_, socket| {
            answered(
                socket,
                b"{\"Reply\":{\"exit_code\":0,\"notice\":null,\"length\":2}}\n{}\n",
            );
        }),
        served("a server that says nothing", |_, socket| {
            answered(socket, b"");
        }),
        served("a server that hangs", |_, socket| {
            let listener = UnixListener::bind(socket).unwrap();
            thread::spawn(move || {
                let kept: Vec<_> = listener.incoming().take(4).collect();
                drop(kept);
            });
        }),
        served("a server that is gone", |_, socket| {
            drop(UnixListener::bind(socket).unwrap());
        }),
        served("a file where the server would be", |scene, _| {
            scene.write("run/hook.sock", "{}");
        }),
        served("a pipe where the server would be", |scene, _| {
            scene.pipe("run/hook.sock");
        }),
        served("a link where the server would be", |scene, _| {
            scene.link("run/hook.sock", "/dev/zero");
        }),
    ]
}

/// Answers whoever connects, whatever is asked.
fn answered(socket: &Path, answer: &'static [u8]) {
    let listener = UnixListener::bind(socket).unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // Whoever does not believe the answer does not wait for it.
            let _ = (&stream).write_all(answer);
        }
    });
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
            fs::write(scene.home().join("cache"), "").unwrap();
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
