//! A policy that the small program cannot run, and what is wrong with the one that can, or with the way to it.

use std::path::Path;

use super::interruption::Moment;
use super::process::{ENDINGS, FREQUENT, interrupt, words_of};
use super::scene::Scene;
use super::{Fault, IMPATIENT, fault, harmless};
use crate::program::same_file;

/// What brings the other program in, by its name.
const WANTED: [(&str, &str, &str); 3] = [
    ("a policy in Lua", ".cupcake/policies/other.lua", LUA),
    (
        "a policy in JavaScript",
        ".cupcake/policies/other.js",
        JAVASCRIPT,
    ),
    (
        "Rego as WebAssembly",
        "llmspell.toml",
        "[policy]\nevaluator = \"wasm\"\n",
    ),
];
const LUA: &str = "-- METADATA\n-- custom:\n--   routing:\n--     required_events: [PreToolUse, beforeShellExecution]\nlocal policy = {}\nfunction policy.deny(event) end\nreturn policy\n";
const JAVASCRIPT: &str = "// METADATA\n// custom:\n//   routing:\n//     required_events: [PreToolUse, beforeShellExecution]\nexport function deny(event) {}\n";
const HOST: &str = "programs/llmspell-host";
/// A signal of the project that never ends.
const ENDLESS: &str = "signals:\n  slow:\n    command: \"exec sleep 600\"\n";
const NEEDS: &str = "required_signals: [slow]";

pub(super) fn faults() -> Vec<Fault> {
    [absent(), streams(), interrupted()]
        .into_iter()
        .flatten()
        .collect()
}

fn wants(scene: &Scene, (_, file, text): (&str, &str, &str)) {
    scene.write(file, text);
}

/// The other program is not there, or is none.
fn absent() -> Vec<Fault> {
    let mut faults = Vec::new();
    for wanted in WANTED {
        let mut spoilt = |name: &str, spoil: fn(&Scene)| {
            let name = format!("other program: {name}, for {}", wanted.0);
            faults.push(fault(
                name,
                &["`llmspell-host` cannot be started", "install"],
                move |scene: &mut Scene| {
                    wants(scene, wanted);
                    scene.alone();
                    spoil(scene);
                },
            ));
        };
        spoilt("missing", |_| {});
        spoilt("empty", |scene| scene.write_program(HOST, ""));
        spoilt("a text", |scene| {
            scene.write_program(HOST, "#!/no/such/program\n");
        });
        spoilt("of another machine", |scene| {
            scene.write_program(HOST, "\u{7f}ELF\u{1}\u{1}\u{1}");
        });
        spoilt("not to be run", |scene| scene.write(HOST, "#!/bin/sh\n"));
        spoilt("a folder", |scene| scene.folder(HOST));
        spoilt("a link that leads nowhere", |scene| {
            scene.link(HOST, "gone");
        });
        spoilt("a link to itself", |scene| {
            scene.link(HOST, "llmspell-host");
        });
    }
    faults.push(harmless(
        "other program: missing, and not wanted",
        Scene::alone,
    ));
    faults.push(harmless(
        "other program: wanted, and beside this one at another place",
        |scene: &mut Scene| {
            scene.write(".cupcake/policies/other.lua", LUA);
            scene.alone();
            let host = Path::new(env!("CARGO_BIN_EXE_llmspell-host"));
            same_file(host, &scene.at(HOST));
        },
    ));
    faults
}

/// The streams go over with the event.
fn streams() -> Vec<Fault> {
    let lua = |scene: &Scene| scene.write(".cupcake/policies/other.lua", LUA);
    vec![
        harmless("other program: a long event", move |scene: &mut Scene| {
            lua(scene);
            scene.input.extend(std::iter::repeat_n(b' ', 70_000));
        }),
        fault(
            "other program: nobody reads the reply",
            &["cannot be written"],
            move |scene: &mut Scene| {
                lua(scene);
                scene.is_deaf();
                scene.redirect(">&-");
            },
        ),
        fault(
            "other program: the reply goes to a full disk",
            &["cannot be written"],
            move |scene: &mut Scene| {
                lua(scene);
                scene.is_deaf();
                scene.redirect(">/dev/full");
            },
        ),
        fault(
            "other program: a policy in Lua that fails",
            &["other.lua:7", "on purpose"],
            |scene: &mut Scene| {
                let broken = LUA.replace("(event) end", "(event)\nerror('on purpose') end");
                scene.write(".cupcake/policies/other.lua", broken);
            },
        ),
        fault(
            "other program: a policy in Lua that never ends",
            &["deadline|in time"],
            |scene: &mut Scene| {
                let endless = LUA.replace("(event) end", "(event) while true do end end");
                scene.write(".cupcake/policies/other.lua", endless);
                scene.write("llmspell.toml", IMPATIENT);
            },
        ),
        fault(
            "other program: a signal that never ends",
            &["deadline|in time|slow"],
            |scene: &mut Scene| {
                scene.write(".cupcake/rulebook.yml", ENDLESS);
                let needs = LUA.replace(
                    "--     required_events",
                    &format!("--     {NEEDS}\n--     required_events"),
                );
                scene.write(".cupcake/policies/other.lua", needs);
                scene.write("llmspell.toml", IMPATIENT);
            },
        ),
    ]
}

/// A signal comes while the other program has the event.
fn interrupted() -> Vec<Fault> {
    let frequent = ENDINGS
        .into_iter()
        .filter(|(name, _)| FREQUENT.contains(name));
    let faults = frequent.map(|(name, signal)| {
        fault(
            format!("other program: {name} while it gathers signals"),
            words_of(name),
            move |scene: &mut Scene| {
                scene.write(".cupcake/policies/other.lua", LUA);
                interrupt(scene, signal, Moment::WhileSignalsAreGathered);
            },
        )
    });
    faults.collect()
}
