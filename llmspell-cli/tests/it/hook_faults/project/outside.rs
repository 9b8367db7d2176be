//! What lies outside of the policies: signals, the compiler, the audit log, the configuration of the machine.

use std::fs;

use super::super::scene::Scene;
use super::super::{Fault, fault, harmless};
use super::policies::policy_with;

pub(super) fn faults() -> Vec<Fault> {
    [signals(), compilers(), audits(), machines()]
        .into_iter()
        .flatten()
        .collect()
}

fn signals() -> Vec<Fault> {
    let prepared = |scene: &Scene, command: &str, more: &str| {
        let rulebook = format!("signals:\n  branch:\n    command: {command:?}\n{more}");
        scene.write(".cupcake/rulebook.yml", rulebook);
        scene.write(
            ".cupcake/policies/other.rego",
            policy_with("other", "required_signals: [branch]", ""),
        );
    };
    let signal = |name: &str, words: &'static [&'static str], command: &'static str| {
        fault(
            format!("signal: {name}"),
            words,
            move |scene: &mut Scene| prepared(scene, command, ""),
        )
    };
    let file = |name: &str, words: &'static [&'static str], make: fn(&Scene)| {
        fault(
            format!("signal: {name}"),
            words,
            move |scene: &mut Scene| {
                fs::create_dir_all(scene.at(".cupcake/signals")).unwrap();
                scene.write(
                    ".cupcake/policies/other.rego",
                    policy_with("other", "required_signals: [branch]", ""),
                );
                make(scene);
            },
        )
    };
    const NAMED: &[&str] = &["branch"];
    let mut faults = vec![
        signal("writes 10 MB", NAMED, "head -c 10000000 /dev/zero"),
        signal(
            "writes 10 MB on standard error",
            NAMED,
            "head -c 10000000 /dev/zero >&2",
        ),
        signal("writes without an end", NAMED, "cat /dev/zero"),
        signal("fails", &["branch", "7"], "exit 7"),
        signal("is missing", &["branch", "127"], "no-such-program"),
        signal("is killed", NAMED, "kill -9 $$"),
        signal("breaks down", NAMED, "kill -SEGV $$"),
        signal("hangs", NAMED, "while kill -0 $PPID; do sleep 0.1; done"),
        signal(
            "leaves something behind that hangs",
            NAMED,
            "(while kill -0 $PPID; do sleep 0.1; done) & echo done",
        ),
        signal(
            "writes json that is too deep",
            NAMED,
            "head -c 100000 /dev/zero | tr '\\0' '['; head -c 100000 /dev/zero | tr '\\0' ']'",
        ),
        file("a file that may not be run", NAMED, |scene| {
            scene.write(".cupcake/signals/branch.sh", "#!/bin/sh\n");
        }),
        file("two files of one name", NAMED, |scene| {
            scene.write_program(".cupcake/signals/branch.sh", "#!/bin/sh\n");
            scene.write_program(".cupcake/signals/branch.py", "#!/bin/sh\n");
        }),
        file("a file without its interpreter", NAMED, |scene| {
            scene.write_program(".cupcake/signals/branch", "#!/no/where\n");
        }),
        file("a file that is no program", NAMED, |scene| {
            scene.write_program(".cupcake/signals/branch", "\0\0\0\0");
        }),
        file("a file that leads nowhere", NAMED, |scene| {
            scene.link(".cupcake/signals/branch", "nowhere");
        }),
        file("a file that is a pipe", NAMED, |scene| {
            scene.pipe(".cupcake/signals/branch");
        }),
        file("no file", NAMED, |_| {}),
        file("a folder that is a file", &["signals"], |scene| {
            scene.remove(".cupcake/signals");
            scene.write(".cupcake/signals", "");
        }),
        file("a folder that leads nowhere", &["signals"], |scene| {
            scene.link(".cupcake/signals", "nowhere");
        }),
    ];
    faults.push(harmless(
        "signal: does not read the event",
        move |scene: &mut Scene| {
            prepared(scene, "exec <&-; echo main", "");
        },
    ));
    faults
}

fn compilers() -> Vec<Fault> {
    const OPA: &[&str] = &["opa"];
    let prepared = |scene: &mut Scene| {
        scene.write(
            "llmspell.toml",
            "[policy]\nevaluator = \"wasm\"\nopa = \"tools/opa\"\n[hook]\ndeadline = \"1s\"\n",
        );
    };
    let program = |name: &str, words: &'static [&'static str], text: &'static str| {
        fault(format!("opa: {name}"), words, move |scene: &mut Scene| {
            prepared(scene);
            scene.write_program("tools/opa", text);
        })
    };
    let place = |name: &str, make: fn(&Scene)| {
        fault(format!("opa: {name}"), OPA, move |scene: &mut Scene| {
            prepared(scene);
            make(scene);
        })
    };
    vec![
        place("is not there", |_| {}),
        place("is a folder", |scene| scene.folder("tools/opa")),
        place("may not be run", |scene| {
            scene.write("tools/opa", "#!/bin/sh\n");
        }),
        place("leads nowhere", |scene| scene.link("tools/opa", "nowhere")),
        place("is a pipe", |scene| {
            fs::create_dir(scene.at("tools")).unwrap();
            scene.pipe("tools/opa");
        }),
        program("is no program", OPA, "\0\0\0\0"),
        program("fails", OPA, "#!/bin/sh\nexit 1\n"),
        program("says nothing", OPA, "#!/bin/sh\nexit 0\n"),
        program(
            "is another release",
            &["opa", "0.1.0"],
            "#!/bin/sh\necho 'Version: 0.1.0'\n",
        ),
        program(
            "says what nobody understands",
            OPA,
            "#!/bin/sh\nhead -c 1000 /dev/urandom\n",
        ),
        program(
            "writes 200 MB",
            &["opa|deadline"],
            "#!/bin/sh\nexec head -c 200000000 /dev/zero\n",
        ),
        program("hangs", &["opa|deadline"], "#!/bin/sh\nexec sleep 600\n"),
        program(
            "fails to build",
            OPA,
            "#!/bin/sh\n[ \"$1\" = version ] && echo 'Version: 1.7.1' && exit 0\necho broken >&2; exit 1\n",
        ),
        program(
            "builds nothing",
            OPA,
            "#!/bin/sh\n[ \"$1\" = version ] && echo 'Version: 1.7.1' && exit 0\necho '{}'; exit 0\n",
        ),
        program(
            "is killed",
            OPA,
            "#!/bin/sh\n[ \"$1\" = version ] && echo 'Version: 1.7.1' && exit 0\nkill -9 $$\n",
        ),
        fault(
            "opa: is nowhere on the machine",
            OPA,
            |scene: &mut Scene| {
                scene.write("llmspell.toml", "[policy]\nevaluator = \"wasm\"\n");
                scene.set("PATH", "/no/where");
            },
        ),
    ]
}

fn audits() -> Vec<Fault> {
    const AUDIT: &[&str] = &["audit"];
    let log = |name: &str, make: fn(&mut Scene)| {
        fault(format!("audit: {name}"), AUDIT, move |scene: &mut Scene| {
            scene.write(
                "llmspell.toml",
                "[audit]\nfile = \"logs/audit.jsonl\"\nrequired = true\n",
            );
            make(scene);
        })
    };
    let unneeded = |name: &str, make: fn(&mut Scene)| {
        harmless(format!("audit: {name}"), move |scene: &mut Scene| {
            scene.write("llmspell.toml", "[audit]\nfile = \"logs/audit.jsonl\"\n");
            make(scene);
        })
    };
    vec![
        log("is a folder", |scene| scene.folder("logs/audit.jsonl")),
        log("is a pipe", |scene| {
            fs::create_dir(scene.at("logs")).unwrap();
            scene.pipe("logs/audit.jsonl");
        }),
        log("is a link to a full device", |scene| {
            scene.link("logs/audit.jsonl", "/dev/full");
        }),
        log("is a link to nothing", |scene| {
            scene.link("logs/audit.jsonl", "/dev/null");
        }),
        log("is a link that leads nowhere", |scene| {
            scene.link("logs/audit.jsonl", "/no/where");
        }),
        log("is a link to itself", |scene| {
            scene.link("logs/audit.jsonl", "audit.jsonl");
        }),
        log("has a file for its folder", |scene| scene.write("logs", "")),
        log("has a folder that leads nowhere", |scene| {
            scene.link("logs", "/no/where");
        }),
        log("lies on another file system", |scene| {
            scene.write(
                "llmspell.toml",
                "[audit]\nfile = \"/proc/audit.jsonl\"\nrequired = true\n",
            );
        }),
        log("lies outside of the project", |scene| {
            scene.write(
                "llmspell.toml",
                "[audit]\nfile = \"../audit.jsonl\"\nrequired = true\n",
            );
        }),
        log("may not grow", |scene| scene.after("ulimit -f 0")),
        unneeded("is a folder, and not required", |scene| {
            scene.folder("logs/audit.jsonl");
        }),
        unneeded("has a file for its folder, and is not required", |scene| {
            scene.write("logs", "");
        }),
        harmless("audit: is written", |scene| {
            scene.write(
                "llmspell.toml",
                "[audit]\nfile = \"logs/audit.jsonl\"\nrequired = true\n",
            );
        }),
    ]
}

fn machines() -> Vec<Fault> {
    let machine = |name: &str, words: &'static [&'static str], make: fn(&Scene)| {
        fault(
            format!("machine: {name}"),
            words,
            move |scene: &mut Scene| {
                fs::create_dir_all(scene.home().join("config")).unwrap();
                make(scene);
            },
        )
    };
    const GLOBAL: &[&str] = &["global|cupcake"];
    vec![
        machine("its configuration is a file", GLOBAL, |scene| {
            fs::write(scene.home().join("config/cupcake"), "").unwrap();
        }),
        machine("its configuration leads nowhere", GLOBAL, |scene| {
            std::os::unix::fs::symlink("nowhere", scene.home().join("config/cupcake")).unwrap();
        }),
        machine("its configuration leads to itself", GLOBAL, |scene| {
            std::os::unix::fs::symlink("cupcake", scene.home().join("config/cupcake")).unwrap();
        }),
        machine("its rulebook is broken", &["rulebook"], |scene| {
            scene.write("../.home/config/cupcake/rulebook.yml", "signals: [");
        }),
        machine("its rulebook is a folder", &["rulebook"], |scene| {
            scene.folder("../.home/config/cupcake/rulebook.yml");
        }),
        machine("its rulebook leads nowhere", &["rulebook"], |scene| {
            scene.link("../.home/config/cupcake/rulebook.yml", "nowhere");
        }),
        machine("its policies are a file", &["global:|policies"], |scene| {
            scene.write("../.home/config/cupcake/policies", "");
        }),
        machine("a policy of its is broken", &["global:|broken"], |scene| {
            scene.write(
                "../.home/config/cupcake/policies/broken.rego",
                "package cupcake.global.policies.broken\n\ndeny contains {\n",
            );
        }),
        machine(
            "a policy of its is in the project's package",
            &["global:|mistaken"],
            |scene| {
                scene.write(
                    "../.home/config/cupcake/policies/mistaken.rego",
                    policy_with("mistaken", "", "deny contains 5"),
                );
            },
        ),
    ]
}
